"""The sample office's price lists are valid and leave ships and satellites unrated."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tollbook.core.rating import Priced, TalkedCall, price
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff
from tollbook.demo.tariffs import tariff_documents

MONDAY_MORNING = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MONDAY_NIGHT = datetime(2026, 11, 2, 21, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def compiled() -> dict[str, CompiledTariff]:
    found = {}
    for name, document in tariff_documents().items():
        reading = read_tariff(document)
        assert reading.faults == ()
        assert reading.tariff is not None
        found[name] = compile_tariff(reading.tariff)
    return found


@pytest.mark.parametrize(
    ("tariff", "start", "dialled", "talk_s", "charge"),
    [
        ("Nordlicht Business", MONDAY_MORNING, "493023125777", 30, "0.0290"),
        ("Nordlicht Business", MONDAY_NIGHT, "493023125777", 90, "0.0210"),
        ("Nordlicht Business", MONDAY_MORNING, "12025550123", 61, "0.0780"),  # two whole minutes
        ("Nordlicht Business", MONDAY_NIGHT, "25255501234", 600, "9.9000"),  # the thief's
        ("Havel SIP", MONDAY_MORNING, "491713920012", 10, "0.0165"),  # 0.099 a minute, by second
    ],
)
def test_prices_a_clerk_can_check(
    compiled: dict[str, CompiledTariff],
    tariff: str,
    start: datetime,
    dialled: str,
    talk_s: int,
    charge: str,
) -> None:
    result = price(compiled[tariff], TalkedCall(start, Decimal(talk_s), dialled))

    assert isinstance(result, Priced)
    assert result.charge == Decimal(charge)


@pytest.mark.parametrize("dialled", ["870773055512", "881655550012"])
def test_nobody_prices_ships_and_satellites(
    compiled: dict[str, CompiledTariff], dialled: str
) -> None:
    for each in compiled.values():
        assert not isinstance(price(each, TalkedCall(MONDAY_NIGHT, Decimal(60), dialled)), Priced)
