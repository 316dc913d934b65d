"""Rejected records, tried again: shown first, stored once, and never a call more (AMB-40)."""

import json
import random
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import Sum

from support.databases import Database, connection
from support.office import FIRST_CALL, NOON, Call, Office, calls_in_a_row, open_office
from support.rejected import BROKEN, blind, receive, without
from tollbook.app.access.actor import Actor
from tollbook.app.intake.sources import SourceAdded, add_source, wanted_sources
from tollbook.app.quarantine.retry import Released, Tried, release_rejects, try_rejects
from tollbook.collectors.lane import Lane
from tollbook.collectors.raw_log import RawLog
from tollbook.core.instants import to_us
from tollbook.formats import load_definition
from tollbook.storage.models import (
    AuditLog,
    CallRecord,
    Charge,
    Duplicate,
    RawRecord,
    Reject,
    Source,
    SourceDay,
)
from tollbook.storage.models import Call as StoredCall

HOSTILE = ["\0\0\0\n", "=cmd|' /C calc'!A0\n", "<script>,'; DROP TABLE x;--\n", "x" * 5_000 + "\n"]
FIRST_SEGMENT = (
    "2026/04/01 11:00{seconds},00:00:13,7,02079460100,I,300,300,,0,1000110,1,"
    "E402,Ivy Cole,T9001,Line 1.1,11,0\r\n"
)
SECOND_SEGMENT = (
    "2026/04/01 11:00:00,00:00:21,0,02079460100,I,300,300,55,0,1000110,0,"
    "V9502,VM Channel 2,T9001,Line 1.1,0,0\r\n"
)
CISCO = (
    '"cdrRecordType","globalCallID_callManagerId","globalCallID_callId","dateTimeOrigination",'
    '"callingPartyNumber","originalCalledPartyNumber","finalCalledPartyNumber","dateTimeConnect",'
    '"dateTimeDisconnect","duration","origDeviceName","destDeviceName","clientMatterCode"\n'
    '1,1,6001,1780000000,"101","0049401234","0049401234",1780000005,1780000025,20,"SEP1","GW1",""\n'
    '1,1,6003,1780000200,"0301","101","101",1780000204,1780000214,10,"GW1","SEP1",""\n'
    '1,1,6003,1780000214,"0301","102","102",1780000216,1780000246,30,"GW1","SEP2",""\n'
)


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def tried(office: Office, **only: object) -> Tried:
    return try_rejects(data_dir=office.database.data_dir, at=NOON, **only)  # type: ignore[arg-type]  # each test names its own filter


def release(found: Tried) -> Released:
    return release_rejects(found, by=Actor("anna", NOON, "127.0.0.1"))


def counts(found: Tried) -> dict[str, int]:
    return {kind: n for kind in ("call", "known", "nothing", "stays") if (n := found.count(kind))}


def stored_calls() -> list[tuple[object, ...]]:
    """Return all that a call says of itself, and its price, without ids."""
    columns = ("begin_us", "caller", "callee", "talk_ms", "trunk__name", "dedupe_hash")
    calls = StoredCall.objects.order_by("begin_us", "dedupe_hash")
    prices = dict(Charge.objects.values_list("call", "amount_micros"))
    return [(*row[1:], prices.get(row[0])) for row in calls.values_list("pk", *columns)]


def test_records_become_calls_once_their_format_can_read_them(office: Office) -> None:
    call = Call(1, FIRST_CALL, talk_s=60)
    receive(office, call.line() + BROKEN, blind())
    assert (StoredCall.objects.count(), Reject.objects.count()) == (0, 2)

    found = tried(office)
    assert counts(found) == {"call": 1, "stays": 1}
    assert [(one.caller, one.charge_micros) for one in found.calls] == [("101", 220_000)]
    assert found.why_they_stay == [("call.layout_unknown", 1)]
    assert StoredCall.objects.count() == 0, "trying stores nothing"
    assert Reject.objects.filter(state="new").count() == 2

    done = release(found)

    stored = StoredCall.objects.get()
    assert done == Released(1, (stored.pk,), 0)
    assert Charge.objects.get(call=stored).amount_micros == 220_000
    released = Reject.objects.get(state="released")
    assert (released.released_call_id, released.resolved_by) == (stored.pk, "anna")
    assert released.raw_record_id == stored.raw_record_id
    audit = AuditLog.objects.get(action="reject.release")
    assert json.loads(audit.after)["calls"] == {str(released.pk): stored.pk}


def test_a_try_that_is_sent_twice_releases_once(office: Office) -> None:
    receive(office, "".join(call.line() for call in calls_in_a_row(250)), blind())
    found = tried(office)

    first, second = release(found), release(found)

    assert (first.released, len(first.calls)) == (250, 250)
    assert second == Released()
    assert StoredCall.objects.count() == 250
    assert tried(office).records == 0


@pytest.mark.postgresql
def test_tries_that_overlap_release_each_record_once(postgresql: Database) -> None:
    office = open_office(postgresql)
    receive(office, "".join(call.line() for call in calls_in_a_row(400)), blind())
    middle = Reject.objects.order_by("pk")[150].pk
    plans = [tried(office), tried(office, after=middle), tried(office)]
    plans[2] = replace(plans[2], fates=plans[2].fates[::-1])
    done: list[Released] = []

    def act(plan: Tried) -> None:
        try:
            done.append(release(plan))
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(plan,)) for plan in plans]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(done) == len(plans)
    assert sum(one.released for one in done) == 400
    assert StoredCall.objects.count() == 400
    assert Reject.objects.filter(state="released").count() == 400


@pytest.mark.parametrize("seed", range(3))
def test_tried_again_is_as_if_the_format_had_been_right_at_once(
    database: Database, seed: int
) -> None:
    office = open_office(database)
    lines = [call.line() for call in calls_in_a_row(40)]
    lines += [BROKEN, *HOSTILE, lines[3], lines[7]]
    random.Random(seed).shuffle(lines)
    text = "".join(lines)
    receive(office, text, blind())
    release(tried(office))
    again = stored_calls()
    days = SourceDay.objects.aggregate(
        *(Sum(name) for name in ("records", "calls", "rejects", "duplicates"))
    )

    assert len(again) == 40
    assert days == {
        "records__sum": len(lines),
        "calls__sum": 40,
        "rejects__sum": Reject.objects.filter(state="new").count(),
        "duplicates__sum": Duplicate.objects.count(),
    }
    receive(office, text + "\n", load_definition("asterisk-csv"))
    assert stored_calls() == again, "the same file, grown and read rightly, holds no other call"


def test_a_record_of_a_call_that_is_known_adds_none(office: Office) -> None:
    lines = "".join(call.line() for call in calls_in_a_row(5))
    receive(office, lines, blind())
    receive(office, lines + "\n", load_definition("asterisk-csv"))
    before = stored_calls()
    assert len(before) == 5

    found = tried(office)
    assert counts(found) == {"known": 5}
    done = release(found)

    assert (done.released, done.calls, done.known) == (5, (), 5)
    assert stored_calls() == before
    assert Duplicate.objects.count() == 5
    of_calls = set(Reject.objects.values_list("released_call", flat=True))
    assert of_calls == set(StoredCall.objects.values_list("pk", flat=True))


def test_two_rejects_of_one_call_make_it_once(office: Office) -> None:
    line = Call(1, FIRST_CALL).line()
    receive(office, line + line, blind())

    found = tried(office)
    assert counts(found) == {"call": 1, "known": 1}
    release(found)

    assert StoredCall.objects.count() == 1
    assert Reject.objects.filter(released_call=StoredCall.objects.get()).count() == 2


def test_only_what_the_filter_holds_is_tried(office: Office) -> None:
    receive(office, calls_in_a_row(1)[0].line() + BROKEN, blind())
    one = Reject.objects.get(reason="call.layout_unknown")

    assert tried(office, reason="call.layout_unknown").records == 1
    assert tried(office, reject_id=one.pk).fates[0].rejects[0].id == one.pk
    assert tried(office, source_id=one.source_id + 1).records == 0
    assert tried(office, after=one.pk).records == 0


def test_a_dismissed_record_is_left_alone(office: Office) -> None:
    receive(office, Call(1, FIRST_CALL).line(), blind())
    found = tried(office)
    Reject.objects.update(state="dismissed")

    assert release(found) == Released()
    assert tried(office).records == 0
    assert StoredCall.objects.count() == 0


def test_what_a_mended_format_skips_is_released_without_a_call(office: Office) -> None:
    heading = '"clid","src","dst"\n'
    receive(
        office,
        heading,
        without("asterisk-csv", '(?i)^"?(accountcode|clid', '(?i)^"?(accountcode|no'),
    )

    found = tried(office)
    assert counts(found) == {"nothing": 1}
    release(found)

    row = Reject.objects.get()
    assert (row.state, row.released_call_id) == ("released", None)
    assert StoredCall.objects.count() == 0


def test_an_hour_that_never_was_can_be_read_in_another_zone(office: Office) -> None:
    line = Call(1, FIRST_CALL.replace(month=3, day=29, hour=2, minute=30)).line()
    receive(office, line, load_definition("asterisk-csv"), zone="Europe/Berlin")

    assert counts(tried(office)) == {"stays": 1}
    assert counts(tried(office, zone="UTC")) == {"call": 1}
    assert tried(office, zone="Mars/Olympus").why_they_stay == [("reread.zone_missing", 1)]


def test_a_live_record_is_read_in_the_zone_that_its_source_has_now(office: Office) -> None:
    added = add_source(
        pbx=office.pbx.name,
        transport="tcp-listen",
        format_name="asterisk-csv",
        options={"port": 5001},
        at=NOON,
        actor="test",
    )
    assert isinstance(added, SourceAdded)
    source = next(one for one in wanted_sources() if one.id == added.id)
    folder = office.database.settings.raw_dir / str(source.id)
    never = FIRST_CALL.replace(month=3, day=29, hour=2, minute=30)
    log = RawLog(folder)
    end = log.append(
        (Call(1, never).line() + Call(2, never + timedelta(hours=3)).line()).encode(),
        received_us=to_us(NOON),
    )
    lane = Lane(source, load_definition("asterisk-csv"), folder, data_dir=office.database.data_dir)
    lane.open()
    while lane.advance(end, at=NOON):
        pass
    assert (StoredCall.objects.count(), Reject.objects.count()) == (1, 1)
    assert counts(tried(office)) == {"stays": 1}

    Source.objects.filter(pk=source.id).update(options={"port": 5001, "zone": "UTC"})
    done = release(tried(office))

    assert StoredCall.objects.get(pk=done.calls[0]).begin_us == to_us(never)


def test_names_of_columns_are_found_before_the_record(office: Office) -> None:
    receive(office, CISCO, without("cucm-cdr", "cdrRecordType = '^1$'", "cdrRecordType = '^9$'"))
    assert Reject.objects.count() == 3

    found = tried(office, reject_id=Reject.objects.order_by("pk")[0].pk)
    assert counts(found) == {"call": 1}
    done = release(found)
    (of_two,) = tried(office).fates
    assert (of_two.kind, len(of_two.rejects)) == ("call", 2)
    done += release(tried(office))

    assert [call.legs_count for call in StoredCall.objects.order_by("begin_us")] == [1, 2]
    assert CallRecord.objects.filter(call=done.calls[1]).count() == 2
    receive(office, CISCO + "\n", load_definition("cucm-cdr"))
    assert StoredCall.objects.count() == 2


def test_half_of_a_call_that_is_stored_stays_in_quarantine(office: Office) -> None:
    text = FIRST_SEGMENT.format(seconds="") + SECOND_SEGMENT
    receive(office, text, without("avaya-ipoffice", '"%Y/%m/%d %H:%M:%S", '))
    assert StoredCall.objects.get().partial

    found = tried(office)

    assert found.why_they_stay == [("reread.call_stored", 1)]
    assert release(found) == Released()
    assert StoredCall.objects.count() == 1


def test_records_of_one_call_are_released_together(office: Office) -> None:
    text = FIRST_SEGMENT.format(seconds=":00") + SECOND_SEGMENT
    receive(office, text, without("avaya-ipoffice", '"%Y/%m/%d %H:%M:%S", '))

    found = tried(office)
    assert counts(found) == {"call": 2}
    done = release(found)

    assert (done.released, len(done.calls)) == (2, 1)
    assert StoredCall.objects.get().talk_ms == 34_000
    assert set(Reject.objects.values_list("released_call", flat=True)) == set(done.calls)
    both = set(RawRecord.objects.values_list("pk", flat=True))
    assert set(CallRecord.objects.values_list("raw_record", flat=True)) == both


def test_without_the_raw_log_nothing_is_made_up(office: Office, tmp_path: Path) -> None:
    receive(office, Call(1, FIRST_CALL).line(), blind())

    found = try_rejects(data_dir=tmp_path / "elsewhere", at=NOON)

    assert found.why_they_stay == [("reread.raw_missing", 1)]
    assert release(found) == Released()


def test_a_format_that_is_gone_is_named(office: Office) -> None:
    receive(office, Call(1, FIRST_CALL).line(), blind())
    Source.objects.update(format="our-own")

    (fate,) = tried(office).fates

    assert fate.reason == "reread.format_missing"
    assert 'no format "our-own"' in fate.message


def test_the_seal_tells_whether_a_try_still_holds(office: Office) -> None:
    receive(office, Call(1, FIRST_CALL).line() + BROKEN, blind())
    first = tried(office)

    assert tried(office).seal == first.seal
    release(first)
    assert tried(office).seal != first.seal
