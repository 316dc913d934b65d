"""From the raw log into the database: every record once, wherever it was cut or killed."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.databases import Database, connection, door
from support.factories import make_site
from support.processes import record_3cx
from tollbook.app.directory.pbxs import add_pbx
from tollbook.app.intake.sources import SourceAdded, WantedSource, add_source, wanted_sources
from tollbook.collectors.feeder import Feeder
from tollbook.collectors.lane import Lane
from tollbook.collectors.raw_log import LogEnd, RawLog, segments
from tollbook.core.instants import to_us
from tollbook.formats import load_definition
from tollbook.storage.models import Call, RawRecord, RawSegment, Reject, SourcePosition

NOW = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)
AVAYA_MORE_FOLLOWS = (
    b"2026/02/03 12:58:00,00:00:13,5,02079460100,I,402,390402,,0,1000110,1,"
    b"E402,Ivy Cole,T9001,Line 1.1,0,0\r\n"
)
GARBAGE = b"\x00\x01 no record \xff\r\n"


def open_source(database: Database, number: int = 1) -> tuple[WantedSource, Path]:
    """Add a PBX with one source; return the source and its folder in the raw log."""
    with door.transaction():
        make_site("Stockholm", zone="Europe/Stockholm", currency="SEK")
    add_pbx(name=f"PBX {number}", at=NOW, actor="test")
    added = add_source(
        pbx=f"PBX {number}",
        transport="tcp-listen",
        format_name="3cx",
        options={"port": 5000 + number},
        at=NOW,
        actor="test",
    )
    assert isinstance(added, SourceAdded)
    source = next(source for source in wanted_sources() if source.id == added.id)
    return source, database.settings.raw_dir / str(source.id)


def open_lane(
    database: Database, source: WantedSource, folder: Path, *, format_name: str = "3cx"
) -> Lane:
    lane = Lane(source, load_definition(format_name), folder, data_dir=database.settings.data_dir)
    lane.open()
    return lane


def feed(lane: Lane, end: LogEnd) -> None:
    while lane.advance(end, at=NOW):
        pass


def call_ids(source: WantedSource) -> list[str]:
    return list(
        Call.objects.filter(source=source.id).order_by("pk").values_list("pbx_call_id", flat=True)
    )


def test_calls_come_in_and_the_position_moves_with_them(database: Database) -> None:
    source, folder = open_source(database)
    log = RawLog(folder)
    lane = open_lane(database, source, folder)
    first, half = record_3cx(1), record_3cx(2)[:40]
    end = log.append(first + half, received_us=to_us(NOW))
    feed(lane, end)

    assert call_ids(source) == ["id_1"]
    position = SourcePosition.objects.get(source=source.id)
    assert (position.offset, position.line) == (len(first), 2)
    assert lane.clean is None  # half a record is open
    received = Call.objects.get(source=source.id).received_us
    assert received == to_us(NOW)

    feed(lane, log.append(record_3cx(2)[40:], received_us=to_us(NOW)))
    assert call_ids(source) == ["id_1", "id_2"]
    assert lane.clean == log.end


def test_a_new_segment_begins_a_text_of_its_own_and_the_old_one_is_sealed(
    database: Database,
) -> None:
    source, folder = open_source(database)
    log = RawLog(folder)
    lane = open_lane(database, source, folder)
    log.append(record_3cx(1) + record_3cx(2)[:40], received_us=to_us(NOW))
    log.rotate()
    feed(lane, log.append(record_3cx(3), received_us=to_us(NOW)))

    assert call_ids(source) == ["id_1", "id_3"]
    assert Reject.objects.get(source=source.id).raw == record_3cx(2)[:40]
    old, new = RawSegment.objects.filter(source=source.id).order_by("sequence")
    assert (old.size, old.sealed_us) == (len(record_3cx(1)) + 40, to_us(NOW))
    assert old.sha256
    assert new.sealed_us is None
    kept = RawRecord.objects.get(segment=new)
    assert (kept.offset, kept.line) == (0, 1)


@pytest.mark.parametrize("seed", range(6))
def test_however_the_bytes_are_cut_and_the_reader_killed_each_record_is_stored_once(
    database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    source, folder = open_source(database)
    pieces = [chance.choice([record_3cx(number), GARBAGE]) for number in range(1, 41)]
    text = b"".join(pieces)
    log = RawLog(folder, segment_bytes=2_000)
    lane = open_lane(database, source, folder)
    at = NOW
    while text:
        cut = chance.randrange(1, 400)
        at += timedelta(seconds=1)
        text = text[log.take(text[:cut], received_us=to_us(at), clean=lane.clean) :]
        if chance.random() < 0.7:
            feed(lane, log.end)
        if chance.random() < 0.2:
            lane = open_lane(database, source, folder)
    feed(lane, log.end)

    expected = [
        f"id_{number}" for number, piece in enumerate(pieces, start=1) if piece is not GARBAGE
    ]
    assert call_ids(source) == expected, f"seed {seed}"
    assert Reject.objects.filter(source=source.id).count() == pieces.count(GARBAGE)
    assert len(segments(folder)) > 1


def test_a_call_whose_rest_never_comes_is_stored_by_the_clock_also_after_a_restart(
    database: Database,
) -> None:
    source, folder = open_source(database)
    log = RawLog(folder)
    lane = open_lane(database, source, folder, format_name="avaya-ipoffice")
    feed(lane, log.append(AVAYA_MORE_FOLLOWS, received_us=to_us(NOW)))
    lane.close_due(at=NOW + timedelta(hours=7))
    assert (Call.objects.count(), lane.clean) == (0, None)

    lane = open_lane(database, source, folder, format_name="avaya-ipoffice")
    feed(lane, log.end)
    lane.close_due(at=NOW + timedelta(hours=9))

    stored = Call.objects.get()
    assert (stored.partial, stored.talk_ms, stored.caller) == (True, 13_000, "02079460100")
    assert lane.clean == log.end
    lane = open_lane(database, source, folder, format_name="avaya-ipoffice")
    feed(lane, log.end)
    lane.close_due(at=NOW + timedelta(hours=20))
    assert Call.objects.count() == 1


def wait_for(condition: Callable[[], object]) -> None:
    until_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_a_database_that_takes_nothing_is_named_and_tried_again(sqlite: Database) -> None:
    source, folder = open_source(sqlite)
    log = RawLog(folder)
    lane = Lane(source, load_definition("3cx"), folder, data_dir=sqlite.settings.data_dir)
    feeder = Feeder(now=lambda: NOW)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tollbook_call RENAME TO tollbook_call_away")
    feeder.start()
    try:
        feeder.add(lane, log.append(record_3cx(1), received_us=to_us(NOW)))
        wait_for(lambda: "tollbook_call" in feeder.fault(source.id))
        assert feeder.clean(source.id) is None
        feeder.grow(source.id, log.append(record_3cx(2), received_us=to_us(NOW)))
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tollbook_call_away RENAME TO tollbook_call")
        wait_for(lambda: call_ids(source) == ["id_1", "id_2"])
        wait_for(lambda: not feeder.fault(source.id))
    finally:
        feeder.stop()
    assert SourcePosition.objects.get(source=source.id).offset == log.end.offset
