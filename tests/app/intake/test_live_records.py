"""Live records: stored with their position, recognised after a crash, read by the rules of now."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import DatabaseError

from support.databases import Database, door
from support.factories import make_code, make_owner, make_segment, make_source
from support.office import NOON, TARIFF, Office, calls_in_a_row, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.intake.intake import Intake, open_intake
from tollbook.app.pricing.load_pbx_rules import set_dial_plan
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.core.batch import Position
from tollbook.core.calls import Outcome
from tollbook.formats import Parser, load_definition
from tollbook.storage.models import (
    Call,
    Charge,
    Extension,
    RawRecord,
    SourceDay,
    SourcePosition,
)


def live_source(office: Office) -> tuple[Intake, int]:
    """Return the intake of a new source, and a segment of its raw log."""
    with door.transaction():
        source = make_source("Socket", pbx_id=office.pbx.pbx_id)
        segment = make_segment(source)
    return open_intake(source.pk), segment.pk


def outcomes(count: int, *, first: int = 0) -> Sequence[Outcome]:
    data = "".join(call.line() for call in calls_in_a_row(count, first=first)).encode()
    return Parser(load_definition("asterisk-csv"), zone="UTC").feed(data)


def test_the_position_moves_with_the_calls(database: Database) -> None:
    intake, segment_id = live_source(open_office(database))

    result = intake.store(outcomes(5), segment_id=segment_id, at=NOON, position=Position(900, 6))

    assert (result.records, result.calls) == (5, 5)
    position = SourcePosition.objects.get()
    assert (position.segment_id, position.offset, position.line) == (segment_id, 900, 6)
    day = SourceDay.objects.get()
    assert (day.day, day.records, day.calls) == (20261031, 5, 5)


def test_records_that_are_read_again_after_a_crash_change_nothing(database: Database) -> None:
    intake, segment_id = live_source(open_office(database))
    intake.store(outcomes(5), segment_id=segment_id, at=NOON)

    result = intake.store(outcomes(8), segment_id=segment_id, at=NOON)

    assert (result.calls, result.duplicates) == (3, 5)
    assert (Call.objects.count(), RawRecord.objects.count()) == (8, 8)
    assert SourceDay.objects.get().duplicates == 0  # They were no duplicates: the same bytes.


def test_two_thousand_records_come_in_steps_and_the_position_with_the_last(
    sqlite: Database,
) -> None:
    intake, segment_id = live_source(open_office(sqlite))

    result = intake.store(outcomes(2_100), segment_id=segment_id, at=NOON, position=Position(7, 2))

    assert result.calls == 2_100
    assert SourcePosition.objects.get().offset == 7


def test_nothing_but_a_position_can_be_stored(sqlite: Database) -> None:
    intake, segment_id = live_source(open_office(sqlite))

    intake.store([], segment_id=segment_id, at=NOON, position=Position(42, 3))

    assert SourcePosition.objects.get().offset == 42


def test_account_codes_lead_to_their_owners(database: Database) -> None:
    intake, segment_id = live_source(open_office(database))
    with door.transaction():
        owner = make_owner("Ms Okafor")
        make_code("4711", owner=owner)

    intake.store(outcomes(3), segment_id=segment_id, at=NOON)

    known = Call.objects.get(account_code="4711")
    assert known.owner == owner
    unknown = Call.objects.get(account_code="4712")
    assert unknown.account_code_ref is None  # Kept as written, and nobody's.


def test_an_unknown_telephone_is_made_and_a_known_one_brings_its_department(
    sqlite: Database,
) -> None:
    intake, segment_id = live_source(open_office(sqlite))
    with door.transaction():
        Extension.objects.filter(number="102").delete()

    intake.store(outcomes(6), segment_id=segment_id, at=NOON)

    assert Extension.objects.filter(number="102").exists()
    by_department = dict(Call.objects.values_list("extension__number", "department__name"))
    assert by_department == {"101": "Sales", "102": None}


def test_rules_are_those_of_now(sqlite: Database) -> None:
    office = open_office(sqlite)
    intake, segment_id = live_source(office)
    intake.store(outcomes(2), segment_id=segment_id, at=NOON)
    faults = set_dial_plan(
        site_id=office.site_id,
        document={"country": "DE", "extension_ranges": ["7xx"]},
        by=Actor("test", NOON),
    )
    free = {**TARIFF, "rate": [{**TARIFF["rate"][0], "connect_fee": "0"}]}  # type: ignore[index,dict-item]
    publish_tariff(free, by=Actor("test", NOON), valid_from=NOON - timedelta(days=99))
    later = NOON + timedelta(seconds=5)

    intake.store(outcomes(8)[5:], segment_id=segment_id, at=later)

    assert not faults
    newest = Charge.objects.order_by("-id")[0]
    assert newest.tariff_version.number == 2  # type: ignore[union-attr]


def test_a_transaction_that_fails_leaves_no_telephone_behind(sqlite: Database) -> None:
    intake, segment_id = live_source(open_office(sqlite))
    with door.transaction():
        Extension.objects.filter(number="101").delete()

    with pytest.raises(DatabaseError):
        intake.store(outcomes(3), segment_id=segment_id + 999, at=NOON)  # No such segment.
    result = intake.store(outcomes(3), segment_id=segment_id, at=NOON)

    assert result.calls == 3
    assert Call.objects.filter(extension__number="101").count() == 2


def test_where_calls_move_money_the_database_checks_every_row(database: Database) -> None:
    office = open_office(database)
    intake, segment = live_source(office)
    intake.store(outcomes(1), segment_id=segment, at=NOON)
    assert intake._writes_calls_alone()

    Extension.objects.update(billing=True)

    assert not intake._writes_calls_alone()
