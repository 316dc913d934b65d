"""A body that cannot be read is refused in the one shape, at the place that the caller knows."""

from typing import Any

import pytest
from django.test import Client

from support.databases import Database
from support.office import open_office
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import create_token
from tollbook.storage.models import LedgerEntry
from tollbook.wiring.clock import now


@pytest.fixture
def till(sqlite: Database) -> Client:
    open_office(sqlite)
    token = create_token(scopes=["recharge"], by=Actor("test", now()), name="till")
    return Client(headers={"Authorization": f"Bearer {token.secret}", "Idempotency-Key": "k1"})


@pytest.mark.parametrize(
    ("body", "status", "code", "place"),
    [
        ("{", 400, "body.invalid", "body"),
        ("\x00", 400, "body.invalid", "body"),
        ("[]", 422, "parameter.invalid", "body"),
        ("{}", 422, "parameter.invalid", "body.amount"),
        ('{"extensions": ["101"], "amount": 1}', 422, "parameter.invalid", "body.amount"),
        ('{"extensions": ["101"], "amount": "1", "x": 1}', 422, "parameter.invalid", "body.x"),
        ('{"extensions": [7], "amount": "1"}', 422, "parameter.invalid", "body.extensions.0"),
    ],
)
def test_it_says_what_and_where(
    till: Client, body: str, status: int, code: str, place: str
) -> None:
    answer: Any = till.post("/api/v1/recharges", body, content_type="application/json")

    assert answer.status_code == status
    assert (answer.json()["code"], answer.json()["place"]) == (code, place)
    assert set(answer.json()) == {"code", "message", "place"}
    assert not LedgerEntry.objects.exists()
