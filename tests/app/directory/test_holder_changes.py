"""What is set about extensions: only what is named, as foretold, audited, on both databases."""

import io
import json
from datetime import timedelta
from threading import Thread

from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.databases import Database
from support.effort import examples
from support.factories import change_extension, make_department, make_owner, make_site
from support.office import NOON, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.billing.recharge import Booked, Gift, post_gift
from tollbook.app.directory.currency import set_currency
from tollbook.app.directory.extension_import import (
    ExtensionLine,
    import_extensions,
    plan_import,
    read_sheet,
)
from tollbook.app.directory.extensions import change_holders, plan_changes
from tollbook.app.directory.holder_fields import (
    FIELDS,
    fields_of,
    read_changes,
    value_text,
)
from tollbook.app.faults import FieldFault, RequestRefused
from tollbook.core.instants import to_us
from tollbook.storage.billing.balances import HolderFilter, list_holders
from tollbook.storage.billing.ledger_queries import verify_balances
from tollbook.storage.models import AuditLog, Extension, LedgerEntry, Site

BY = Actor("anna", NOON, "192.0.2.7")


def phones() -> list[int]:
    return list(Extension.objects.order_by("number").values_list("pk", flat=True))


def values() -> list[dict[str, object]]:
    return list(Extension.objects.order_by("number").values())


def test_only_what_is_named_changes_and_each_change_is_audited(database: Database) -> None:
    open_office(database)
    change_extension("102", billing=True)
    before = values()

    done = change_holders("extension", phones(), {"billing": True, "credit_micros": 5_000_000}, BY)

    assert (done.changed, done.unchanged, done.counting_anew) == (2, 0, 0)
    assert values() == [{**row, "billing": True, "credit_micros": 5_000_000} for row in before]
    notes = AuditLog.objects.filter(action="extension.change").order_by("id")
    assert [json.loads(note.after) for note in notes] == [
        {"billing": True, "credit_micros": 5_000_000}, {"credit_micros": 5_000_000},
    ]  # fmt: skip
    assert [json.loads(note.before) for note in notes] == [
        {"billing": False, "credit_micros": 0}, {"credit_micros": 0},
    ]  # fmt: skip
    again = change_holders("extension", phones(), {"billing": True}, BY)
    assert (again.changed, again.unchanged) == (0, 2)


def test_another_payment_type_counts_anew_and_the_same_does_not(database: Database) -> None:
    open_office(database)
    change_extension("102", payment_type="postpaid")

    done = change_holders("extension", phones(), {"payment_type": "postpaid"}, BY)

    assert (done.changed, done.counting_anew) == (1, 1)
    since = [row["recharged_since_us"] for row in values()]
    assert since == [to_us(NOON), None]


TEXTS = st.fixed_dictionaries(
    {},
    optional={
        "billing": st.sampled_from(["on", "off"]),
        "credit": st.sampled_from(["0", "5", "12.3456"]),
        "status": st.sampled_from(["locked", "unlocked"]),
        "payment_type": st.sampled_from(["prepaid", "postpaid"]),
        "call_limit": st.sampled_from(["", "2.5"]),
        "call_limit_s": st.sampled_from(["", "3600"]),
        "floor": st.sampled_from(["", "-1"]),
        "code_exempt": st.sampled_from(["yes", "no"]),
    },
)


def test_what_is_foretold_is_what_happens(sqlite: Database) -> None:
    open_office(sqlite)

    @settings(
        max_examples=examples(40),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(texts=TEXTS)
    def holds(texts: dict[str, str]) -> None:
        changes = read_changes("extension", texts, site_id=1)
        assert isinstance(changes, dict)
        planned = plan_changes("extension", phones(), changes)
        before = values()

        done = change_holders("extension", phones(), changes, BY)

        assert done.changed == sum(bool(one.effects) for one in planned)
        assert done.counting_anew == sum(one.counts_anew for one in planned)
        for old, new, one in zip(before, values(), planned, strict=True):
            differing = {column for column in old if old[column] != new[column]}
            titles = {field.title for field in FIELDS if field.column in differing}
            assert titles == {effect.title for effect in one.effects}
        assert not any(one.effects for one in plan_changes("extension", phones(), changes))

    holds()


def test_every_field_reads_back_what_it_writes(sqlite: Database) -> None:
    office = open_office(sqlite)
    row = Extension.objects.get(number="101")
    for field in fields_of("extension"):
        text = value_text(field, getattr(row, field.column))
        changes = read_changes("extension", {field.name: text}, site_id=office.site_id)
        assert isinstance(changes, dict), changes
        assert changes[field.column] == getattr(row, field.column), field.name


def test_fields_of_others_and_unknown_ones_are_refused(sqlite: Database) -> None:
    open_office(sqlite)

    faults = read_changes("owner", {"caller_id": "1", "colour": "red", "credit": "x"}, site_id=None)

    assert isinstance(faults, list)
    assert [fault.field for fault in faults] == ["caller_id", "colour", "credit"]
    assert all(isinstance(fault, FieldFault) for fault in faults)


def test_a_department_of_another_site_cannot_be_chosen(sqlite: Database) -> None:
    office = open_office(sqlite)
    other = make_site("Wien", zone="Europe/Vienna", currency="EUR")
    foreign = make_department("Verkauf", site=other)

    faults = read_changes("extension", {"department": str(foreign.pk)}, site_id=office.site_id)

    assert isinstance(faults, list)


def test_a_sheet_is_taken_whole_as_foretold(database: Database) -> None:
    office = open_office(database)
    sheet = b"name;number;department\nAmir A.;101;Lab\n;102;\nCyd;201;Lab\n"
    lines = read_sheet(io.BytesIO(sheet))
    assert lines == (
        ExtensionLine("101", "Amir A.", "Lab"), ExtensionLine("102"), ExtensionLine("201", "Cyd",
        "Lab"),
    )  # fmt: skip
    planned = plan_import(office.site_id, lines)  # type: ignore[arg-type]  # asserted above

    done = import_extensions(office.site_id, lines, BY)  # type: ignore[arg-type]  # likewise

    assert done == planned
    assert (done.added, done.changed, done.unchanged, done.departments) == (1, 1, 1, ("Lab",))
    found = Extension.objects.order_by("number").values_list("number", "name", "department__name")
    assert list(found) == [
        ("101", "Amir A.", "Lab"), ("102", "Berta", None), ("201", "Cyd", "Lab"),
    ]  # fmt: skip
    again = import_extensions(office.site_id, lines, BY)  # type: ignore[arg-type]  # likewise
    assert (again.added, again.changed, again.unchanged, again.departments) == (0, 0, 3, ())


def test_an_exported_list_can_be_imported_again(sqlite: Database) -> None:
    open_office(sqlite)
    sheet = b"number,name\n'+4930,'=Ada\n"

    assert read_sheet(io.BytesIO(sheet)) == (ExtensionLine("+4930", "=Ada"),)


def test_the_currency_changes_only_before_any_money(database: Database) -> None:
    office = open_office(database)

    assert set_currency(office.site_id, "usd", BY) is None
    done = post_gift(Gift("extension", tuple(phones()), 1_000_000, "u", "k"), BY)
    assert isinstance(done, Booked)
    assert {one.currency for one in done.movements} == {"USD"}
    refused = set_currency(office.site_id, "EUR", BY)

    assert isinstance(refused, RequestRefused)
    assert refused.code == "currency.in_use"
    assert set_currency(office.site_id, "USD", BY) is None
    assert Site.objects.get().currency == "USD"


def test_many_tills_with_one_key_recharge_once(database: Database) -> None:
    open_office(database)
    owner = make_owner("Dr. Held")
    answers: list[Booked | RequestRefused] = []

    def send(gift: Gift) -> None:
        try:
            answers.append(post_gift(gift, Actor("till", NOON + timedelta(seconds=1))))
        finally:
            connections.close_all()

    gifts = [Gift("extension", tuple(phones()), 10_000_000, "u", "same")] * 6
    gifts += [Gift("owner", (owner.pk,), 1_000_000, "u", f"own-{nth}") for nth in range(6)]
    threads = [Thread(target=send, args=(gift,)) for gift in gifts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    booked = [answer for answer in answers if isinstance(answer, Booked)]
    assert len(booked) == 12
    assert sum(not answer.repeated for answer in booked) == 7
    assert LedgerEntry.objects.count() == 2 + 6
    assert {one.balance_micros for one in list_holders(HolderFilter())} == {10_000_000}
    assert list_holders(HolderFilter(kind="owner"))[0].balance_micros == 6_000_000
    assert verify_balances() == []
