"""`tollbook demo` makes an office once, by the way that real bytes go."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

CALLS = 1_500


def demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TOLLBOOK_")
    }
    command = [sys.executable, "-m", "tollbook", "demo", "--no-serve", "--data", str(folder)]
    return subprocess.run(
        [*command, *words], env=environment, capture_output=True, text=True, check=False
    )


def ask(folder: Path, question: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "tollbook.sqlite3") as database:
        return database.execute(question).fetchall()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "data"
    made = demo(folder, "--calls", str(CALLS))
    assert made.returncode == 0, made.stderr
    return folder


def test_the_directory_is_filled(office: Path) -> None:
    counted = ask(
        office,
        "SELECT (SELECT count(*) FROM tollbook_extension), "
        "(SELECT count(*) FROM tollbook_department), (SELECT count(*) FROM tollbook_account_code), "
        "(SELECT count(*) FROM tollbook_trunk), (SELECT count(*) FROM tollbook_tariff), "
        "(SELECT count(*) FROM tollbook_pbx)",
    )

    assert counted == [(40, 6, 25, 3, 2, 2)]


def test_nearly_all_calls_are_stored_each_with_its_telephone(office: Path) -> None:
    [(calls, without_extension)] = ask(
        office, "SELECT count(*), sum(extension_id IS NULL) FROM tollbook_call"
    )

    assert CALLS - 25 <= calls <= CALLS
    assert without_extension == 0


def test_torn_lines_are_in_quarantine_and_resent_ones_are_duplicates(office: Path) -> None:
    [(rejects, duplicates)] = ask(
        office, "SELECT sum(rejects), sum(duplicates) FROM tollbook_import_file"
    )

    assert (rejects, duplicates) == (6, 3)


def test_both_tariffs_price_calls_and_the_thief_is_the_dearest_caller(office: Path) -> None:
    tariffs = ask(
        office,
        "SELECT count(DISTINCT version.tariff_id) FROM tollbook_charge charge "
        "JOIN tollbook_tariff_version version ON version.id = charge.tariff_version_id",
    )
    [(extension, share)] = ask(
        office,
        "SELECT extension.number, sum(charge.amount_micros) * 1.0 "
        "/ (SELECT sum(amount_micros) FROM tollbook_charge) "
        "FROM tollbook_call call JOIN tollbook_charge charge ON charge.call_id = call.id "
        "JOIN tollbook_extension extension ON extension.id = call.extension_id "
        "GROUP BY 1 ORDER BY 2 DESC LIMIT 1",
    )

    assert tariffs == [(2,)]
    assert extension == "124"
    assert share > 0.1


def test_a_second_start_makes_nothing_anew(office: Path) -> None:
    before = (office / "demo.json").read_text("utf-8")
    again = demo(office, "--seed", "7", "--calls", "99")

    assert again.returncode == 0
    assert "Making" not in again.stderr
    assert (office / "demo.json").read_text("utf-8") == before


def test_an_office_that_was_broken_off_is_completed_without_doubling(office: Path) -> None:
    plan = json.loads((office / "demo.json").read_text("utf-8"))
    (office / "demo.json").write_text(json.dumps(plan | {"finished": False}), "utf-8")
    everything = (
        "SELECT (SELECT count(*) FROM tollbook_call), (SELECT count(*) FROM tollbook_charge), "
        "(SELECT count(*) FROM tollbook_source), (SELECT count(*) FROM tollbook_extension), "
        "(SELECT count(*) FROM tollbook_tariff_assignment)"
    )
    before = ask(office, everything)

    assert demo(office).returncode == 0
    assert ask(office, everything) == before
    assert json.loads((office / "demo.json").read_text("utf-8"))["finished"] is True


def test_another_installation_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tollbook.toml").write_text('site_name = "Real"\n', "utf-8")
    refused = demo(tmp_path)

    assert refused.returncode == 2
    assert "no sample office" in refused.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["tollbook.toml"]


def test_a_plan_that_cannot_be_read_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"seed": 1', "utf-8")
    refused = demo(tmp_path)

    assert refused.returncode == 2
    assert f"{tmp_path / 'demo.json'}: cannot be read" in refused.stderr


def test_fewer_than_one_call_is_refused(tmp_path: Path) -> None:
    refused = demo(tmp_path / "data", "--calls", "0")

    assert refused.returncode == 2
    assert "--calls is 0" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_money_was_paid_in_spent_and_put_right(office: Path) -> None:
    kinds = dict(ask(office, "SELECT kind, count(*) FROM tollbook_entry GROUP BY kind"))
    [(prepaid, postpaid, locked)] = ask(
        office,
        "SELECT sum(billing AND payment_type = 'prepaid'), "
        "sum(billing AND payment_type = 'postpaid'), sum(locked) FROM tollbook_extension",
    )

    assert (prepaid, postpaid, locked) == (20, 8, 1)
    assert (kinds["recharge"], kinds["adjustment"], kinds["reversal"]) == (63, 1, 1)
    assert kinds["charge"] > 100
    [(unbalanced,)] = ask(
        office,
        "SELECT count(*) FROM tollbook_balance b WHERE b.balance_micros <> "
        "(SELECT sum(p.amount_micros) FROM tollbook_posting p WHERE p.account_id = b.account_id)",
    )
    assert unbalanced == 0
