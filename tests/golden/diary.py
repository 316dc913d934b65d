"""Call records by the hundred for an import: a seeded mixture of what offices do.

Outgoing calls near and far, incoming and internal ones, unanswered ones, account codes known and
unknown, transfers, records that come twice, and lines that are none.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Final

FIRST = datetime(2026, 8, 3, 7, 0)  # noqa: DTZ001 - a switch writes its own clock's time
NUMBERS: Final = (
    "004930445566", "0171234567", "0442079460123", "0033145678901", "0012025550123", "0303030",
    "08001234567", "0081312345678", "09001234", "112", "701", "*21",
)  # fmt: skip
PHONES: Final = ("121", "122", "123", "124", "201", "330")
CODES: Final = ("", "", "", "8801", "8802", "4101", "9999")


def asterisk_file(count: int, *, seed: int) -> str:
    """Return *count* calls as Asterisk's Master.csv, every 20th twice and every 25th broken."""
    dice = Random(seed)
    lines: list[str] = []
    for number in range(count):
        line = _asterisk_line(dice, number, seed)
        lines.append(line)
        if number % 20 == 7:
            lines.append(line)
        if number % 25 == 11:
            lines.append(line[: len(line) // 2])
    return "\n".join(lines) + "\n"


def avaya_file(count: int, *, seed: int) -> str:
    """Return *count* calls as Avaya's SMDR, each fifth transferred in two records."""
    dice = Random(seed)
    lines: list[str] = []
    for number in range(count):
        start = FIRST + timedelta(days=dice.randrange(90), seconds=dice.randrange(36_000))
        talk_s, ring_s = dice.randrange(1, 600), dice.randrange(1, 20)
        call_id = 3_000_000 + seed * 1000 + number
        code = dice.choice(CODES)
        stamp = f"{start:%Y/%m/%d %H:%M:%S}"
        if number % 5 == 4:
            head = f"{stamp},{_clock(talk_s)},{ring_s},02079460{number:03d},I,330,330,,0,{call_id}"
            tail = f"{stamp},{_clock(talk_s // 2)},0,02079460{number:03d},I,331,331,,0,{call_id}"
            lines.append(f"{head},1,E330,Ada Frost,T9001,Line 1.1,3,0")
            lines.append(f"{tail},0,E331,Ben Gale,T9001,Line 1.1,0,0")
        else:
            dialled = "0" + dice.choice(NUMBERS[:6])
            lines.append(
                f"{stamp},{_clock(talk_s)},{ring_s},330,O,{dialled},{dialled},{code},0,{call_id},0,"
                "E330,Ada Frost,T9002,Line 1.2,0,0,0,n/a,,,,,,,,,,,"
            )
    return "\n".join(lines) + "\n"


def _asterisk_line(dice: Random, number: int, seed: int) -> str:
    start = FIRST + timedelta(days=dice.randrange(98), seconds=dice.randrange(50_000))
    ring_s, talk_s = dice.randrange(1, 25), dice.choice((0, 5, 29, 30, 31, 61, 400, 3700))
    answered = talk_s > 0
    answer = start + timedelta(seconds=ring_s)
    end = answer + timedelta(seconds=talk_s)
    phone, code = dice.choice(PHONES), dice.choice(CODES)
    kind = dice.choice(("out", "out", "out", "in", "internal"))
    if kind == "out":
        source, dialled = phone, "0" + dice.choice(NUMBERS)
        near, far = f"PJSIP/{phone}", dice.choice(("PJSIP/nordlicht", "PJSIP/havel"))
    elif kind == "in":
        source, dialled = f"+4930{dice.randrange(10**6):06d}", phone
        near, far = "PJSIP/nordlicht", f"PJSIP/{phone}"
    else:
        source, dialled = phone, dice.choice(PHONES)
        near, far = f"PJSIP/{phone}", f"PJSIP/{dialled}"
    channel = f"{seed * 10_000 + number:08x}"
    cells = (
        *(code, source, dialled, "office", f'""Golden"" <{source}>', f"{near}-{channel}"),
        *(f"{far}-{channel}", "Dial", f"{far},60", f"{start:%Y-%m-%d %H:%M:%S}"),
        *(f"{answer:%Y-%m-%d %H:%M:%S}" if answered else "", f"{end:%Y-%m-%d %H:%M:%S}"),
        *(str(ring_s + talk_s), str(talk_s), "ANSWERED" if answered else "NO ANSWER"),
        *("DOCUMENTATION", f"17{seed:02d}{number:06d}.{number}", ""),
    )
    return ",".join(f'"{cell}"' for cell in cells)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
