"""The tables of docs/algorithms/decision.md, run."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from tollbook.app.directory.payers import Holder, first_payer
from tollbook.core.ledger import Funds
from tollbook.core.policies import (
    Allowed,
    ClassOfService,
    DecisionInput,
    Denied,
    Destination,
    HoldSettings,
    Pricing,
    Reason,
    decide,
)

PAGE = Path(__file__).parents[3] / "docs" / "algorithms" / "decision.md"


def table(heading: str) -> list[list[str]]:
    """Return the rows of the table whose first heading is *heading*."""
    lines = PAGE.read_text("utf-8").splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def cost(talk_s: int) -> int:
    return 0 if talk_s <= 0 else 100_000 + 20_000 * -(-max(0, talk_s - 60) // 55)


def longest(credit_micros: int, _at_most_s: int | None) -> int:
    return 0 if credit_micros < 100_000 else 60 + (credit_micros - 100_000) // 20_000 * 55


def asked(available: str) -> DecisionInput:
    return DecisionInput(
        destination=Destination("33123456789", "FR", "international"),
        typed_digits="0033123456789",
        emergency=False,
        billed=True,
        locked=False,
        service=ClassOfService("open"),
        funds=Funds(int(Decimal(available) * 1_000_000)),
    )


def decided(available: str) -> Allowed | Denied:
    pricing = Pricing(False, longest, cost)
    return decide(asked(available), pricing, HoldSettings(), is_open=lambda _name: False)


@pytest.mark.parametrize(("available", "limit"), table("available"))
def test_limits(available: str, limit: str) -> None:
    answer = decided(available)

    if "refused" in limit:
        assert isinstance(answer, Denied)
        assert f"`{answer.reason.value}`" in limit
    else:
        assert isinstance(answer, Allowed)
        assert f"{answer.limit_s} s" == limit


def test_the_rules_are_asked_in_the_order_of_the_page() -> None:
    steps = [row[0] for row in table("step")]

    assert steps == [step.rule for step in decided("0.10").steps]
    named = set(re.findall(r"`(\w+)`", " ".join(row[1] for row in table("step"))))
    assert named == {reason.value for reason in Reason}


@pytest.mark.parametrize(("owner", "extension", "department", "pays"), table("owner's billing"))
def test_who_pays(owner: str, extension: str, department: str, pays: str) -> None:
    holders = [
        Holder(kind, 1, "x", "EUR", billing=billing == "on")
        for kind, billing in (
            ("owner", owner),
            ("extension", extension),
            ("department", department),
        )
    ]

    payer = first_payer(*holders)

    assert (payer.kind if payer else "nobody") == pays
