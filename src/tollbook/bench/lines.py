"""Asterisk lines by the million, the same on every machine: no dice, only arithmetic.

600 extensions call 40,000 numbers over a year; a third of the calls come in, one in six stays
unanswered, one in eight carries an account code.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

FIRST_DAY = datetime(2025, 3, 3, tzinfo=UTC)
DAYS = 360
DAY_S = 12 * 3600  # calls begin between 07:00 and 19:00
EXTENSIONS = 600
NUMBERS = 40_000
CHUNK_LINES = 10_000
PRIME = 2_654_435_761  # Knuth's multiplier: neighbours land far apart
COUNTRIES = ("4930", "4989", "49171", "4940", "4420", "331", "1212", "4969", "431", "49151")


def write_master_csv(file: Path, *, calls: int) -> int:
    """Write *calls* lines of a Master.csv to *file* in the order of time; return its size."""
    with file.open("wb") as out:
        for first in range(0, calls, CHUNK_LINES):
            last = min(first + CHUNK_LINES, calls)
            out.writelines(master_csv_line(index, calls=calls) for index in range(first, last))
    return file.stat().st_size


def master_csv_line(index: int, *, calls: int) -> bytes:
    """Return line *index* of the *calls* that `write_master_csv` writes."""
    chance = index * PRIME % 2**32
    day, second = divmod(index * DAYS * DAY_S // calls, DAY_S)
    ring_s = 2 + chance % 19
    talk_s = 0 if chance % 6 == 0 else 1 + (chance >> 8) % 71 * ((chance >> 16) % 11 + 1)
    start_s = 7 * 3600 + second
    answer = f"{_date(day)} {_clock(start_s + ring_s)}" if talk_s else ""
    extension = 100 + (chance >> 5) % EXTENSIONS
    number = _number((chance >> 11) % NUMBERS)
    trunk = "PJSIP/carrier-a" if chance & 64 else "PJSIP/carrier-b"
    incoming = chance % 3 == 0
    caller, dialled = (f"+{number}", str(extension)) if incoming else (str(extension), f"+{number}")
    phone = f"PJSIP/{extension}"
    near, far = (trunk, phone) if incoming else (phone, trunk)
    account = "" if (chance >> 3) % 8 or incoming else str(4100 + (chance >> 7) % 40)
    return (
        f'"{account}","{caller}","{dialled}","{"from-trunk" if incoming else "office"}",'
        f'"""{caller}"" <{caller}>","{near}-{2 * index:08x}","{far}-{2 * index + 1:08x}",'
        f'"Dial","{far}/{dialled},60","{_date(day)} {_clock(start_s)}","{answer}",'
        f'"{_date(day)} {_clock(start_s + ring_s + talk_s)}",{ring_s + talk_s},{talk_s},'
        f'"{"ANSWERED" if talk_s else "NO ANSWER"}","DOCUMENTATION",'
        f'"{1_740_000_000 + index}.{index}",""\n'
    ).encode()


def numbers() -> Iterator[str]:
    """Yield every number that the lines call, as E.164 digits."""
    return map(_number, range(NUMBERS))


@lru_cache(maxsize=DAYS)
def _date(day: int) -> str:
    return f"{FIRST_DAY + timedelta(days=day):%Y-%m-%d}"


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


@lru_cache(maxsize=NUMBERS)
def _number(index: int) -> str:
    return f"{COUNTRIES[index % len(COUNTRIES)]}{5_550_000 + index}"
