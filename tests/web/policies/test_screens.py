"""The screens of classes, budgets, guards and alarms, as a person uses them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from support.office import NOON, Call, Office
from tollbook.app.access.actor import Actor
from tollbook.app.policies.fraud_guards import GuardText, save_guard
from tollbook.app.policies.watch_fraud import watch
from tollbook.storage.models import Alarm, Budget, Extension, FraudGuard, ServiceClass, Site


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, path: str, **fields: object) -> str:
    return client.post(path, fields, follow=True).content.decode()


CLASS = {
    "name": "No <b>nights</b>",
    "rule_bars": ["yes", "no", "yes"],
    "rule_prefixes": ["44, 1", "4420", ""],
    "rule_countries": ["", "", ""],
    "rule_call_types": ["", "", ""],
    "rule_hours": ["night", "", ""],
    "window_name": ["night", ""],
    "window_from": ["19:00:00", ""],
    "window_to": ["07:00:00", ""],
    "window_days": ["1, 2, 3", ""],
    "code_required_types": ["international"],
    "when_away": "open",
    "away_limit_s": "120",
}


def test_a_class_is_written_line_by_line_and_reads_back(client: Client) -> None:
    page = post(client, "/policies/classes/add", **CLASS)
    kept = ServiceClass.objects.get()

    assert "No &lt;b&gt;nights&lt;/b&gt;" in page
    assert "for international" in page
    form = client.get(f"/policies/classes/{kept.pk}").content.decode()
    assert 'value="44, 1"' in form
    assert 'value="19:00:00"' in form
    assert "open, 120 s a call" in page


def test_a_class_with_a_fault_keeps_what_was_typed(client: Client) -> None:
    answer = client.post("/policies/classes/add", CLASS | {"rule_hours": ["noon", "", ""]})

    assert answer.status_code == 422
    assert "there are no hours &quot;noon&quot;" in answer.content.decode()
    assert 'value="44, 1"' in answer.content.decode()
    assert not ServiceClass.objects.exists()


def test_a_class_serves_a_site_and_then_cannot_be_deleted(client: Client, office: Office) -> None:
    post(client, "/policies/classes/add", **CLASS)
    kept = ServiceClass.objects.get()

    post(client, "/policies/classes", site=office.site_id, service_class=kept.pk)
    assert Site.objects.get(pk=office.site_id).service_class_id == kept.pk
    assert "Not deleted" in post(client, f"/policies/classes/{kept.pk}/delete")


def test_a_budget_shows_what_is_used_of_it(client: Client, office: Office) -> None:
    office.receive([Call(1, NOON - timedelta(hours=3), talk_s=60)])
    extension = Extension.objects.get(number="101")
    assert "No budget yet" in client.get("/policies/budgets").content.decode()

    page = post(
        client,
        "/policies/budgets/add",
        holder=f"extension:{extension.pk}",
        every="month",
        money="0.22",
        minutes="",
        warn_at="80, 100",
        active="1",
    )

    assert "closed until" in page
    assert "100 %" in page
    budget = Budget.objects.get()
    page = post(client, f"/policies/budgets/{budget.pk}", money="5", warn_at="80", active="1")
    assert "closed until" not in page
    assert "No budget fits" in client.get("/policies/budgets?state=closed").content.decode()
    sent = b"".join(client.get("/policies/budgets/export.csv").streaming_content)  # type: ignore[arg-type]
    assert b"Amir[101],extension,month,5.0000,0.2200" in sent


def test_a_budget_of_nobody_is_refused(client: Client) -> None:
    answer = client.post("/policies/budgets/add", {"holder": "", "money": "1", "every": "month"})

    assert answer.status_code == 422
    assert not Budget.objects.exists()


def test_a_guard_is_kept_and_its_alarm_is_seen_and_lifted(client: Client, office: Office) -> None:
    page = post(
        client,
        "/policies/guards/add",
        name="Burst",
        kind="calls",
        threshold="2",
        window_s="60",
        closes="1",
        active="1",
    )
    assert "alarms and closes" in page
    start = NOON - timedelta(minutes=10)
    office.receive([Call(n, start + timedelta(seconds=n)) for n in range(3)])
    assert watch(at=NOON) == 1

    page = client.get("/policies/alarms").content.decode()
    alarm = Alarm.objects.get()
    assert "1 not seen yet" in page
    assert "3 calls within 60 s" in page
    assert "Lifted" in post(client, f"/policies/alarms/{alarm.pk}/lift")
    alarm.refresh_from_db()
    assert (alarm.lifted_by, alarm.seen_by) == ("anna", "anna")
    assert "No alarm fits" in client.get("/policies/alarms?seen=no").content.decode()


def test_alarms_are_marked_as_seen_by_ticking_them(client: Client, office: Office) -> None:
    save_guard(GuardText("Spend", "spend", "0.1"), by=Actor("ann", NOON))
    office.receive([Call(1, NOON - timedelta(minutes=5), name="=cmd|'/c calc'!A0")])
    watch(at=NOON)

    assert "1 alarm marked" in post(client, "/policies/alarms/seen", alarm=["", "x", "1"])
    assert Alarm.objects.get().seen_by == "anna"
    assert FraudGuard.objects.get().name == "Spend"


def test_a_guard_that_makes_no_sense_stays_on_its_form(client: Client) -> None:
    answer = client.post("/policies/guards/add", {"name": "A", "kind": "calls", "threshold": "x"})

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
