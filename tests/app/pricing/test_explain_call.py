"""Stored charges, computed again from the immutable tariff, are the same to the last digit."""

from datetime import timedelta
from decimal import Decimal

from support.databases import Database
from support.office import FIRST_CALL, NOON, TARIFF, Call, calls_in_a_row, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.pricing.explain_call import explain_call
from tollbook.app.tariffs.assign import Scope, assign_tariff
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.core.rating import Priced
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.models import Charge, Tariff


def test_every_stored_charge_is_computed_again_to_the_last_digit(database: Database) -> None:
    open_office(database).receive(calls_in_a_row(120))
    ids = list(StoredCall.objects.values_list("id", flat=True))

    explained = [explain_call(call_id) for call_id in ids]

    charged = [one for one in explained if one is not None and one.charge is not None]
    assert len(charged) == Charge.objects.count() > 50
    assert [one.call_id for one in charged if one.equal is not True] == []
    for one in charged:
        assert one.explanation is not None
        result = one.explanation.result
        if isinstance(result, Priced):
            assert sum(step.amount for step in result.steps) == result.charge


def test_a_new_version_does_not_touch_the_explanation_of_old_calls(sqlite: Database) -> None:
    office = open_office(sqlite)
    office.receive([Call(1, FIRST_CALL)])
    dearer = {**TARIFF, "rate": [{**TARIFF["rate"][0], "connect_fee": "9.00"}]}  # type: ignore[index]  # a list of tables
    publish_tariff(dearer, by=Actor("test", NOON))

    explained = explain_call(StoredCall.objects.get().pk)

    assert explained is not None
    assert explained.charge is not None
    assert (explained.charge.amount, explained.charge.version_number) == (Decimal("0.22"), 1)
    assert explained.equal is True


def test_a_tariff_for_dialled_digits_is_explained_by_them(sqlite: Database) -> None:
    office = open_office(sqlite)
    by_key = {**TARIFF, "name": "By key", "rate": [{**TARIFF["rate"][0], "prefix": "0049"}]}  # type: ignore[index]  # likewise
    publish_tariff(by_key, by=Actor("test", NOON))
    assign_tariff(
        Tariff.objects.get(name="By key").pk, Scope(), matches="dialled", by=Actor("test", NOON)
    )
    office.receive([Call(1, FIRST_CALL)])

    explained = explain_call(StoredCall.objects.get().pk)

    assert explained is not None
    assert explained.number == "00494020123456"
    assert explained.equal is True


def test_what_was_never_priced_has_nothing_to_explain(sqlite: Database) -> None:
    office = open_office(sqlite)
    office.receive([Call(1, FIRST_CALL, talk_s=0), Call(2, FIRST_CALL + timedelta(hours=1))])

    unanswered = explain_call(StoredCall.objects.get(talk_ms=0).pk)

    assert unanswered is not None
    assert (unanswered.charge, unanswered.explanation, unanswered.equal) == (None, None, None)
    assert explain_call(10**9) is None
