"""Every table of docs/algorithms/charging.md is true."""

import re
import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tollbook.core.charging import Charged, InMemoryCounters, Plan, charge, read_plan
from tollbook.core.rating import TalkedCall
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff

PAGE = Path(__file__).parents[3] / "docs" / "algorithms" / "charging.md"
BLOCK = re.compile(r"```toml( tariff)?\n(.*?)```\n+((?:\|[^\n]*\n)*)", re.DOTALL)


def rows(table: str) -> list[dict[str, str]]:
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return [dict(zip(lines[0], cells, strict=True)) for cells in lines[2:]]


def blocks() -> tuple[CompiledTariff, list[tuple[Plan, list[dict[str, str]]]]]:
    found = BLOCK.findall(PAGE.read_text("utf-8"))
    tariff = read_tariff(tomllib.loads(found[0][1])).tariff
    assert tariff is not None
    plans = []
    for _, document, table in found[1:]:
        reading = read_plan(tomllib.loads(document))
        assert reading.plan is not None, reading.faults
        plans.append((reading.plan, rows(table)))
    return compile_tariff(tariff), plans


TARIFF, PLANS = blocks()


@pytest.mark.parametrize(("plan", "calls"), PLANS)
def test_the_page_is_true(plan: Plan, calls: list[dict[str, str]]) -> None:
    memory = InMemoryCounters()
    assert calls
    for row in calls:
        start = row.get("start") or "2026-03-01T12:00:00+00:00"
        call = TalkedCall(
            datetime.fromisoformat(start).astimezone(UTC),
            Decimal(row["talk_s"]),
            "4930123",
            caller=row.get("caller") or "101",
        )
        result = charge(plan, {"t": TARIFF}, call, memory, default="t")
        if row.get("unrated"):
            assert not isinstance(result, Charged)
            assert result.reason == row["unrated"], row
            continue
        assert isinstance(result, Charged), row
        memory.apply(result.effects)
        assert result.charge == Decimal(row["charge"]), (row, result.steps)
