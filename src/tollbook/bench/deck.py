"""The tariffs that the benchmarks price by: three bands, two slots, any number of prefixes."""

from collections.abc import Sequence

from tollbook.bench import lines
from tollbook.bench.process import BenchError
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff


def prefixes_of_lines() -> list[str]:
    """Return the prefixes of 2 to 6 digits of all numbers that `lines` calls."""
    return sorted({number[:length] for number in lines.numbers() for length in range(2, 7)})


def deck_document(prefixes: Sequence[str]) -> dict[str, object]:
    """Return a tariff document with three rates, one a band, for each of *prefixes*."""
    return {
        "name": "Bench",
        "currency": "EUR",
        "zone": "Europe/Berlin",
        "rounding": {"rule": "half_up", "decimals": 4},
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


def compiled_of(document: dict[str, object]) -> CompiledTariff:
    """Return *document* ready for pricing."""
    reading = read_tariff(document)
    if reading.tariff is None:
        raise BenchError(f"the benchmark's own tariff is refused: {reading.faults[0].message}")
    return compile_tariff(reading.tariff)


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
