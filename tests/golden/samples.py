"""Records as PBXs write them: `records/FORMAT.txt` has good lines, odd ones and broken ones."""

from pathlib import Path
from typing import Final, NamedTuple

RECORDS = Path(__file__).parent / "records"

# The zone of each PBX's clock, by the names that `tollbook formats` lists.
ZONES: Final[dict[str, str]] = {
    "3cx": "Europe/Stockholm",
    "asterisk-ami": "Asia/Shanghai",
    "asterisk-csv": "Europe/Berlin",
    "avaya-ipoffice": "Europe/London",
    "cucm-cdr": "UTC",
    "freeswitch-csv": "Europe/Rome",
    "grandstream-csv": "America/New_York",
    "hipath": "Europe/Berlin",
    "kamailio-acc": "UTC",
    "openscape-office": "Europe/Berlin",
    "teams": "UTC",
    "yeastar-s": "Asia/Jakarta",
}


class Sample(NamedTuple):
    """What a PBX wrote, and the zone of its clock."""

    zone: str
    raw: bytes


def samples() -> dict[str, Sample]:
    """Return the samples by the name of their format."""
    return {
        name: Sample(zone, (RECORDS / f"{name}.txt").read_bytes()) for name, zone in ZONES.items()
    }
