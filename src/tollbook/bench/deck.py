"""The tariffs that the benchmarks price by: three bands, two slots, any number of prefixes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from tollbook.bench import lines
from tollbook.bench.process import BenchError
from tollbook.core.calendar import Window
from tollbook.core.money import Rounding
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff
from tollbook.core.tariff.model import Band, Rate, Slot, Slots, TariffDefinition

HOUR_S = 3_600
PRICES = 500  # Different ones in a band; a carrier's deck has about as many.
NEW_PRICES_FROM = datetime(2026, 7, 1, tzinfo=UTC)
_BANDS = (
    Band("peak", Window(8 * HOUR_S, 18 * HOUR_S, days=(1, 2, 3, 4, 5)), weight=2),
    Band("evening", Window(18 * HOUR_S, 22 * HOUR_S), weight=1),
)


def prefixes_of_lines() -> list[str]:
    """Return the prefixes of 2 to 6 digits of all numbers that `lines` calls."""
    return sorted({number[:length] for number in lines.numbers() for length in range(2, 7)})


def drawn_prefixes(count: int) -> list[str]:
    """Return *count* different prefixes of 4 to 8 digits, spread as if drawn.

    >>> len(set(drawn_prefixes(1_000)))
    1000
    """
    found: dict[str, None] = {}
    for index in range(8 * count):
        length = 4 + index % 5
        least = 10 ** (length - 1)
        found[str(least + index * lines.PRIME % (9 * least))] = None
        if len(found) == count:
            break
    return list(found)


def carrier_deck(prefixes: Sequence[str]) -> TariffDefinition:
    """Return a tariff with six rates for each of *prefixes*: three bands, before and since a date.

    Every rate has a connect fee, whole minutes first and seconds after.
    """
    return TariffDefinition(
        name="Bench",
        currency="EUR",
        zone="Europe/Berlin",
        rounding=Rounding("half_up", 4),
        rates=tuple(_dated_rates(prefixes)),
        bands=_BANDS,
    )


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


def _dated_rates(prefixes: Sequence[str]) -> Iterator[Rate]:
    bands = (*(band.name for band in _BANDS), None)
    forms = [[_form(place, price) for price in range(PRICES)] for place in range(2 * len(bands))]
    fee = Decimal("0.02")
    for at, prefix in enumerate(prefixes):
        price = at * lines.PRIME % PRICES
        for place, band in enumerate(bands):
            yield Rate(
                prefix,
                forms[place][price],
                band=band,
                effective_to=NEW_PRICES_FROM,
                connect_fee=fee,
            )
            yield Rate(
                prefix,
                forms[len(bands) + place][price],
                band=band,
                effective_from=NEW_PRICES_FROM,
                connect_fee=fee,
            )


def _form(place: int, price: int) -> Slots:
    first = Decimal(1_000 + 600 * place + price).scaleb(-4)
    return Slots((Slot(0, first, 60, 60), Slot(60, first / 2, 60, 1)))


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
