"""Calls over the API: found by any filter, each met once, and explained."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from support.databases import Database
from support.office import FIRST_CALL, Call, calls_in_a_row, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import create_token
from tollbook.wiring.clock import now


@pytest.fixture
def reader(database: Database) -> Client:
    secret = create_token(scopes=["calls:read", "charges:read"], by=Actor("test", now())).secret
    return Client(headers={"Authorization": f"Bearer {secret}"})


def get(reader: Client, path: str) -> Any:
    answer = reader.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def walk(reader: Client, path: str, *, between: Any = None) -> list[dict[str, Any]]:
    """Return all calls of a walk; *between* is called after each page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = get(reader, f"{path}{'&' if '?' in path else '?'}cursor={cursor}")
        found += page["calls"]
        if page["next"] is None:
            return found
        cursor = page["next"]
        if between is not None:
            between()


def test_a_call_says_who_whom_how_long_and_what_it_cost(database: Database, reader: Client) -> None:
    office = open_office(database)
    office.receive([Call(1, FIRST_CALL, talk_s=125, account_code="4711", name="=1+1")])

    (call,) = get(reader, "calls")["calls"]

    assert call["start"] == "2026-10-01T08:00:00+02:00"
    assert call["call_from"] == "=1+1[101]"  # JSON is no spreadsheet: as it was said
    assert call["call_to"] == "494020123456"
    assert (call["destination"], call["call_type"]) == ("Germany", "national")
    assert (call["trunk"], call["account_code"]) == ("PJSIP/carrier", "4711")
    assert (call["duration"], call["talk_s"], call["ring_s"]) == ("00:02:05", 125, 5)
    # 0.12 for the first minute, 65 s at 0.06 a minute, 0.10 for being connected
    assert (call["charge"], call["currency"], call["billed_s"]) == ("0.285", "EUR", 125)
    assert (call["department"], call["extension"]) == ("Sales", "101")
    assert (call["unrated"], call["unbilled"]) == (None, None)


def test_a_call_without_a_charge_says_why(database: Database, reader: Client) -> None:
    office = open_office(database)
    office.receive(
        [
            Call(1, FIRST_CALL, dialled="0033123456789"),
            Call(2, FIRST_CALL, talk_s=0),
            Call(3, FIRST_CALL, dialled="102"),
        ]
    )

    said = {
        (call["charge"], call["unrated"], call["unbilled"])
        for call in get(reader, "calls")["calls"]
    }

    assert said == {
        (None, "no_prefix", None),
        (None, None, "unanswered"),
        (None, None, "internal"),
    }


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("from=2026-10-01T08:01&to=2026-10-01T08:03", [1]),  # half-open: 8:01, 8:03
        ("extension=102", [2]),
        ("department=Sales", [0, 1]),
        ("account_code=4711", [1]),
        ("trunk=PJSIP/carrier", [0, 1, 2]),
        ("direction=in", []),
        ("direction=out&call_type=international", [2]),
        ("keyword=3012", [1]),
        ("keyword=%25", []),
        ("cost_min=0.02&cost_max=0.02", [1]),
        ("cost_min=0.03", [0]),
        ("unrated=true", [2]),
        ("answered=false", []),
        ("site=Main%20office&pbx=Reception", [0, 1, 2]),
    ],
)
def test_filters_are_those_of_the_call_log(
    database: Database, reader: Client, query: str, numbers: list[int]
) -> None:
    office = open_office(database)
    minute = FIRST_CALL.replace
    office.receive(
        [
            Call(0, minute(minute=0)),
            Call(1, minute(minute=1), dialled="00493012345678", talk_s=61, account_code="4711"),
            Call(2, minute(minute=3), dialled="0033123456789", extension="102"),
        ]
    )

    found = get(reader, f"calls?order=oldest&{query}")["calls"]

    assert [int(call["pbx_call_id"].rpartition(".")[2]) for call in found] == numbers


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_walk_meets_every_call_once_while_new_ones_arrive(
    database: Database, reader: Client, order: str
) -> None:
    office = open_office(database)
    office.receive(calls_in_a_row(60))
    before = {call["id"] for call in walk(reader, "calls?limit=50")}
    arriving = iter(range(60, 600, 10))

    met = walk(
        reader,
        f"calls?limit=7&order={order}",
        between=lambda: (
            office.receive(calls_in_a_row(3, first=next(arriving)))
            if next(arriving) < 200
            else None
        ),
    )

    ids = [call["id"] for call in met]
    assert len(before) == 60
    assert before <= set(ids)
    assert len(ids) == len(set(ids))


def test_a_walk_goes_back_the_way_it_came(database: Database, reader: Client) -> None:
    open_office(database).receive(calls_in_a_row(10))
    first = get(reader, "calls?limit=4")
    second = get(reader, f"calls?limit=4&cursor={first['next']}")

    back = get(reader, f"calls?limit=4&cursor={second['previous']}")

    assert back["calls"] == first["calls"]
    assert first["previous"] is None


def test_a_call_explains_its_price_to_the_last_digit(database: Database, reader: Client) -> None:
    office = open_office(database)
    office.receive([Call(1, FIRST_CALL, talk_s=125, dialled="00493012345678")])
    (call,) = get(reader, "calls")["calls"]

    detail = get(reader, f"calls/{call['id']}")
    price = detail["price"]

    assert price["equal"] is True
    assert (price["tariff"], price["version"], price["prefix_of"]) == (
        "Carrier A",
        1,
        "493012345678",
    )
    assert sum(Decimal(step["amount"]) for step in price["steps"]) == Decimal(call["charge"])
    assert [each["outcome"] for each in price["candidates"]] == [
        "won: longest prefix",
        "lost: shorter prefix",
    ]
    assert [charge["charge"] for charge in detail["charges"]] == [call["charge"]]
    (raw,) = detail["raw"]
    assert (raw["line"], raw["offset"], raw["format"]) == (1, 0, "asterisk-csv")
    assert {**call, **detail} == detail  # the detail holds all that the list said


def test_an_unrated_call_shows_what_was_tried(database: Database, reader: Client) -> None:
    office = open_office(database)
    office.receive([Call(1, FIRST_CALL, dialled="0033123456789"), Call(2, FIRST_CALL, talk_s=0)])
    unrated, unbilled = sorted(get(reader, "calls")["calls"], key=lambda call: call["talk_s"] == 0)

    tried = get(reader, f"calls/{unrated['id']}")["price"]

    assert (tried["charge"], tried["unrated"], tried["equal"]) == (None, "no_prefix", True)
    assert get(reader, f"calls/{unbilled['id']}")["price"] is None


@pytest.mark.parametrize("group_by", ["extension", "department", "trunk", "account_code"])
def test_a_summary_adds_up_to_the_calls(database: Database, reader: Client, group_by: str) -> None:
    open_office(database).receive(calls_in_a_row(50))
    calls = walk(reader, "calls?limit=100&from=2026-10-01T08:20")

    summary = get(reader, f"charges/summary?group_by={group_by}&from=2026-10-01T08:20")

    sums: dict[str | None, Decimal] = {}
    counts: dict[str | None, int] = {}
    for call in calls:
        name = call[group_by]
        sums[name] = sums.get(name, Decimal(0)) + Decimal(call["charge"] or "0")
        counts[name] = counts.get(name, 0) + 1
    assert {group["name"]: group["calls"] for group in summary["groups"]} == counts
    assert {
        group["name"]: sum(Decimal(sum_["amount"]) for sum_ in group["charges"])
        for group in summary["groups"]
    } == sums
    assert sum(group["unrated"] for group in summary["groups"]) == sum(
        call["unrated"] is not None for call in calls
    )


def test_sources_are_listed_with_their_state(sqlite: Database) -> None:
    open_office(sqlite)
    secret = create_token(scopes=["sources:read"], by=Actor("test", now())).secret
    reader = Client(headers={"Authorization": f"Bearer {secret}"})

    assert get(reader, "sources") == {"sources": []}
