"""SIP parties on loopback, each a sipp process: telephones that call, a carrier that answers."""

import csv
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from support.missing import missing
from support.ports import free_ports

HOST = "127.0.0.1"
_MEDIA_PORTS = 8  # sipp takes several, from the one that it is given.

_SDP = """v=0
o=t 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=sendrecv
"""
_REPLY = """SIP/2.0 {status}
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:];tag=[call_number]c
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:carrier@[local_ip]:[local_port]>
"""
_GOODBYE = """SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
"""
_FINAL_REFUSALS = (403, 404, 480, 486, 488, 500, 503, 603)


def _scenario(*parts: str) -> str:
    lines = "\n".join(parts)
    return f'<?xml version="1.0" encoding="us-ascii"?>\n<scenario name="t">\n{lines}\n</scenario>\n'


def _send(text: str, attributes: str = "") -> str:
    return f"<send {attributes}><![CDATA[\n{text}\n]]></send>"


def _with_sdp(head: str) -> str:
    return f"{head}Content-Type: application/sdp\nContent-Length: [len]\n\n{_SDP}"


def carrier_scenario(*, ring_ms: int = 200) -> str:
    """A carrier that rings, answers, and talks until the other side ends the call."""
    return _scenario(
        '<recv request="INVITE" crlf="true"/>',
        _send(_REPLY.format(status="180 Ringing") + "Content-Length: 0\n"),
        f'<pause milliseconds="{ring_ms}"/>',
        _send(_with_sdp(_REPLY.format(status="200 OK")), 'retrans="500"'),
        '<recv request="ACK" start_rtd="talk"/>',
        '<recv request="BYE" rtd="talk"/>',
        _send(_REPLY.format(status="200 OK") + "Content-Length: 0\n"),
    )


def phone_scenario(extension: str, dialled: str, *, talk_ms: int | None, refused: bool) -> str:
    """A telephone that calls; it hangs up after *talk_ms*, or waits for the other side to.

    With *refused*, any final refusal is what it expects.
    """
    opening = [
        _send(_with_sdp(_request("INVITE", extension, dialled)), 'retrans="500"'),
        *(f'<recv response="{code}" optional="true"/>' for code in (100, 180, 183)),
        '<recv response="401" auth="true"/>',
        _send(_request("ACK", extension, dialled) + "Content-Length: 0\n"),
        _send(_with_sdp(_request("INVITE", extension, dialled, signed=True)), 'retrans="500"'),
        *(f'<recv response="{code}" optional="true"/>' for code in (100, 180, 183)),
    ]
    if refused:
        return _scenario(
            *opening,
            *(f'<recv response="{code}" optional="true" next="9"/>' for code in _FINAL_REFUSALS),
            '<recv response="600" timeout="20000"/>',
            '<label id="9"/>',
            _send(_request("ACK", extension, dialled) + "Content-Length: 0\n"),
        )
    talking = [
        '<recv response="200" rrs="true" timeout="30000"/>',
        _send(_request("ACK", extension, dialled, inside=True) + "Content-Length: 0\n"),
    ]
    if talk_ms is None:
        ending = ['<recv request="BYE" timeout="60000"/>', _send(_GOODBYE)]
    else:
        bye = _request("BYE", extension, dialled, inside=True) + "Content-Length: 0\n"
        ending = [
            f'<pause milliseconds="{talk_ms}"/>',
            _send(bye, 'retrans="500"'),
            '<recv response="200"/>',
        ]
    return _scenario(*opening, *talking, *ending)


def _request(
    method: str, extension: str, dialled: str, *, signed: bool = False, inside: bool = False
) -> str:
    """Return a request's head; *inside* the dialogue it follows the route that was recorded."""
    address = "[next_url]" if inside else f"sip:{dialled}@[remote_ip]:[remote_port]"
    tag = "[peer_tag_param]" if inside or method == "ACK" else ""
    head = (
        f"{method} {address} SIP/2.0\n"
        "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch];rport\n"
        f"From: <sip:{extension}@[remote_ip]>;tag=[pid]p[call_number]\n"
        f"To: <sip:{dialled}@[remote_ip]>{tag}\n"
        f"Call-ID: [call_id]\nCSeq: [cseq] {method}\n"
        f"Contact: <sip:{extension}@[local_ip]:[local_port]>\nMax-Forwards: 70\n"
    )
    if inside:
        head += "[routes]\n"
    if signed:
        head += f"[authentication username={extension} password=secret{extension}]\n"
    return head


@dataclass(slots=True)
class Party:
    """One sipp process in a folder of its own."""

    folder: Path
    process: "subprocess.Popen[bytes]" = field(repr=False)

    def ended(self, within_s: float = 60) -> int:
        """Wait for its call's end and return the exit status; 0 is a call as in the scenario."""
        return self.process.wait(within_s)

    def talked_s(self) -> list[float]:
        """Return how long each call was talked, as this party measured it."""
        return [
            float(row[1]) / 1000
            for file in self.folder.glob("*_rtt.csv")
            for row in csv.reader(file.read_text().splitlines(), delimiter=";")
            if len(row) > 2 and row[2].strip() == "talk"
        ]

    def errors(self) -> str:
        """Return what sipp complained of."""
        return "".join(file.read_text() for file in self.folder.glob("*_errors.log"))

    def stop(self) -> None:
        """End the process, if it still runs."""
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_carrier(folder: Path, *, port: int) -> Party:
    """Start the carrier on *port*, and return it once it listens there."""
    return _start(folder, carrier_scenario(), port=port)


def call(
    folder: Path,
    extension: str,
    dialled: str,
    *,
    pbx_port: int,
    talk_ms: int | None = None,
    refused: bool = False,
) -> Party:
    """Place one call from a telephone of the PBX."""
    scenario = phone_scenario(extension, dialled, talk_ms=talk_ms, refused=refused)
    target = ("-m", "1", "-s", dialled, f"{HOST}:{pbx_port}")
    return _start(folder, scenario, *target)


_TRIES = 8


def _start(folder: Path, scenario: str, *more: str, port: int | None = None) -> Party:
    """Start sipp, and again on other ports where somebody takes one between look and use."""
    program = shutil.which("sipp")
    if program is None:
        missing("sipp is missing: apt-get install sip-tester")
    for attempt in range(_TRIES):
        here = folder / str(attempt)
        here.mkdir(parents=True)
        (here / "scenario.xml").write_text(scenario)
        signal = port or free_ports(1)
        command = [program, "-sf", "scenario.xml", "-i", HOST, "-mi", HOST, "-p", str(signal)]
        command += ["-mp", str(free_ports(_MEDIA_PORTS)), "-nostdin", "-trace_err"]
        command += ["-trace_rtt", "-rtt_freq", "1", "-timeout", "100s", *more]
        party = Party(here, _quiet(command, here))
        if _holds(party, signal):
            return party
        party.stop()
    raise AssertionError(f"sipp found no ports in {_TRIES} tries: {party.errors()}")


def _quiet(command: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet)


def _holds(party: Party, port: int) -> bool:
    """Wait until a party holds its port, media ports and all; say no where it could not."""
    late = time.monotonic() + 30
    while time.monotonic() < late:  # sipp does not say when.
        ended = party.process.poll() is not None
        if "Unable to bind" in party.errors():
            return False
        if ended or _is_bound(party.process.pid, port):
            return True  # One that ended otherwise has had its call: the test judges it.
        time.sleep(0.05)
    raise AssertionError(f"sipp does not listen on port {port}: {party.errors()}")


def _is_bound(process: int, port: int) -> bool:
    """Say whether *process* itself holds the UDP port."""
    sockets = Path(f"/proc/{process}/net/udp").read_text().splitlines()[1:]
    inodes = {
        line.split()[9] for line in sockets if int(line.split()[1].rpartition(":")[2], 16) == port
    }
    try:
        held = {str(file.readlink()) for file in Path(f"/proc/{process}/fd").iterdir()}
    except FileNotFoundError:
        return False  # It ended, or closed a file, while we looked.
    return any(f"socket:[{inode}]" in held for inode in inodes)
