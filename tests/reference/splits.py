"""Random tariffs that split long calls among many rates, and calls that cross their bands.

What a plain draw has too few of: several bands of different weights over each hour, steps that
run over the edge of the next one, nights with a clock change and the days around a leap day, and
calls of hours and days. Steps are minutes long, so that the plain reading ends.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from reference.tariffs import RULES

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
STEPS_S = (97, 300, 599, 600, 601, 900, 1_800, 3_600)
# Clock changes of the zones above, the leap day and the days beside it, the turn of the year.
NIGHTS = (
    (2026, 3, 28), (2026, 3, 29), (2026, 10, 25), (2026, 3, 8), (2026, 11, 1), (2026, 4, 4),
    (2026, 10, 3), (2024, 2, 28), (2024, 2, 29), (2025, 2, 28), (2025, 12, 31), (2026, 5, 1),
)  # fmt: skip
HOURS_LONG = (1, 2, 3, 5, 8)


def draw_split_tariff(random: Random) -> dict:
    """Return a sound document whose bands cut the day into many pieces, each with a rate."""
    bands = [_band(random, f"band {number}") for number in range(random.randint(4, 8))]
    rates = [
        _rate(random, band=band["name"], prefix=random.choice(("", "", "4", "49")))
        for band in bands
        for _ in range(random.choice((1, 1, 2)))
    ]
    if random.random() < 0.95:  # Without it some call runs into an hour without a rate.
        rates.append(_rate(random, prefix=""))
    return {
        "name": "split",
        "currency": "EUR",
        "zone": random.choice(ZONES),
        "bands_apply": "split",
        "rounding": {"rule": random.choice(RULES), "decimals": random.randint(0, 6)},
        "holidays": {"dates": ["2026-03-29", "2024-02-29"]},
        "band": bands,
        "rate": rates,
    }


def draw_long_call(random: Random, tariff: dict) -> dict:
    """Return a call that begins in the evening or the night and talks for hours or a day."""
    night = datetime(*random.choice(NIGHTS), tzinfo=ZoneInfo(tariff["zone"]))
    start = night.astimezone(UTC) + timedelta(seconds=random.randint(-4 * 3_600, 8 * 3_600))
    if random.random() < 0.5:  # On or beside the hour, where bands change.
        edge_s = random.choice((0, 1, 59, 1_800, 3_599))
        start = start.replace(minute=0, second=0) + timedelta(seconds=edge_s)
    hours = random.choice((*HOURS_LONG, 30)) if random.random() < 0.2 else random.choice((2, 3, 5))
    return {
        "id": 1,
        "start": start.astimezone(ZoneInfo(random.choice(ZONES))).isoformat(),
        "talk_s": str(hours * 3_600 + random.choice((-1, 0, 1, random.randint(0, 3_599)))),
        "dialled": random.choice(("49301234", "49301234", "4412345", "331")),
    }


def _band(random: Random, name: str) -> dict:
    begin, hours = random.randrange(24), random.choice((1, 1, 2, 2, 3, 11))
    end = (begin + hours) % 24
    late = random.choice(("00:00", "00:00", "30:00", "59:59"))
    band: dict = {
        "name": name,
        "weight": random.randint(0, 9),
        "from": f"{begin:02}:{late}",
        "to": f"{end:02}:{random.choice(('00:01', '15:00', late))}",
    }
    if band["from"] == band["to"]:
        band["to"] = f"{(end + 1) % 24:02}:07:00"
    if random.random() < 0.3:
        band["days"] = sorted(random.sample(range(1, 8), random.randint(2, 6)))
    if random.random() < 0.15:
        band["holidays"] = random.random() < 0.5
    return band


def _rate(random: Random, *, prefix: str, band: str = "") -> dict:
    from_s, slots = 0, []
    for _ in range(random.randint(1, 3)):
        slots.append(
            {
                "from_s": from_s,
                "price": f"0.{random.randint(1, 999_999):06}",
                "per_s": random.choice((1, 7, 60, 3_600)),
                "increment_s": random.choice(STEPS_S),
            }
        )
        from_s += random.choice((60, 600, 3_600))
    rate: dict = {"prefix": prefix, "slots": slots}
    if band:
        rate["band"] = band
    if random.random() < 0.2:
        rate["free_s"] = random.choice((1, 60, 3_601))
    if random.random() < 0.2:
        rate["minimum_s"] = random.choice((61, 7_200))
    if random.random() < 0.2:
        rate["connect_fee"] = "0.05"
    return rate
