"""`tollbook rerate`, run as people run it."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from support.command_server import run_command
from support.databases import Database
from support.office import FIRST_CALL, NOON, TARIFF, Call, calls_in_a_row, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.rerating.run import begin_rerating
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.storage.models import Charge, RatingRun
from tollbook.storage.reports.call_filter import CallFilter

FOLDER = Path(__file__).parent
OCTOBER = ("--from", "2026-10-01", "--to", "2026-11-01")


def rerate(database: Database, *words: str) -> "subprocess.CompletedProcess[str]":
    return run_command("rerate", *words, environment=database.environment, folder=FOLDER)


def make_dearer() -> None:
    germany, berlin = TARIFF["rate"]
    dearer = {**TARIFF, "rate": [{**germany, "connect_fee": "0.20"}, berlin]}
    publish_tariff(dearer, by=Actor("test", NOON), valid_from=FIRST_CALL)


def test_a_dry_run_foretells_and_a_run_posts(database: Database) -> None:
    calls = [
        Call(1, FIRST_CALL),
        Call(2, FIRST_CALL + timedelta(hours=1), extension="102", dialled="00493020123456"),
    ]
    open_office(database).receive(calls)
    make_dearer()

    dry = rerate(database, *OCTOBER, "--dry-run", "--json")
    done = rerate(database, *OCTOBER, "--json")

    assert (dry.returncode, done.returncode) == (0, 0)
    foretold, result = json.loads(dry.stdout), json.loads(done.stdout)
    assert foretold["totals"] == [
        {
            "currency": "EUR",
            "calls": 2,
            "changed": 2,
            "unrated": 0,
            "became_unrated": 0,
            "old": "0.23",
            "new": "0.33",
            "difference": "0.1",
        }
    ]
    assert [line["extension"] for line in foretold["by_extension"]] == ["101", "102"]
    assert (foretold.pop("run"), result.pop("run")) == (None, RatingRun.objects.get().pk)
    assert foretold == result


def test_the_table_is_for_people(sqlite: Database) -> None:
    open_office(sqlite).receive([Call(1, FIRST_CALL)])
    make_dearer()

    said = rerate(sqlite, *OCTOBER, "--dry-run")

    assert said.returncode == 0
    assert said.stdout.startswith("Dry run: nothing was stored. 1 call, 1 with a new charge.\n")
    columns = said.stdout.splitlines()[1].split()
    assert columns == ["All", "1", "1", "0.22", "0.32", "0.1", "EUR"]


def test_calls_without_a_price_are_status_1(sqlite: Database) -> None:
    open_office(sqlite).receive([Call(1, FIRST_CALL, dialled="0033123456789")])

    said = rerate(sqlite, *OCTOBER)

    assert said.returncode == 1
    assert "listed as unrated: 1, of which 0 had one before" in said.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--from", "2026-10-01"), "--to"),
        (("--from", "soon", "--to", "2026-11-01"), "--from"),
        ((*OCTOBER, "--extension", "999"), "--extension"),
        ((*OCTOBER, "--by", "destination"), "--by"),
    ],
)
def test_wrong_use_is_named(sqlite: Database, words: tuple[str, ...], named: str) -> None:
    open_office(sqlite)

    said = rerate(sqlite, *words)

    assert (said.returncode, said.stdout) == (2, "")
    assert named in said.stderr


def test_another_run_that_was_not_finished_comes_first(sqlite: Database) -> None:
    open_office(sqlite).receive(calls_in_a_row(10))
    make_dearer()
    begin_rerating(CallFilter(direction=2), words="outgoing", by=Actor("test", NOON))

    said = rerate(sqlite, *OCTOBER)

    assert said.returncode == 2
    assert "(outgoing) is not finished" in said.stderr
    assert not Charge.objects.exclude(run=0).exists()
