"""Where there is one thing, pages speak of one thing."""

import re

import pytest
from django.test import Client

from support.databases import door
from support.factories import make_code, make_owner
from support.office import FIRST_CALL, Call, Office
from tollbook.storage.models import Department, Extension

PAGES = (
    "/", "/home/spend", "/calls", "/calls/1", "/calls/unbilled?period=all", "/codes", "/owners",
    "/extensions", "/extensions?kind=department", "/extensions?kind=owner", "/extensions/recharges",
    "/statistics", "/tariffs", "/tariffs/1", "/tariffs/1/rates", "/users", "/users/pins", "/tokens",
    "/policies/budgets", "/policies/classes", "/policies/guards", "/tariffs/plans",
    "/tariffs/exchange-rates", "/sources",
    "/tariffs/rerate/dry-run?from=2026-01-01&to=2027-01-01",
)  # fmt: skip
ONE_OF_MANY = re.compile(
    r"(?<![\d.,:-])1 (?:priced |matched )?"
    r"(calls|codes|owners|extensions|departments|entries|lines|rates|users|tokens|budgets|plans"
    r"|places|fields|versions|tariffs)\b"
)


@pytest.fixture
def lonely(office: Office) -> Office:
    """One extension, one department, one owner with one code, one call."""
    with door.transaction():
        Extension.objects.filter(number="102").delete()
        make_code("4711", owner=make_owner("Smith"))
    assert Department.objects.count() == 1
    office.receive([Call(1, FIRST_CALL)])
    return office


@pytest.mark.parametrize("page", PAGES)
def test_one_is_not_several(browser: Client, lonely: Office, page: str) -> None:
    answer = browser.get(page)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))

    assert answer.status_code == 200
    assert [found[0] for found in ONE_OF_MANY.finditer(text)] == []
