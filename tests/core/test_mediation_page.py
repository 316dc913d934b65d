"""The table of docs/algorithms/mediation.md holds."""

import json
import re
from pathlib import Path

import pytest

from tollbook.core.dialplan import DialPlan, read_dial_plan, resolve

PAGE = (Path(__file__).parents[2] / "docs" / "algorithms" / "mediation.md").read_text("utf-8")


def plan_and_rows() -> tuple[DialPlan, list[list[str]]]:
    found = re.search(r"```json plan\n(.*?)```\n\n(\|.*?)\n\n", PAGE, re.DOTALL)
    assert found is not None
    plan = read_dial_plan(json.loads(found[1])).plan
    assert plan is not None
    lines = found[2].splitlines()[2:]
    return plan, [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


PLAN, ROWS = plan_and_rows()


@pytest.mark.parametrize(
    ("caller", "dialled", "recorded", "direction", "callee", "call_type", "destination"),
    ROWS,
    ids=[f"{row[0]} to {row[1]}" for row in ROWS],
)
def test_the_page_says_what_is_reached(
    caller: str,
    dialled: str,
    recorded: str,
    direction: str,
    callee: str,
    call_type: str,
    destination: str,
) -> None:
    reached = resolve(PLAN, caller=caller, dialled=dialled, direction=recorded)

    assert (reached.direction, reached.callee, reached.call_type, reached.destination) == (
        direction,
        callee,
        call_type,
        destination,
    )


def test_the_page_explains_every_key() -> None:
    keys = set(re.findall(r"`(\w+)`", PAGE.split("## What was reached")[0]))

    assert keys >= set(DialPlan.__dataclass_fields__)
