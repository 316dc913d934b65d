"""A token of one owner or extension reads what is theirs, and nothing tells it of others."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from support.databases import Database, door
from support.factories import make_code, make_owner
from support.office import FIRST_CALL, Call, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.access.roles import Reach
from tollbook.app.access.tokens import TokenError, create_token
from tollbook.app.billing.recharge import Gift, post_gift
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.models import Extension, Owner
from tollbook.wiring.clock import now

AMIR, BERTA, VISITOR = "494020111111", "494020222222", "494020333333"
MICROS = 10_000_000
Reader = Callable[[str], Client]


@pytest.fixture
def reader(sqlite: Database) -> Reader:
    """Return clients with the token of `extension` 101, of `owner` Smith, or of `all`."""
    office = open_office(sqlite)
    with door.transaction():
        smith, jones = (make_owner(name) for name in ("Smith", "Jones"))
        make_code("4711", owner=smith)
        make_code("4712", owner=jones)
    calls = ((AMIR, "101", "4711"), (BERTA, "102", "4712"), (VISITOR, "102", "4711"))
    office.receive(
        [
            Call(at, FIRST_CALL, extension=extension, dialled=f"00{number}", account_code=code)
            for at, (number, extension, code) in enumerate(calls)
        ]
    )
    reaches = {
        "extension": Reach(extension_id=Extension.objects.get(number="101").pk),
        "owner": Reach(owner_id=smith.pk),
        "all": Reach(),
    }

    for kind, ids in (
        ("extension", Extension.objects.values_list("pk", flat=True)),
        ("owner", Owner.objects.values_list("pk", flat=True)),
    ):
        post_gift(
            Gift(kind=kind, ids=tuple(ids), amount_micros=MICROS, sender="test", key=kind),
            Actor("test", now()),
        )

    def client(whose: str) -> Client:
        scopes = ["calls:read", "charges:read", "extensions:read"]
        secret = create_token(
            scopes=scopes, by=Actor("test", now()), name=whose, reach=reaches[whose]
        ).secret
        return Client(headers={"Authorization": f"Bearer {secret}"})

    return client


SEES = {"extension": {AMIR}, "owner": {AMIR, VISITOR}, "all": {AMIR, BERTA, VISITOR}}


def callees(client: Client, query: str = "") -> set[str]:
    answer = client.get(f"/api/v1/calls{query}")
    assert answer.status_code == 200, answer.content
    return {call["callee"] for call in answer.json()["calls"]}


@pytest.mark.parametrize("whose", SEES)
def test_the_list_holds_ones_own_calls(reader: Reader, whose: str) -> None:
    client = reader(whose)

    assert callees(client) == SEES[whose]
    assert callees(client, "?keyword=4020") == SEES[whose]
    assert callees(client, "?order=oldest&direction=out") == SEES[whose]
    assert callees(client, "?account_code=4712") == SEES[whose] & {BERTA}


@pytest.mark.parametrize("whose", SEES)
def test_another_call_is_not_there(reader: Reader, whose: str) -> None:
    client = reader(whose)
    for call in StoredCall.objects.all():
        answer = client.get(f"/api/v1/calls/{call.pk}")
        if call.callee in SEES[whose]:
            assert answer.status_code == 200
            assert bool(answer.json()["raw"]) is (whose == "all")
        else:
            assert answer.status_code == 404
            assert answer.json()["code"] == "call.unknown"


@pytest.mark.parametrize("whose", SEES)
@pytest.mark.parametrize("group", ["extension", "owner", "account_code", "department", "pbx"])
def test_totals_add_up_ones_own_calls(reader: Reader, whose: str, group: str) -> None:
    answer: Any = reader(whose).get(f"/api/v1/charges/summary?group_by={group}").json()

    assert sum(one["calls"] for one in answer["groups"]) == len(SEES[whose])
    if whose == "owner" and group in ("owner", "account_code"):
        assert {one["name"] for one in answer["groups"]} <= {"Smith", "4711"}


@pytest.mark.parametrize("path", ["calls?", "charges/summary?group_by=pbx&"])
@pytest.mark.parametrize(
    "name", ["site", "pbx", "source", "extension", "department", "owner", "trunk"]
)
def test_no_filter_says_which_names_there_are(reader: Reader, path: str, name: str) -> None:
    """For others a name that nobody has is answered with those that there are."""
    open_answer = reader("all").get(f"/api/v1/{path}{name}=nobody")
    answer = reader("extension").get(f"/api/v1/{path}{name}=nobody")

    assert "Known: " in open_answer.json()["message"]
    assert answer.status_code == 403
    assert answer.json()["code"] == "token.reach"
    assert answer.json()["place"] == f"query.{name}"
    assert "Known" not in answer.json()["message"]


OWN = {"extension": ["101"], "owner": ["Smith"], "all": ["101", "102", "Jones", "Smith"]}


@pytest.mark.parametrize("whose", OWN)
def test_balances_and_recharges_are_ones_own(reader: Reader, whose: str) -> None:
    client = reader(whose)
    holders: list[str] = []
    for kind in ("extension", "owner", "department"):
        answer: Any = client.get(f"/api/v1/extensions?kind={kind}").json()
        holders += [one["number"] for one in answer["extensions"]]
        assert answer["total"] == len(answer["extensions"])
    history: Any = client.get("/api/v1/recharges").json()

    assert sorted(set(holders) - {"Sales"}) == OWN[whose]
    assert ("Sales" in holders) is (whose == "all")
    assert sorted(one["number"] for one in history["recharges"]) == OWN[whose]
    assert history["total"] == len(OWN[whose])


@pytest.mark.parametrize("whose", ["extension", "owner"])
@pytest.mark.parametrize("kind", ["extension", "owner", "department"])
def test_no_filter_of_the_history_leads_to_another(reader: Reader, whose: str, kind: str) -> None:
    answer: Any = reader(whose).get(f"/api/v1/recharges?kind={kind}&keyword=").json()

    assert {one["number"] for one in answer["recharges"]} <= set(OWN[whose])


def test_a_token_ends_with_its_owner(reader: Reader) -> None:
    client = reader("owner")
    assert client.get("/api/v1/calls").status_code == 200

    Owner.objects.filter(name="Smith").update(active=False)

    assert client.get("/api/v1/calls").status_code == 401


def test_a_bound_token_holds_only_what_is_narrowed(sqlite: Database) -> None:
    open_office(sqlite)
    extension = Extension.objects.get(number="101")

    with pytest.raises(TokenError, match="No token was made"):
        create_token(
            scopes=["calls:read", "sources:read"],
            by=Actor("test", now()),
            reach=Reach(extension_id=extension.pk),
        )
