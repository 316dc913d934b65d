"""What the screens ask: detail, totals, spend, quarantine, sources and choices."""

from itertools import pairwise

import pytest

from support.batches import (
    NOON_US,
    RECORD_BYTES,
    SECOND_US,
    Office,
    add_call,
    add_charge,
    add_record,
    calls_batch,
    empty_batch,
    make_office,
)
from support.databases import Database, door
from tollbook.core.batch import CallBatch, StoredBatch
from tollbook.storage.directory.filter_choices import filter_choices
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.models import (
    Charge,
    RatingRun,
    RawSegment,
    Reject,
)
from tollbook.storage.models.raw import RecordKind
from tollbook.storage.pricing.stored_charges import charges_of
from tollbook.storage.quarantine.refused_records import duplicates, reject_counts, rejects
from tollbook.storage.reports.call_detail import call_detail
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.spend import (
    GROUPS,
    call_totals,
    charges_summary,
    spend_by_day,
    unrated_counts,
)


def store(batch: CallBatch) -> StoredBatch:
    with door.transaction():
        return store_calls(batch)


@pytest.fixture
def office(database: Database) -> Office:
    return make_office()


def rerate(call_id: int, amount_micros: int) -> None:
    """Write a newer charge beside the old one."""
    with door.transaction():
        run = RatingRun.objects.create(started_us=NOON_US)
        Charge.objects.create(
            call_id=call_id, run=run.pk, billed_s=1, amount_micros=amount_micros, currency="EUR"
        )


def test_the_detail_shows_legs_records_and_every_charge_newest_first(office: Office) -> None:
    batch = empty_batch(office)
    add_record(batch, 0, RecordKind.PART)
    call = add_call(batch, office, add_record(batch, 1, RecordKind.CALL), nth=0, legs_count=2)
    for offset in (RECORD_BYTES, 0):
        for column, value in zip(batch.joined.lists(), (call, office.segment, offset), strict=True):
            column.append(value)
    for leg in ((call, 1, "102", "agent", 3, 3, 4, 5), (call, 0, "101", "caller", 1, 2, 3, 4)):
        for column, value in zip(batch.legs.lists(), leg, strict=True):
            column.append(value)
    (call_id,) = store(batch).call_ids
    assert call_id is not None
    rerate(call_id, 99)

    detail = call_detail(call_id)

    assert detail is not None
    assert detail.row.charge_micros == 99
    assert [(leg.position, leg.party) for leg in detail.legs] == [(0, "101"), (1, "102")]
    assert [(row.run, row.amount_micros) for row in charges_of(call_id)] == [(1, 99), (0, 250_000)]
    assert charges_of(call_id)[1].version_number == 1
    assert [(place.path, place.offset, place.line) for place in detail.records] == [
        ("raw/1.seg", 0, 1),
        ("raw/1.seg", RECORD_BYTES, 2),
    ]
    assert detail.records[0].format == "asterisk-csv"


def test_a_call_of_one_record_shows_that_record(office: Office) -> None:
    call_id = store(calls_batch(office, 3, 1)).call_ids[0]
    assert call_id is not None

    detail = call_detail(call_id)

    assert detail is not None
    assert [place.offset for place in detail.records] == [3 * RECORD_BYTES]
    assert detail.legs == ()


def test_there_is_no_detail_of_a_call_that_does_not_exist(database: Database) -> None:
    assert call_detail(1) is None


def test_totals_add_the_charges_in_force_and_count_the_unrated(office: Office) -> None:
    batch = calls_batch(office, 0, 4)
    add_call(batch, office, add_record(batch, 9, RecordKind.CALL), nth=9, charge_micros=None)
    first = store(batch).call_ids[0]
    assert first is not None
    rerate(first, 50_000)

    totals = call_totals()

    assert (totals.calls, totals.answered, totals.unrated) == (5, 5, 1)
    assert totals.talk_ms == (0 + 1 + 2 + 3 + 9) * 1_000
    assert totals.charges == (("EUR", 50_000 + 3 * 250_000),)
    assert call_totals(CallFilter(charge_max_micros=50_000)).calls == 1
    assert call_totals(CallFilter(keyword="nobody")).charges == ()
    assert unrated_counts() == [("no_prefix", 1)]


def test_amounts_of_two_currencies_are_never_added(office: Office) -> None:
    batch = calls_batch(office, 0, 2)
    batch.charges.currency[1] = "USD"
    store(batch)

    assert call_totals().charges == (("EUR", 250_000), ("USD", 250_000))
    by_pbx = charges_summary(group_by="pbx")
    assert [(total.currency, total.charge_micros) for total in by_pbx] == [
        ("EUR", 250_000),
        ("USD", 250_000),
    ]


def test_a_cost_is_no_charge(office: Office) -> None:
    batch = calls_batch(office, 0, 1)
    add_charge(batch, office, 0, amount_micros=9_000_000, kind="cost")
    store(batch)

    assert call_totals().charges == (("EUR", 250_000),)


def test_a_summary_names_its_groups_and_has_the_dearest_first(office: Office) -> None:
    batch = calls_batch(office, 0, 3)
    batch.charges.amount_micros[1] = 900_000
    store(batch)

    by_extension = charges_summary(group_by="extension")

    assert [(t.label, t.name, t.calls, t.charge_micros) for t in by_extension] == [
        ("102", "Bert", 1, 900_000),
        ("101", "Anna", 2, 500_000),
    ]
    by_code = charges_summary(group_by="account_code")
    assert [(t.label, t.calls) for t in by_code] == [("", 1), ("7001", 2)]


@pytest.mark.parametrize("group_by", GROUPS)
def test_every_grouping_adds_up_to_the_totals(office: Office, group_by: str) -> None:
    store(calls_batch(office, 0, 7))

    groups = charges_summary(group_by=group_by)

    totals = call_totals()
    assert sum(group.calls for group in groups) == totals.calls
    assert sum(group.talk_ms for group in groups) == totals.talk_ms
    assert (("EUR", sum(group.charge_micros for group in groups)),) == totals.charges


def test_an_unknown_grouping_is_refused_by_name(database: Database) -> None:
    with pytest.raises(ValueError, match=r"colour.*extension"):
        charges_summary(group_by="colour")


def test_days_are_half_open_and_may_be_of_any_length(office: Office) -> None:
    store(calls_batch(office, 0, 10))
    boundaries = [NOON_US + s * SECOND_US for s in (-5, 0, 1, 4, 9)]

    days = spend_by_day(boundaries)

    assert [(day.from_us, day.to_us) for day in days] == list(pairwise(boundaries))
    assert [day.calls for day in days] == [0, 1, 3, 5]
    assert [day.charges for day in days] == [
        (),
        (("EUR", 250_000),),
        (("EUR", 750_000),),
        (("EUR", 1_250_000),),
    ]
    assert spend_by_day(boundaries[:1]) == []
    only_bert = spend_by_day(boundaries, CallFilter(extension_id=office.extensions[1]))
    assert [day.calls for day in only_bert] == [0, 0, 2, 2]


def reject_three(office: Office) -> None:
    batch = empty_batch(office)
    for nth, reason in enumerate(("bad_time", "bad_time", "too_long")):
        record = add_record(batch, nth, RecordKind.REJECT, reason)
        values = (record, b"\x00\xff,raw", reason, f"line {nth + 1}: no")
        for column, value in zip(batch.rejects.lists(), values, strict=True):
            column.append(value)
    store(batch)


def test_the_quarantine_is_paged_newest_first(office: Office) -> None:
    reject_three(office)

    first = rejects(page_size=2)
    second = rejects(page_size=2, before=first.next)

    assert [row.line for row in (*first.rows, *second.rows)] == [3, 2, 1]
    assert second.next is None
    row = second.rows[0]
    assert row.raw == b"\x00\xff,raw"
    assert (row.source, row.pbx, row.path, row.offset) == ("file", "hq", "raw/1.seg", 0)
    assert rejects(reject_id=row.id).rows == (row,)
    assert [row.line for row in rejects(reason="bad_time").rows] == [2, 1]
    assert reject_counts() == [(office.source, "bad_time", 2), (office.source, "too_long", 1)]


def test_a_resolved_reject_leaves_the_list_of_new_ones(office: Office) -> None:
    reject_three(office)
    Reject.objects.filter(line=2).update(state="dismissed", resolved_us=1, resolved_by="anna")

    assert [row.line for row in rejects(state="new").rows] == [3, 1]
    assert [row.resolved_by for row in rejects(state="dismissed").rows] == ["anna"]


def test_refused_duplicates_are_listed_with_the_call_they_repeat(office: Office) -> None:
    known = store(calls_batch(office, 0, 1)).call_ids[0]
    batch = empty_batch(office)
    add_call(batch, office, add_record(batch, 5, RecordKind.CALL), nth=0)
    store(batch)

    (row,) = duplicates(source_id=office.source).rows

    assert (row.of_call, row.path, row.line) == (known, "raw/1.seg", 6)
    assert duplicates(source_id=999).rows == ()


def test_choices_are_what_calls_can_be_filtered_by(office: Office) -> None:
    store(calls_batch(office, 0, 1))
    RawSegment.objects.all().update(size=100)  # a segment's own row is not immutable

    choices = filter_choices()

    assert [(choice.label, choice.name) for choice in choices.extensions] == [
        ("101", "Anna"),
        ("102", "Bert"),
    ]
    assert choices.trunks[0].label == "PJSIP/carrier"
    assert choices.account_codes[0].name == "Smith v. Jones"
    assert len(choices.sites) == len(choices.pbxs) == len(choices.sources) == 1
    assert len(choices.owners) == len(choices.departments) == 1


@pytest.mark.parametrize(
    ("keyword", "lines"), [("Müller", [2]), ("IS NOT", [2, 1]), ("\x00", [2, 1]), ("7,", [1])]
)
def test_the_quarantine_is_searched_by_words_and_bytes(
    office: Office, keyword: str, lines: list[int]
) -> None:
    for line, raw in enumerate((b"Call 7,\x00\xff", "Call 8;Müller".encode()), start=1):
        Reject.objects.create(
            source_id=office.source,
            received_us=NOON_US,
            line=line,
            offset=0,
            raw=raw,
            reason="call.layout_unknown",
            message=f"x:{line}: it is not a record.",
        )

    assert [row.line for row in rejects(keyword=keyword).rows] == lines
