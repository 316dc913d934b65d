"""A call's account code corrected over the API: once, by whoever may, with what it moved."""

from typing import Any

import pytest
from django.test import Client

from support.databases import Database, door
from support.factories import change_extension, make_code, make_owner
from support.office import FIRST_CALL, Call, Office, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import create_token
from tollbook.storage.models import AuditLog
from tollbook.storage.models import Call as StoredCall
from tollbook.wiring.clock import now


@pytest.fixture
def office(database: Database) -> Office:
    made = open_office(database)
    with door.transaction():
        change_extension("101", billing=True)
        owner = make_owner("Ms Okafor", billing=True)
        make_code("4711", owner=owner)
    made.receive([Call(1, FIRST_CALL)])
    return made


def client(*scopes: str) -> Client:
    secret = create_token(scopes=scopes, by=Actor("test", now()), name="ERP").secret
    return Client(headers={"Authorization": f"Bearer {secret}"})


def send(caller: Client, body: dict[str, Any], *, call: int | None = None) -> Any:
    number = StoredCall.objects.get().pk if call is None else call
    return caller.post(
        f"/api/v1/calls/{number}/account-code", body, content_type="application/json"
    )


def test_a_code_is_given_once(office: Office) -> None:
    caller = client("calls:correct")

    first = send(caller, {"account_code": "4711", "reason": "forgotten"})
    again = send(caller, {"account_code": "4711"})

    assert first.status_code == 200
    answer = first.json()
    assert (answer["changed"], answer["moved"], answer["currency"]) == (True, "0.22", "EUR")
    assert (answer["payer_before"], answer["payer_after"]) == (
        "Extension 101 (Amir)",
        "Owner Ms Okafor",
    )
    assert again.json()["changed"] is False
    assert AuditLog.objects.get(action="call.account_code").actor == "token ERP"


def test_null_takes_the_code_off(office: Office) -> None:
    caller = client("calls:correct")
    send(caller, {"account_code": "4711"})

    answer = send(caller, {"account_code": None}).json()

    assert (answer["changed"], answer["account_code"]) == (True, None)
    assert StoredCall.objects.get().account_code == ""


@pytest.mark.parametrize(
    ("body", "call", "status", "code"),
    [
        ({"account_code": "4799"}, None, 422, "account_code.unknown"),
        ({"account_code": "4711"}, 99, 404, "call.unknown"),
        ({"account_code": "4711"}, 2**64, 404, "call.unknown"),
    ],
)
def test_what_does_not_exist_is_refused(
    office: Office, body: dict[str, Any], call: int | None, status: int, code: str
) -> None:
    answer = send(client("calls:correct"), body, call=call)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_reading_is_not_correcting(office: Office) -> None:
    assert send(client("calls:read"), {"account_code": "4711"}).status_code == 403
