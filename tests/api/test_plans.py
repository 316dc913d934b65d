"""Plans and exchange rates over the API, and what a plan made of a call's price."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from support.databases import Database
from support.office import FIRST_CALL, NOON, Call, open_office
from support.planned import PLAN, add
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import create_token
from tollbook.app.pricing.exchange_rates import add_ecb, add_rate
from tollbook.storage.models import Call as StoredCall
from tollbook.wiring.clock import now

ECB = b"""<Envelope><Cube><Cube time="2026-09-29"><Cube currency="USD" rate="1.05"/></Cube>
<Cube time="2026-09-30"><Cube currency="USD" rate="1.1"/></Cube></Cube></Envelope>"""


@pytest.fixture
def reader(sqlite: Database) -> Client:
    scopes = ["calls:read", "tariffs:read"]
    secret = create_token(scopes=scopes, by=Actor("test", now())).secret
    return Client(headers={"Authorization": f"Bearer {secret}"})


def get(reader: Client, path: str) -> Any:
    answer = reader.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_call_shows_each_step_of_its_plan(sqlite: Database, reader: Client) -> None:
    office = open_office(sqlite)
    add_ecb(ECB, by=Actor("test", NOON))
    add({**PLAN, "currency": "USD"}, site_id=office.site_id)
    office.receive([Call(1, FIRST_CALL, 600)])

    price = get(reader, f"calls/{StoredCall.objects.get().pk}")["price"]

    assert price["equal"]
    assert [step["kind"] for step in price["steps"]] == [
        *("bundle", "bundle", "slot", "slot", "connect_fee", "exchange"),
        *("service_charge", "volume_discount", "tax", "rounding"),
    ]
    assert sum(Decimal(step["amount"]) for step in price["steps"]) == Decimal(price["charge"])
    assert price["steps"][-1]["after"] == price["charge"]
    assert price["currency"] == "USD"
    plan = price["plan"]
    assert (plan["site"], plan["version"]) == ("Main office", 1)
    # 600 s less 350 s of bundles: 0.12, 190 s at 0.06 a minute and 0.10 for being connected
    assert plan["original"] == {
        "amount": "0.41", "currency": "EUR", "rate": "1.1", "on": "2026-09-30",
    }  # fmt: skip
    assert [
        (one["kind"], one["name"], one["before_s"], one["seconds"]) for one in plan["counted"]
    ] == [
        ("bundle", "gift", 0, 100),
        ("bundle", "house", 0, 250),
        ("volume", "volume", 0, 250),
    ]


def test_plans_are_listed_with_their_documents(sqlite: Database, reader: Client) -> None:
    office = open_office(sqlite)
    add(PLAN)
    second = add({"zone": "UTC"}, site_id=office.site_id, valid_from=FIRST_CALL)

    plans = get(reader, "plans")["plans"]
    one = get(reader, f"plans/{second}")

    assert [(plan["site"], plan["version"], plan["valid_from"]) for plan in plans] == [
        (None, 1, None),
        ("Main office", 1, "2026-10-01T06:00:00+00:00"),
    ]
    assert one["document"] == {"zone": "UTC"}
    assert reader.get("/api/v1/plans/999").status_code == 404
    assert reader.get(f"/api/v1/plans/{10**30}").status_code == 404


def test_exchange_rates_are_those_in_force(sqlite: Database, reader: Client) -> None:
    open_office(sqlite)
    add_ecb(ECB, by=Actor("test", NOON))
    add_rate(source="EUR", target="USD", rate="1.2", day=date(2026, 9, 30), by=Actor("test", NOON))

    rates = get(reader, "exchange-rates?source=EUR&from=2026-09-30")

    assert rates["total"] == 1
    assert rates["rates"] == [
        {"source": "EUR", "target": "USD", "on": "2026-09-30", "rate": "1.2", "origin": "hand"}
    ]
    assert reader.get("/api/v1/exchange-rates?source=euro").status_code == 422
    assert reader.get("/api/v1/exchange-rates?colour=red").status_code == 422


def test_other_tokens_are_refused(sqlite: Database) -> None:
    secret = create_token(scopes=["calls:read"], by=Actor("test", now())).secret
    stranger = Client(headers={"Authorization": f"Bearer {secret}"})

    assert stranger.get("/api/v1/plans").status_code == 403
    assert stranger.get("/api/v1/exchange-rates").status_code == 403
