"""The tariff that the benchmarks price by: three bands, two slots, thousands of rates."""

from tollbook.bench import lines


def deck_document() -> dict[str, object]:
    """Return a tariff document over all numbers of `lines`, each prefix of 2 to 6 digits."""
    prefixes = sorted({number[:length] for number in lines.numbers() for length in range(2, 7)})
    return {
        "name": "Bench",
        "currency": "EUR",
        "zone": "Europe/Berlin",
        "rounding": {"rule": "half_up", "decimals": 4},
        "effective_from": "2000-01-01T00:00:00Z",
        "band": [
            {"name": "peak", "days": [1, 2, 3, 4, 5], "from": "08:00:00", "to": "18:00:00"},
            {"name": "evening", "from": "18:00:00", "to": "22:00:00"},
        ],
        "rate": [
            _rate(prefix, band, place)
            for prefix in prefixes
            for place, band in enumerate(("peak", "evening", ""))
        ],
    }


def _rate(prefix: str, band: str, place: int) -> dict[str, object]:
    rate: dict[str, object] = {
        "prefix": prefix,
        "destination": f"Area {prefix}",
        "connect_fee": "0.02",
        "slots": [
            {"from_s": 0, "price": f"0.{17 + place:03d}", "per_s": 60, "increment_s": 60},
            {"from_s": 60, "price": f"0.{9 + place:03d}", "per_s": 60, "increment_s": 1},
        ],
    }
    return rate | {"band": band} if band else rate
