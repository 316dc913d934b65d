"""What each transport needs to know, checked before anything is stored.

Options arrive as texts from the command line or a form and are kept as JSON; here they become
typed values. A key that a transport does not know is refused by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Network = IPv4Network | IPv6Network

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
BUILT = ("tcp-listen", "tcp-connect", "udp", "tail")
NOT_BUILT = ("serial", "drop")
LONGEST_ACK = 64


class OptionError(Exception):
    """A setting of a source that cannot be used; the message says which, why and what fits."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A port that PBXs connect or send to; `peers` are the networks that may."""

    host: str
    port: int
    peers: tuple[Network, ...]
    ack: bytes = b""
    max_connections: int = 8

    def admits(self, address: str) -> bool:
        """Say whether *address* (IPv4, IPv6, or IPv4 inside IPv6) is one of the peers."""
        peer = ip_address(address.partition("%")[0])
        mapped = getattr(peer, "ipv4_mapped", None)
        return any((mapped or peer) in network for network in self.peers)


@dataclass(frozen=True, slots=True)
class Connecting:
    """A port of the PBX that we connect to."""

    host: str
    port: int
    ack: bytes = b""


@dataclass(frozen=True, slots=True)
class Following:
    """A file that the PBX appends to."""

    path: Path


TransportOptions = Listening | Connecting | Following

KNOWN = {
    "tcp-listen": {"host", "port", "peers", "ack", "max_connections", "zone"},
    "tcp-connect": {"host", "port", "ack", "zone"},
    "udp": {"host", "port", "peers", "zone"},
    "tail": {"path", "zone"},
}


def read_options(transport: str, options: Mapping[str, object]) -> TransportOptions:
    """Return the typed options of a *transport* that is built; raises OptionError."""
    given = {key: value for key, value in options.items() if value not in (None, "")}
    unknown = sorted(given.keys() - KNOWN[transport])
    if unknown:
        raise OptionError(
            f"{transport} has no setting {', '.join(unknown)}. "
            f"It knows {', '.join(sorted(KNOWN[transport]))}."
        )
    zone_of(given)
    if transport == "tail":
        return Following(path=_path(given))
    if transport == "tcp-connect":
        return Connecting(host=_required(given, "host"), port=_port(given), ack=_ack(given))
    return Listening(
        host=str(given.get("host", "0.0.0.0" if "peers" in given else "127.0.0.1")),  # noqa: S104 - only configured peers are let in
        port=_port(given),
        peers=_peers(str(given.get("peers", ""))),
        ack=_ack(given),
        max_connections=_number(given.get("max_connections", 8), "max_connections", 1, 1_000),
    )


def zone_of(options: Mapping[str, object]) -> str | None:
    """Return the source's own time zone, if it has one; raises OptionError if there is none so."""
    zone = options.get("zone")
    if zone in (None, ""):
        return None
    try:
        return ZoneInfo(str(zone)).key
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise OptionError(
            f'zone "{zone}" is not a time zone. Write it as Europe/Berlin.'
        ) from fault


def place_of(options: TransportOptions) -> str:
    """Return in a few words where the bytes come from."""
    match options:
        case Listening():
            return f"port {options.port} on {options.host}"
        case Connecting():
            return f"{options.host} port {options.port}"
        case Following():
            return str(options.path)


def _required(options: Mapping[str, object], key: str) -> str:
    if key not in options:
        raise OptionError(f"--{key} is missing. This transport cannot work without it.")
    return str(options[key])


def _port(options: Mapping[str, object]) -> int:
    return _number(_required(options, "port"), "port", 1, 65_535)


def _number(value: object, key: str, least: int, most: int) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise OptionError(f'{key} is "{value}", expected a whole number from {least} to {most}.')
    return int(text)


def _peers(text: str) -> tuple[Network, ...]:
    """Read addresses and networks parted by commas; none given means this machine only."""
    peers = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            peers.append(ip_network(part))
        except ValueError as fault:
            raise OptionError(
                f'peer "{part}" is neither an address nor a network ({fault}). '
                "Write 192.168.1.10 or 192.168.1.0/24."
            ) from fault
    return tuple(peers) or LOOPBACK


def _ack(options: Mapping[str, object]) -> bytes:
    r"""Read the bytes of an acknowledgement, written with \x06, \r, \n and the like."""
    text = str(options.get("ack", ""))
    try:
        ack = text.encode("ascii").decode("unicode_escape").encode("latin-1")
    except UnicodeError as fault:
        raise OptionError(
            rf'ack "{text}" cannot be read ({fault}). Write bytes as \x06 or OK\r\n.'
        ) from fault
    if len(ack) > LONGEST_ACK:
        raise OptionError(f"ack has {len(ack)} bytes, expected {LONGEST_ACK} at most.")
    return ack


def _path(options: Mapping[str, object]) -> Path:
    path = Path(_required(options, "path"))
    if not path.is_absolute():
        raise OptionError(
            f'path "{path}" is relative, and a service starts elsewhere. Write it from / on.'
        )
    if path.is_dir():
        raise OptionError(f'path "{path}" is a folder, expected the file that the PBX appends to.')
    return path
