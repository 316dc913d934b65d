"""What runs beside the pages: a collector that follows a file, and the control of calls."""

import socket
import time

from diary import asterisk_file
from office import DATA, ask
from programs import Program
from setup_forms import Keys
from world import PATIENCE_S, World, free_port, wait_until_answered, wait_until_idle

CALLS = 12
# Those of the sample office and of the furniture that would open ports or call other machines.
NOT_NOW = ("Annex tcp-listen", "depot", "Samples tcp-connect", "Samples tail", "screen")
SCRIPTS: dict[str, tuple[str, str]] = {  # who calls, and the number that is an argument
    "authorise": ("121", "00033123456789"),
    "authorise-near": ("123", "00171234567"),
    "authorise-refused": ("140", "00301234567"),
    "authorise-emergency": ("124", "112"),
    "authorise-no-number": ("125", ""),
    "authorise-unknown": ("999", "00301234567"),
    "oneshot": ("131", ""),
    "prompted": ("132", ""),
    "unknown-script": ("133", ""),
}
KEYS = {"oneshot": "8801**00301234567#", "prompted": "8801#00301234567#"}


def collect(world: World) -> None:
    """Let a collector read what a switch appends to its file, then stop it."""
    for name in NOT_NOW:
        world.write(f"collect/stop-{name.replace(' ', '-')}", "source", "stop", name, *DATA)
    before = ask(world, "SELECT count(*) FROM tollbook_call")
    world.step()
    with (world.data / "pbx" / "Master.csv").open("a", encoding="utf-8") as file:
        file.write(asterisk_file(CALLS, seed=9))
    with world.running("collect", *DATA) as process:
        until_s = time.monotonic() + PATIENCE_S
        while ask(world, "SELECT count(*) FROM tollbook_call") < before + CALLS:
            if time.monotonic() > until_s:
                raise RuntimeError(f"the collector reads nothing:\n{world.log_of('collect')}")
            time.sleep(0.1)
        wait_until_idle(process)
    world.write("collect/sources", "source", "list", "--json", *DATA)


def control(world: World, keys: Keys) -> None:
    """Ask whether calls may be placed, on the port for it and as an Asterisk does."""
    by_http, by_agi = free_port(), free_port()
    ports = ("--authorise-port", str(by_http), "--port", str(by_agi))
    with world.running("control", *DATA, *ports) as process:
        for port in (by_http, by_agi):
            wait_until_answered(port, process)
        program = Program(world, by_http, "own-port", keys.tokens["all"])
        asked = {"caller": "122", "dialled": "00033123456789"}
        program.post("ask", "/authorise", asked, key="p-1")
        program.post("ask-repeated", "/authorise", asked, key="p-1")
        program.post("ask-conflict", "/authorise", {**asked, "caller": "121"}, key="p-1")
        program.post("release-unknown", "/authorise/release", {"hold": "9:x"})
        program.post("no-json", "/authorise", b"{", key="p-2")
        program.post("elsewhere", "/recharges", {})
        program.get("/authorise")
        Program(world, by_http, "own-port-stranger", "no-token").post("ask", "/authorise", asked)
        for name, (caller, number) in SCRIPTS.items():
            world.step()
            said = _converse(by_agi, name, caller, number)
            world.keeper.keep(f"agi/{name}", f"agi://…/{name}", {"dialogue": said.encode()})


def _converse(port: int, name: str, caller: str, number: str) -> str:
    """Be an Asterisk whose dialplan runs a script; return what was said to it."""
    script = name.partition("-")[0] if name.startswith("authorise") else name
    hello = {
        "agi_network": "yes",
        "agi_network_script": script,
        "agi_request": f"agi://127.0.0.1/{script}",
        "agi_channel": f"PJSIP/{caller}-00000001",
        "agi_callerid": caller,
        "agi_uniqueid": f"1794300000.{caller}",
    }
    if number:
        hello["agi_arg_1"] = number
    pressed = iter(KEYS.get(script, ""))
    lines = []
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        line.sendall("".join(f"{key}: {value}\n" for key, value in hello.items()).encode() + b"\n")
        with line.makefile("r", encoding="utf-8") as said:
            for command in said:
                wants_key = command.startswith(("STREAM FILE", "WAIT FOR DIGIT"))
                result = ord(next(pressed, "\0")) if wants_key else 1
                lines.append(f"{command.rstrip()}  -> {result}")
                line.sendall(f"200 result={result}\n".encode())
    return "\n".join(lines)
