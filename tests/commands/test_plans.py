"""`tollbook plan`, `tollbook exchange` and `tollbook rerate --late`, run as people run them."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path

from support.command_server import run_command
from support.databases import Database
from support.office import FIRST_CALL, Call, open_office
from tollbook.storage.models import ExchangeRate

PLAN = """
currency = "USD"
[[volume_discount]]
name = "volume"
tiers = [{ from = "0", percent = "0" }, { from = "2", percent = "50" }]
[[tax]]
name = "VAT"
percent = "19"
[[exchange_rate]]
source = "EUR"
target = "USD"
rate = "2"
on = "2026-09-30"
"""
ECB = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
  xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject>
<Cube><Cube time="2026-09-30"><Cube currency="USD" rate="1.1"/><Cube currency="CHF" rate="0.93"/>
</Cube></Cube></gesmes:Envelope>
"""


def tollbook(
    database: Database, *words: str, cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    folder = cwd or Path(__file__).parent
    return run_command(*words, environment=database.environment, folder=folder)


def test_a_plan_is_added_listed_and_shown(sqlite: Database, tmp_path: Path) -> None:
    open_office(sqlite)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")

    added = tollbook(sqlite, "plan", "add", "plan.toml", "--site", "Main office", cwd=tmp_path)
    again = tollbook(sqlite, "plan", "add", "plan.toml", "--site", "Main office", cwd=tmp_path)
    listed = json.loads(tollbook(sqlite, "plan", "list", "--json").stdout)
    shown = tollbook(sqlite, "plan", "show", str(listed[0]["id"]))

    assert (added.returncode, again.returncode, shown.returncode) == (0, 0, 0)
    assert 'the plan of "Main office", version 1' in added.stderr
    assert "exchange rates taken over: 1 new of 1" in added.stderr
    assert "this very document already" in again.stderr
    assert [(row["site"], row["version"], row["valid_from"]) for row in listed] == [
        ("Main office", 1, None)
    ]
    document = json.loads(shown.stdout)
    assert document["zone"] == "Europe/Berlin"  # the site's, since the plan did not say
    assert "exchange_rate" not in document
    assert ExchangeRate.objects.get().rate == "2"


def test_a_wrong_plan_is_refused_whole_each_fault_with_its_place(
    sqlite: Database, tmp_path: Path
) -> None:
    open_office(sqlite)
    wrong = PLAN.replace('percent = "19"', 'percent = "1e9"\nrate = "x"')
    wrong += '[[assignment]]\ntariff = "mobile.toml"\n'
    (tmp_path / "plan.toml").write_text(wrong, encoding="utf-8")

    refused = tollbook(sqlite, "plan", "add", "plan.toml", cwd=tmp_path)
    checked = tollbook(sqlite, "plan", "check", "plan.toml", cwd=tmp_path)
    nowhere = tollbook(sqlite, "plan", "add", "plan.toml", "--site", "Moon", cwd=tmp_path)
    missing = tollbook(sqlite, "plan", "add", "none.toml", cwd=tmp_path)

    assert [one.returncode for one in (refused, checked, nowhere, missing)] == [1, 1, 2, 2]
    for place in ("tax[0].percent", "tax[0].rate", "assignment"):
        assert f"plan.toml: {place}: " in refused.stderr
    assert "refused whole" in refused.stderr
    assert '"Main office"' in nowhere.stderr
    assert json.loads(tollbook(sqlite, "plan", "list", "--json").stdout) == []
    assert ExchangeRate.objects.count() == 0


def test_rates_come_from_the_bank_and_are_corrected_by_hand(
    sqlite: Database, tmp_path: Path
) -> None:
    open_office(sqlite)
    (tmp_path / "daily.xml").write_text(ECB, encoding="utf-8")
    (tmp_path / "bad.xml").write_text(ECB.replace('"0.93"', '"-1"'), encoding="utf-8")

    first = tollbook(sqlite, "exchange", "import", "daily.xml", cwd=tmp_path)
    again = tollbook(sqlite, "exchange", "import", "daily.xml", cwd=tmp_path)
    bad = tollbook(sqlite, "exchange", "import", "bad.xml", cwd=tmp_path)
    mended = tollbook(sqlite, "exchange", "add", "EUR", "USD", "1.2", "--on", "2026-09-30")
    refused = tollbook(sqlite, "exchange", "add", "EUR", "EUR", "1.2", "--on", "2026-09-30")
    listed = json.loads(tollbook(sqlite, "exchange", "list", "--json").stdout)

    assert [one.returncode for one in (first, again, bad, mended, refused)] == [0, 0, 1, 0, 2]
    assert "2 of them new" in first.stderr
    assert "0 of them new" in again.stderr
    assert "line 5" in bad.stderr
    assert {(one["target"], one["rate"], one["origin"]) for one in listed} == {
        ("CHF", "0.93", "ecb"),
        ("USD", "1.2", "hand"),
    }


def test_late_calls_are_rerated_once(sqlite: Database, tmp_path: Path) -> None:
    office = open_office(sqlite)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    assert tollbook(sqlite, "plan", "add", "plan.toml", cwd=tmp_path).returncode == 0
    office.receive([Call(n, FIRST_CALL + timedelta(hours=n), 600) for n in (0, 2)])
    nothing = tollbook(sqlite, "rerate", "--late")
    office.receive([Call(1, FIRST_CALL + timedelta(hours=1), 600)])

    done = tollbook(sqlite, "rerate", "--late", "--json")
    again = tollbook(sqlite, "rerate", "--late")
    both = tollbook(sqlite, "rerate", "--late", "--from", "2026-10-01")

    assert [one.returncode for one in (nothing, done, again, both)] == [0, 0, 0, 2]
    assert "no call came late" in nothing.stderr
    totals = json.loads(done.stdout)
    assert (totals["calls"], totals["changed"]) == (2, 2)
    assert "no call came late" in again.stderr
