"""Recharging over HTTP: a key, one step for many, and answers that a till can trust."""

from typing import Any

import pytest
from django.test import Client

from support.databases import Database
from support.factories import make_extension, make_owner, make_site
from support.office import open_office
from tollbook.app.access.actor import Actor
from tollbook.app.access.roles import Reach
from tollbook.app.access.tokens import create_token
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import AuditLog, Extension, LedgerEntry
from tollbook.wiring.clock import now

TEN = {"extensions": ["101", "102"], "amount": "10.00"}


def till(*scopes: str, name: str = "till") -> Client:
    secret = create_token(
        scopes=scopes or ("recharge", "extensions:read"), by=Actor("test", now()), name=name
    ).secret
    return Client(headers={"Authorization": f"Bearer {secret}"})


def post(client: Client, body: object, key: str | None = "k1") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/v1/recharges", body, content_type="application/json", headers=headers)


def test_many_are_recharged_once_for_a_key(database: Database) -> None:
    open_office(database)
    client = till()

    first, again = post(client, TEN), post(client, TEN)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again["Idempotency-Replayed"] == "true"
    assert again.json()["recharges"] == first.json()["recharges"]
    assert [
        (one["number"], one["pre_balance"], one["amount"], one["post_balance"], one["currency"])
        for one in first.json()["recharges"]
    ] == [("101", "0", "10", "10", "EUR"), ("102", "0", "10", "10", "EUR")]
    assert {one["by"] for one in first.json()["recharges"]} == {"token till"}
    assert AuditLog.objects.filter(action="recharge.post", actor="token till").count() == 2
    assert verify_balances() == []


@pytest.mark.parametrize(
    "body",
    [{**TEN, "amount": "11"}, {**TEN, "extensions": ["101"]}, {**TEN, "reason": "November"}],
)
def test_a_key_with_another_request_is_a_conflict(sqlite: Database, body: object) -> None:
    open_office(sqlite)
    client = till()
    post(client, TEN)

    answer = post(client, body)

    assert answer.status_code == 409
    assert answer.json()["code"] == "recharge.key_conflict"
    assert answer.json()["place"] == "header.Idempotency-Key"
    assert LedgerEntry.objects.count() == 2


def test_two_tokens_may_use_one_key(sqlite: Database) -> None:
    open_office(sqlite)

    assert post(till(), TEN).status_code == post(till(name="other"), TEN).status_code == 201


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({**TEN, "amount": "0"}, "body.amount"),
        ({**TEN, "amount": "-1"}, "body.amount"),
        ({**TEN, "amount": "1.00001"}, "body.amount"),
        ({**TEN, "amount": "ten"}, "body.amount"),
        ({**TEN, "extensions": ["101", "999"]}, "body.extensions"),
        ({**TEN, "extensions": []}, "body.extensions"),
        ({**TEN, "owners": ["Dr. Held"]}, "body.extensions"),
        ({"amount": "1", "owners": ["nobody"]}, "body.owners"),
        ({**TEN, "site": "nowhere"}, "body.extensions"),
    ],
)
def test_what_cannot_be_recharged_is_refused_whole(
    sqlite: Database, body: object, place: str
) -> None:
    open_office(sqlite)

    answer = post(till(), body)

    assert answer.status_code == 422
    assert answer.json()["place"] == place
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("body", [{**TEN, "amount": 10}, {**TEN, "colour": "red"}, [], [TEN]])
def test_what_is_no_such_request_is_refused(sqlite: Database, body: object) -> None:
    open_office(sqlite)

    assert post(till(), body).status_code == 422
    assert not LedgerEntry.objects.exists()


def test_a_key_is_needed(sqlite: Database) -> None:
    open_office(sqlite)

    client = till()
    assert post(client, TEN, None).json()["code"] == "key.missing"
    assert post(client, TEN, "x" * 101).json()["code"] == "recharge.key"
    assert not LedgerEntry.objects.exists()


def test_reading_does_not_let_write(sqlite: Database) -> None:
    open_office(sqlite)

    assert post(till("extensions:read"), TEN).status_code == 403
    assert post(Client(), TEN).status_code == 401
    writing = till("recharge", name="writing")
    assert writing.get("/api/v1/recharges").status_code == 403
    assert writing.get("/api/v1/extensions").status_code == 403
    assert not LedgerEntry.objects.exists()


def test_a_number_of_two_sites_needs_the_site(database: Database) -> None:
    open_office(database)
    other = make_site("Wien", zone="Europe/Vienna", currency="CHF")
    make_extension("101", site=other, name="Wiener")
    client = till()

    assert (
        "Say which site" in post(client, {"extensions": ["101"], "amount": "1"}).json()["message"]
    )
    answer = post(client, {"extensions": ["101"], "amount": "1", "site": "Wien"})

    assert answer.json()["recharges"][0]["name"] == "Wiener"
    assert answer.json()["recharges"][0]["currency"] == "CHF"


def test_balances_and_history_are_read(database: Database) -> None:
    open_office(database)
    owner = make_owner("Dr. Held")
    client = till()
    post(client, TEN)
    post(client, {"owners": [owner.name], "amount": "3.5"}, "k2")

    extensions = client.get("/api/v1/extensions?keyword=10").json()
    assert extensions["total"] == 2
    assert [
        (one["number"], one["balance"], one["available"], one["total_recharges"])
        for one in extensions["extensions"]
    ] == [("101", "10", "10", "10"), ("102", "10", "10", "10")]
    assert client.get("/api/v1/extensions?kind=owner").json()["extensions"][0]["balance"] == "3.5"
    history = client.get("/api/v1/recharges?limit=1").json()
    assert (history["total"], history["recharges"][0]["number"]) == (3, "Dr. Held")
    assert client.get("/api/v1/recharges?keyword=amir").json()["total"] == 1
    assert client.get("/api/v1/recharges?from=2001-01-01&to=2001-01-02").json()["total"] == 0
    assert client.get("/api/v1/recharges?from=never").status_code == 422
    assert client.get("/api/v1/extensions?colour=red").status_code == 422


def test_a_token_of_one_extension_reads_only_its_own(sqlite: Database) -> None:
    open_office(sqlite)
    post(till(), TEN)
    berta = Extension.objects.get(number="102")
    secret = create_token(
        scopes=["extensions:read"],
        by=Actor("test", now()),
        name="berta",
        reach=Reach(extension_id=berta.pk),
    ).secret
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    assert [one["number"] for one in client.get("/api/v1/extensions").json()["extensions"]] == [
        "102"
    ]
    assert client.get("/api/v1/extensions?kind=owner").json()["total"] == 0
    assert [one["number"] for one in client.get("/api/v1/recharges").json()["recharges"]] == ["102"]
