"""The table of differences in docs/algorithms/ledger.md, run."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tollbook.core.ledger import REVENUE, AccountRef, Entry, EntryKind, rerating_entry
from tollbook.core.money import Money, parse_amount, to_micros

PAGE = Path(__file__).parents[3] / "docs" / "algorithms" / "ledger.md"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PHONE = AccountRef("extension", "7")


def table() -> Iterator[list[str]]:
    text = PAGE.read_text("utf-8").partition("| old price |")[2]
    for line in text.splitlines()[2:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def money(text: str) -> Money | None:
    if text == "none":
        return None
    amount, currency = text.replace("\N{MINUS SIGN}", "-").replace("+", "").split()
    micros = to_micros(parse_amount(amount.lstrip("-")))
    return Money(-micros if amount.startswith("-") else micros, currency)


def amounts(entry: Entry | None, account: AccountRef) -> list[Money]:
    postings = entry.postings if entry else ()
    return [posting.amount for posting in postings if posting.account == account]


def expected(text: str) -> list[Money | None]:
    return [] if text == "no entry" else [money(one) for one in re.split(", ", text)]


@pytest.mark.parametrize("row", list(table()), ids=" → ".join)
def test_the_differences_of_the_page(row: list[str]) -> None:
    old, new, payer, revenue = row

    entry = rerating_entry(money(old), money(new), key="k", at=NOON, payer=PHONE)

    assert amounts(entry, PHONE) == expected(payer)
    assert amounts(entry, REVENUE) == expected(revenue)
    assert entry is None or entry.kind is EntryKind.RERATING


def test_the_page_has_its_rows() -> None:
    assert len(list(table())) == 6
