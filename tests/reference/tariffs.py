"""Random tariff documents and calls, drawn so that edges meet: bands, slots, dates, nights.

They are drawn from `random.Random(seed)` and not by a search strategy, so that a plain loop can
also try a hundred thousand of them and a failure names its seed.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")
RULES = ("up", "down", "half_up", "half_even", "none")
CLOCKS = ("00:00:00", "01:30:00", "02:00:00", "02:30:00", "03:00:00", "08:00:00", "12:00:01")
LATE_CLOCKS = ("17:59:59", "19:00:00", "22:00:00", "23:59:59", "24:00:00")

# Nights with a clock change in some zone, a leap day, turns of year and month, plain days.
DAYS = (
    (2026, 3, 29), (2026, 10, 25), (2026, 3, 8), (2026, 11, 1), (2026, 4, 5), (2026, 10, 4),
    (2024, 2, 29), (2025, 12, 31), (2026, 5, 1), (2026, 12, 24), (2026, 7, 15), (2026, 7, 18),
)  # fmt: skip
PREFIXES = ("", "4", "49", "+49", "49 30", "4930", "1", "0049")
NUMBERS = ("+49 30 123456", "49301234", "4915112345", "1-212-555", "0049301", "4", "", "*21#",
           "49 30 / 1234", "4930123")  # fmt: skip


def draw_tariff(random: Random, *, bands_apply: str | None = None) -> dict:
    """Return a sound tariff document."""
    tariff: dict = {
        "name": "drawn",
        "currency": "EUR",
        "zone": random.choice(ZONES),
        "bands_apply": bands_apply or random.choice(("start", "split")),
        "rounding": {"rule": random.choice(RULES), "decimals": random.randint(-2, 6)},
        "band": [_band(random, f"band {number}") for number in range(random.randint(0, 5))],
    }
    if random.random() < 0.5:
        tariff["holidays"] = random.choice(
            (
                {"country": "DE", "subdivision": "BE", "dates": ["2026-12-24"]},
                {"dates": ["2026-03-29", "2026-10-25", "2026-07-15"]},
                {"country": "US"},
            )
        )
    if random.random() < 0.2:
        tariff["effective_from"] = "2026-01-01T00:00:00Z"
    names = [band["name"] for band in tariff["band"]]
    # Half of the price lists are short of prefixes and full of bands, so that bands decide.
    by_band = random.random() < 0.5
    prefixes, chance = (("4", "49"), 0.9) if by_band else (PREFIXES, 0.4)
    tariff["rate"] = [_rate(random, prefixes, names, chance) for _ in range(random.randint(1, 9))]
    if random.random() < 0.8:
        tariff["rate"].append({"prefix": "", **_form(random)})
    return tariff


def draw_call(random: Random, tariff: dict, *, longest_s: int = 30_000) -> dict:
    """Return a call with text for talk_s, mostly near or across an edge of something."""
    call: dict = {
        "id": 1,
        "start": _instant_before_edge(random, tariff) if tariff["band"] else _instant(random),
        "talk_s": _talk(random, longest_s),
        "dialled": random.choice(NUMBERS),
    }
    for key, values in (
        ("caller", ("101", "102", "Sales")),
        ("department", ("Sales", "Support")),
        ("trunk", ("T1", "T2")),
    ):
        if random.random() < 0.5:
            call[key] = random.choice(values)
    if random.random() < 0.5:
        call["pulses"] = random.randint(0, 40)
    return call


def _talk(random: Random, longest_s: int) -> str:
    kind = random.random()
    if kind < 0.1:
        return random.choice(("0", "-5", "-0.5", "0.2", "1"))
    if kind < 0.5:
        return str(random.choice((30, 60, 90, 120, 600, 3600)) + random.randint(-1, 1))
    if kind < 0.6:
        return f"{random.randint(0, 400)}.{random.randint(0, 999)}"
    return str(random.randint(1, longest_s if kind > 0.95 else min(longest_s, 2_500)))


def _instant(random: Random) -> str:
    day = datetime(*random.choice(DAYS), tzinfo=ZoneInfo(random.choice(ZONES)))
    seconds = random.choice((0, 1.5, 3_600, 7_199.999, 9_000, 28_799, 43_201, 68_400, 86_399.25))
    instant = day.astimezone(UTC) + timedelta(seconds=seconds + random.choice((0, -1, 60, 3_600)))
    if random.random() < 0.3:
        instant += timedelta(seconds=random.randint(-90_000, 90_000))
    return instant.astimezone(ZoneInfo(random.choice(ZONES))).isoformat()


def _instant_before_edge(random: Random, tariff: dict) -> str:
    band = random.choice(tariff["band"])
    hours, minutes, seconds = map(
        int, band.get(random.choice(("from", "to")), CLOCKS[0]).split(":")
    )
    night = datetime(*random.choice(DAYS), tzinfo=ZoneInfo(tariff["zone"]))
    edge = night + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    before_s = random.choice((-1, 0, 0.5, 1, 59, 60, 61, 600, 3_601))
    instant = edge.astimezone(UTC) - timedelta(seconds=before_s)
    return instant.astimezone(ZoneInfo(random.choice(ZONES))).isoformat()


def _band(random: Random, name: str) -> dict:
    band: dict = {"name": name, "weight": random.randint(-1, 2)}
    if random.random() < 0.85:
        edges = random.sample(CLOCKS + LATE_CLOCKS[:-1], 2)
        if random.random() < 0.2:
            edges[1] = "24:00:00"
        band["from"], band["to"] = edges
    if random.random() < 0.4:
        band["days"] = sorted(random.sample(range(1, 8), random.randint(1, 6)))
    if random.random() < 0.2:
        band["months"] = sorted(random.sample(range(1, 13), random.randint(3, 9)))
    if random.random() < 0.2:
        band["month_days"] = sorted(random.sample(range(1, 32), random.randint(5, 25)))
    if random.random() < 0.3:
        band["holidays"] = random.random() < 0.5
    return band


def _rate(random: Random, prefixes: tuple[str, ...], bands: list[str], in_band: float) -> dict:
    rate: dict = {"prefix": random.choice(prefixes), **_form(random)}
    chances: tuple[tuple[str, float, object], ...] = (
        ("number_length", 0.2, random.choice((0, 4, 8, 10, 11))),
        ("band", in_band if bands else 0, random.choice(bands or [""])),
        ("connect_fee", 0.4, _money(random)),
        ("callers", 0.2, random.sample(("101", "102", "Sales", "Support"), 2)),
        ("trunks", 0.2, ["T1"]),
        ("free_s", 0.2, random.choice((1, 20, 60, 3_600))),
        ("minimum_s", 0.2, random.choice((1, 30, 61, 4_000))),
        ("minimum_charge", 0.2, _money(random)),
        ("maximum_charge", 0.2, _money(random)),
        ("active", 0.1, False),
        ("effective_from", 0.2, random.choice(("2026-01-01T00:00:00Z", "2026-03-29T02:00:00Z"))),
        ("effective_to", 0.1, random.choice(("2026-10-25T01:30:00Z", "2026-12-24T12:00:00+05:30"))),
    )
    return rate | {key: value for key, chance, value in chances if random.random() < chance}


def _form(random: Random) -> dict:
    kind = random.random()
    if kind < 0.6:
        from_s, slots = 0, []
        for _ in range(random.randint(1, 4)):
            slots.append(
                {
                    "from_s": from_s,
                    "price": _money(random),
                    "per_s": random.choice((1, 6, 7, 30, 60, 3_600)),
                    "increment_s": random.choice((1, 6, 7, 30, 60, 61, 1_800)),
                }
            )
            from_s += random.choice((1, 10, 60, 90, 600, 3_600))
        return {"slots": slots}
    if kind < 0.75:
        initial_s = random.choice((0, 60, 120))
        unit_s = random.choice((0, 1, 55, 60))
        form = {
            "initial_cost": _money(random),
            "initial_s": initial_s,
            "unit_price": _money(random) if unit_s else "0",
            "unit_s": unit_s,
        }
        if random.random() < 0.5:
            form["window"] = dict(zip(("from", "to"), random.sample(CLOCKS, 2), strict=True))
        return form
    if kind < 0.87:
        blocks = [
            {
                "count": random.randint(1, 5),
                "block_s": random.choice((1, 30, 60)),
                "price": _money(random),
            }
            for _ in range(random.randint(0, 3))
        ]
        return {"blocks": [*blocks, {"block_s": random.choice((6, 60)), "price": _money(random)}]}
    if kind < 0.94:
        return {"pulse": {"price": _money(random), "every_s": random.choice((12, 60, 600))}}
    pulse: dict = {"price": _money(random)}
    if random.random() < 0.7:
        pulse["every_s"] = random.choice((12, 90))
    return {"pulse": pulse, "metered": True}


def _money(random: Random) -> str:
    return random.choice(
        ("0", "0.01", "0.12", "0.0625", "0.333333", "1", "2.5", "0.000001", "0.005", "12", "0.07")
    )
