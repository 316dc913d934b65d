"""The assignments screen: its order, its defaults, and which tariff prices a call."""

import re
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.test import Client

from support.databases import door
from support.factories import make_code, make_trunk
from support.office import FIRST_CALL, NOON, TARIFF, Call, Office
from tollbook.app.access.actor import Actor
from tollbook.app.pricing.load_pbx_rules import load_rules
from tollbook.app.pricing.pbx_rules import CHARGE
from tollbook.app.pricing.rater import Billable, Rater
from tollbook.app.tariffs.assign import Scope, assign_tariff
from tollbook.app.tariffs.assignments import AskedCall, which_tariff
from tollbook.app.tariffs.publish import Published, publish_tariff
from tollbook.core.instants import to_us
from tollbook.storage.models import (
    AuditLog,
    Charge,
    Extension,
    TariffAssignment,
)

QUESTION = "/tariffs/assignments?pbx={}&trunk={}&extension={}&at=2026-10-01T08:00:00"


def words_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def other_tariff(name: str, price: str = "1") -> int:
    rate = {"prefix": "", "slots": [{"from_s": 0, "price": price, "per_s": 60, "increment_s": 60}]}
    came = publish_tariff({**TARIFF, "name": name, "rate": [rate]}, by=Actor("test", NOON))
    assert isinstance(came, Published)
    return came.tariff_id


def add(browser: Client, tariff_id: int, **given: str) -> Any:
    form = {"tariff": str(tariff_id), "kind": "charge", "prefixes_meet": "callee", **given}
    return browser.post("/tariffs/assignments", form)


def order() -> list[str]:
    rows = TariffAssignment.objects.filter(kind="charge").order_by("position", "id")
    return [row.tariff.name for row in rows.select_related("tariff")]


def test_an_assignment_for_a_telephone_prices_its_calls(browser: Client, office: Office) -> None:
    add(browser, other_tariff("Boss"), extension="102")

    office.receive([Call(1, FIRST_CALL), Call(2, FIRST_CALL, extension="102")])

    assert sorted(charge.amount_micros or 0 for charge in Charge.objects.all()) == [
        220_000, 1_000_000,
    ]  # fmt: skip
    assert AuditLog.objects.filter(action="assignment.add", actor="anna").exists()


def test_the_question_names_the_tariff_and_why_not_the_others(
    browser: Client, office: Office
) -> None:
    add(browser, other_tariff("Boss"), extension="102")
    add(browser, other_tariff("Later"), department="1", **{"from": "2026-11-01T00:00:00"})

    boss = words_of(browser.get(QUESTION.format(office.pbx.pbx_id, "", "102")))
    assert "Boss, version 1." in boss
    staff = words_of(browser.get(QUESTION.format(office.pbx.pbx_id, "", "101")))
    assert "Carrier A, version 1." in staff
    assert "it is for another extension" in staff
    assert "it begins later" in staff
    assert "No assignment fits: the call has no cost." in staff


def test_an_assignment_moves_up_and_down_and_the_default_stays_last(
    browser: Client, office: Office
) -> None:
    for name in ("B", "C", "D"):
        add(browser, other_tariff(name), extension="101")
    assert order() == ["B", "C", "D", "Carrier A"]
    last = TariffAssignment.objects.get(tariff__name="D").pk

    browser.post(f"/tariffs/assignments/{last}/up")
    browser.post(f"/tariffs/assignments/{last}/up")
    assert order() == ["D", "B", "C", "Carrier A"]
    assert "It stands there already" in words_of(
        browser.post(f"/tariffs/assignments/{last}/up", follow=True)
    )
    browser.post(f"/tariffs/assignments/{last}/down")
    assert order() == ["B", "D", "C", "Carrier A"]
    add(browser, other_tariff("E"), extension="101", before=str(last))
    assert order() == ["B", "E", "D", "C", "Carrier A"]
    browser.post(f"/tariffs/assignments/{last}/remove")
    assert order() == ["B", "E", "C", "Carrier A"]
    standing = TariffAssignment.objects.get(tariff__name="Carrier A").pk
    browser.post(f"/tariffs/assignments/{standing}/up")
    assert order() == ["B", "E", "C", "Carrier A"]


def test_cost_and_charge_have_lists_and_defaults_of_their_own(
    browser: Client, office: Office
) -> None:
    wholesale = other_tariff("Wholesale", "0.5")
    browser.post("/tariffs/assignments/default", {"kind": "cost", "tariff": str(wholesale)})

    office.receive([Call(1, FIRST_CALL)])

    assert {charge.kind: charge.amount_micros for charge in Charge.objects.all()} == {
        "charge": 220_000,
        "cost": 500_000,
    }
    browser.post("/tariffs/assignments/default", {"kind": "charge", "tariff": ""})
    assert "every answered call that goes out is listed as unrated" in words_of(
        browser.get("/tariffs/assignments")
    )
    refused = browser.post(
        "/tariffs/assignments/default", {"kind": "cost", "tariff": "99"}, follow=True
    )
    assert "There is no tariff 99" in words_of(refused)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "It would fit every call"),
        ({"extension": "999"}, "There is no extension 999"),
        ({"account_code": "nobody"}, "There is no account code nobody"),
        ({"source_ip": "everywhere"}, "is no IP address"),
        ({"site": "99"}, "There is no site 99"),
        ({"extension": "101", "from": "soon"}, "is not a day or an instant"),
        ({"extension": "101", "from": "2026-02-01", "to": "2026-01-01"}, "ends before it begins"),
        ({"extension": "101", "kind": "gift"}, "Choose whether it is a charge or a cost"),
        ({"extension": "101", "prefixes_meet": "luck"}, "Matches is"),
    ],
)
def test_an_assignment_that_cannot_hold_is_refused(
    browser: Client, office: Office, given: dict[str, str], words: str
) -> None:
    answer = add(browser, 1, **given)

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert TariffAssignment.objects.count() == 1


def test_the_answer_is_what_pricing_does(browser: Client, office: Office) -> None:
    """Every question over some lists of assignments: the screen and the engine agree."""
    with door.transaction():
        trunk = make_trunk("SIP-1", pbx_id=office.pbx.pbx_id)
        code = make_code("4711")
    berta = Extension.objects.get(number="102")
    sales = Extension.objects.get(number="101").department_id
    begins = FIRST_CALL + timedelta(hours=1)
    for number, scope in enumerate(
        (
            Scope(trunk=trunk.pk, extension=berta.pk),
            Scope(department=sales, valid_from=begins),
            Scope(account_code=code.pk, valid_to=begins),
            Scope(source_ip="10.0.0.1", site=office.site_id),
            Scope(trunk=trunk.pk, pbx=office.pbx.pbx_id),
        )
    ):
        assign_tariff(other_tariff(f"T{number}"), scope, by=Actor("test", NOON))
    rater = Rater(load_rules(office.pbx.pbx_id))
    departments = {"101": "Sales", "102": "", "": "", "999": ""}

    for trunk_name, extension, account_code, source_ip, at in product(
        ("", "SIP-1", "SIP-2"),
        departments,
        ("", "4711", "4712"),
        ("", "10.0.0.1"),
        (begins - timedelta(seconds=1), begins),
    ):
        asked = AskedCall(office.pbx.pbx_id, at, trunk_name, extension, account_code, source_ip)
        call = Billable(
            to_us(at), 1, "49", "49", extension, extension, departments[extension],
            trunk_name, account_code, source_ip, None,
        )  # fmt: skip
        priced_by = rater.assignment(call, CHARGE)
        found = which_tariff(asked).winner

        assert priced_by is not None
        assert found is not None
        assert found.tariff_id == priced_by.tariff_id, asked
