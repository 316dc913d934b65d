"""Statements over HTTP: the same figures as on the page, and nobody else's."""

from typing import Any

import pytest
from django.test import Client

from support.databases import Database, door
from support.factories import change_extension, make_code, make_owner
from support.office import FIRST_CALL, Call, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.access.roles import Reach
from tollbook.app.access.tokens import create_token
from tollbook.app.billing.recharge import Gift, post_gift
from tollbook.storage.models import Extension
from tollbook.wiring.clock import now


@pytest.fixture
def amir(database: Database) -> Extension:
    """Extension 101 with 20.00 today and two calls of 0.22 on the first of October."""
    office = open_office(database)
    with door.transaction():
        make_code("4711", owner=make_owner("Smith"))
        change_extension("101", billing=True)
    office.receive([Call(1, FIRST_CALL, account_code="4711"), Call(2, FIRST_CALL)])
    amir = Extension.objects.get(number="101")
    gift = Gift(kind="extension", ids=(amir.pk,), amount_micros=20_000_000, sender="t", key="k")
    post_gift(gift, Actor("test", now()))
    return amir


def reader(reach: Reach | None = None) -> Client:
    token = create_token(
        scopes=["extensions:read"], by=Actor("test", now()), name=str(reach), reach=reach or Reach()
    )
    return Client(headers={"Authorization": f"Bearer {token.secret}"})


def asked(client: Client, **query: object) -> tuple[int, Any]:
    answer = client.get("/api/v1/statements", query)
    return answer.status_code, answer.json()


def test_opening_and_entries_make_the_closing(amir: Extension) -> None:
    status, october = asked(reader(), number="101", **{"from": "2026-10-01", "to": "2026-10-02"})

    assert status == 200
    assert [october[key] for key in ("opening", "up", "down", "closing", "total")] == [
        "0", "0", "-0.44", "-0.44", 2,
    ]  # fmt: skip
    assert [(one["kind"], one["amount"], one["balance"]) for one in october["entries"]] == [
        ("charge", "-0.22", "-0.22"), ("charge", "-0.22", "-0.44"),
    ]  # fmt: skip
    assert october["entries"][0]["time"].endswith("+02:00")


def test_an_account_code_adds_up_what_it_cost(amir: Extension) -> None:
    _, found = asked(reader(), kind="account_code", number="4711")

    assert (found["closing"], found["total"], found["entries"][0]["entry_id"]) == ("0.22", 1, None)


def test_entries_come_a_page_at_a_time_and_by_kind(amir: Extension) -> None:
    client = reader()
    _, newest = asked(client, number="101", order="newest", limit=1)
    _, recharges = asked(client, number="101", type="recharge")

    assert newest["total"] == 3
    assert [one["balance"] for one in newest["entries"]] == ["19.56"]
    assert [one["amount"] for one in recharges["entries"]] == ["20"]


@pytest.mark.parametrize(
    ("query", "status", "place"),
    [
        ({}, 422, "query.number"),
        ({"number": "999"}, 404, "query.number"),
        ({"number": "101", "type": "gift"}, 422, "query.type"),
        ({"number": "101", "from": "soon"}, 422, "query.from"),
        ({"number": "101", "currency": "euro"}, 422, "query.currency"),
        ({"number": "101", "site": "Mars"}, 422, "query.site"),
        ({"number": "101", "colour": "red"}, 422, "query.colour"),
        ({"number": "4711", "kind": "account_code", "type": "recharge"}, 422, "query.type"),
    ],
)
def test_what_cannot_be_answered_is_refused_at_its_place(
    amir: Extension, query: dict[str, str], status: int, place: str
) -> None:
    found, body = asked(reader(), **query)

    assert (found, body["place"]) == (status, place)


def test_a_bound_token_reads_only_its_own(amir: Extension) -> None:
    client = reader(Reach(extension_id=amir.pk))

    assert asked(client, number="101")[0] == 200
    other, nobody = asked(client, number="102"), asked(client, number="777")
    assert (other[0], nobody[0]) == (404, 404)
    assert other[1]["message"] == nobody[1]["message"].replace("777", "102")
    assert asked(client, kind="account_code", number="4711")[0] == 404
    assert asked(client, kind="department", number="Sales")[0] == 404
