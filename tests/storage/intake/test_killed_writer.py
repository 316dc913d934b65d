"""A writer that is killed has stored each step whole or not at all, and the next one goes on."""

import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from support.batches import RECORD_BYTES, make_office
from support.databases import Database, connection, door
from tollbook.storage.models import Call, Charge, Meta, RawRecord, SourceDay, SourcePosition

WRITER = Path(__file__).parents[2] / "support" / "bulk_process.py"
CALLS = 8_000
SEED = 20_260_131


def start_writer(database: Database, calls: int = CALLS) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, WRITER, str(calls)],
        env=database.environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(writer: "subprocess.Popen[str]") -> None:
    writer.communicate(timeout=60)
    assert writer.returncode == 0


def assert_all_agree() -> int:
    """Return how many calls are stored, after seeing that every table says the same."""
    calls = Call.objects.count()
    position = SourcePosition.objects.get()
    assert RawRecord.objects.count() == Charge.objects.count() == calls
    assert (position.offset, position.line) == (calls * RECORD_BYTES, calls)
    assert SourceDay.objects.get().calls == calls
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchall() == [("ok",)]
    return calls


@pytest.mark.slow
def test_kill_9_in_the_middle_loses_and_doubles_nothing(database: Database) -> None:
    make_office()
    moments = random.Random(SEED)
    for _ in range(3):
        writer = start_writer(database)
        assert writer.stdout is not None
        writer.stdout.readline()  # The first step is stored; kill it in one of the next.
        time.sleep(moments.uniform(0, 0.04))
        writer.kill()
        acknowledged = len(writer.stdout.readlines())
        writer.wait(10)
        writer.stdout.close()
        assert acknowledged * 40 <= assert_all_agree() < CALLS

    door.decide(partial(Meta.objects.create, key="the lock is free"))
    finish(start_writer(database))

    assert assert_all_agree() == CALLS


@pytest.mark.slow
def test_several_processes_write_at_once_without_being_refused(database: Database) -> None:
    make_office()
    writers = [start_writer(database, 400) for _ in range(2)]  # they replay each other's steps
    for nth in range(50):
        door.decide(partial(Meta.objects.create, key=str(nth)))
    for writer in writers:
        finish(writer)

    assert Call.objects.count() == RawRecord.objects.count() == Charge.objects.count() == 400
    assert Meta.objects.exclude(key__startswith="changed:").count() == 50
