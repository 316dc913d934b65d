"""Past calls under other tariffs: sums that a clerk can add, savings that are none of magic."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.batches import SECOND_US, Office, add_call, add_record, empty_batch, make_office
from support.databases import Database, door
from support.factories import make_tariff
from tollbook.app.reports.call_criteria import Criteria, select
from tollbook.app.rerating.what_if import (
    Comparison,
    TariffOutcome,
    WhatIfLine,
    WhatIfRefused,
    alternatives,
    compare,
)
from tollbook.app.rerating.what_if_table import document_of, table_of, unrated_table_of
from tollbook.cli import main
from tollbook.documents.csv_text import stream_csv
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.models.raw import RecordKind
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.columnar import queries
from tollbook.storage.reports.columnar.refresh import refresh

CHEAP = """
name = "Cheap"
currency = "EUR"
zone = "Europe/Berlin"
rounding = { rule = "half_up", decimals = 4 }

[[rate]]
prefix = "49"
destination = "Germany"
call_type = "national"
slots = [{ from_s = 0, price = "0.06", per_s = 60, increment_s = 60 }]
"""
DEAR = CHEAP.replace("Cheap", "Dear").replace("0.06", "0.60").replace('"49"', '""')
DOLLARS = DEAR.replace("Dear", "Dollars").replace("EUR", "USD")


@pytest.fixture
def office(database: Database) -> Office:
    """An office with three German calls of 0.25, one Swiss one of 1.00, and two unpriced ones."""
    office = make_office()
    batch = empty_batch(office)
    calls: list[dict[str, object]] = [
        {"talk_ms": 60_000, "call_type": "national"},
        {"talk_ms": 61_000, "call_type": "national"},
        {"talk_ms": 0, "call_type": "national"},
        {"talk_ms": 90_000, "call_type": "international", "callee": "41441234567"},
        {"talk_ms": 90_000, "call_type": "internal", "direction": 3},
        {"talk_ms": 0, "answered": False, "answer_us": None},
    ]
    for nth, changes in enumerate(calls):
        charge = {3: 1_000_000, 4: None, 5: None}.get(nth, 250_000)
        record = add_record(batch, nth, RecordKind.CALL)
        add_call(batch, office, record, nth=nth, charge_micros=charge, **changes)
    with door.transaction():
        store_calls(batch)
    return office


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Tariff documents in files, by name."""
    for name, text in (("cheap", CHEAP), ("dear", DEAR), ("dollars", DOLLARS)):
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")
    return {name: str(tmp_path / f"{name}.toml") for name in ("cheap", "dear", "dollars")}


def by_name(lines: tuple[WhatIfLine, ...]) -> dict[str, WhatIfLine]:
    return {line.name: line for line in lines}


def test_a_clerk_adds_the_same(office: Office, files: dict[str, str]) -> None:
    found = compare(CallFilter(), alternatives([files["cheap"], files["dear"]]))

    # Cheap: one minute and two begun ones at 0.06; nothing for no talk; no price for Switzerland.
    # Dear: 0.60, 1.20, nothing, and 1.20 for the Swiss call.
    assert (found.total.calls, found.total.charges) == (4, (("EUR", 1_750_000),))
    assert found.total.outcomes == (
        TariffOutcome(
            charge_micros=180_000,
            unrated=1,
            compared=3,
            before_micros=750_000,
            after_micros=180_000,
        ),
        TariffOutcome(
            charge_micros=3_000_000,
            unrated=0,
            compared=4,
            before_micros=1_750_000,
            after_micros=3_000_000,
        ),
    )
    assert [outcome.saving_micros for outcome in found.total.outcomes] == [570_000, -1_250_000]


def test_groups_add_up_to_the_total(office: Office, files: dict[str, str]) -> None:
    found = compare(CallFilter(), alternatives([files["cheap"], files["dear"]]))

    assert list(by_name(found.groups["call_type"])) == ["international", "national"]
    assert by_name(found.groups["department"])["Sales"].calls == 2
    for lines in found.groups.values():
        assert sum(line.calls for line in lines) == found.total.calls
        for nth, outcome in enumerate(found.total.outcomes):
            assert sum(line.outcomes[nth].charge_micros for line in lines) == outcome.charge_micros
            assert sum(line.outcomes[nth].saving_micros for line in lines) == outcome.saving_micros


def test_a_call_without_a_price_saves_nothing_and_is_listed(
    office: Office, files: dict[str, str]
) -> None:
    found = compare(CallFilter(call_type="international"), alternatives([files["cheap"]]))

    assert found.total.outcomes[0].saving_micros == 0
    (one,) = found.unrated
    assert (one.number, one.reason, one.calls, one.talk_ms) == (
        "41441234567",
        "no_prefix",
        1,
        90_000,
    )


def test_other_money_is_never_compared(office: Office, files: dict[str, str]) -> None:
    found = compare(CallFilter(), alternatives([files["dollars"]]))

    (outcome,) = found.total.outcomes
    assert (outcome.charge_micros, outcome.compared, outcome.saving_micros) == (3_000_000, 0, 0)


def test_the_copy_and_the_tables_compare_alike(
    office: Office, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from_tables = compare(CallFilter(), alternatives([files["cheap"]]))
    monkeypatch.setattr(queries, "WORTH_CALLS", 0)
    refresh()

    assert queries.totals(CallFilter()) is not None
    from_copy = compare(CallFilter(), alternatives([files["cheap"]]))
    assert (from_copy.total, from_copy.groups, from_copy.unrated) == (
        from_tables.total,
        from_tables.groups,
        from_tables.unrated,
    )


def test_a_stored_tariff_is_taken_by_name_in_its_newest_version(
    office: Office, files: dict[str, str]
) -> None:
    documents = [
        {
            "name": "Stored",
            "currency": "EUR",
            "zone": "Europe/Berlin",
            "rate": [
                {
                    "prefix": "49",
                    "slots": [{"from_s": 0, "price": price, "per_s": 60, "increment_s": 60}],
                }
            ],
        }
        for price in ("6.00", "0.06")
    ]
    make_tariff("Stored", *map(json.dumps, documents), begins_us=(SECOND_US, 2 * SECOND_US))

    found = compare(CallFilter(), alternatives(["Stored"]))

    assert found.total.outcomes[0].charge_micros == 180_000


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], "no tariff"),
        (["nobody"], '"nobody" is neither a file nor a stored tariff. Stored: "Carrier A".'),
        (["x", "x"], "named twice"),
        ([str(number) for number in range(9)], "9 tariffs were given, at most 8"),
    ],
)
def test_what_cannot_be_compared_is_refused(office: Office, names: list[str], says: str) -> None:
    with pytest.raises(WhatIfRefused, match=says):
        alternatives(names)


def test_a_faulty_document_is_refused_with_its_place(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(CHEAP.replace('"0.06"', '"NaN"'), "utf-8")

    with pytest.raises(WhatIfRefused, match=r"wrong\.toml: rate\[0\]"):
        alternatives([str(file)])


def test_files_and_json_say_the_same(office: Office, files: dict[str, str]) -> None:
    selection = select(Criteria(start="2026-01-01", end="2026-02-01"))
    found: Comparison = compare(selection.filter, alternatives([files["cheap"]]))

    document = document_of(found, selection)
    total = document["total"]
    assert isinstance(total, dict)
    assert total["charged"] == {"EUR": "1.75"}
    assert total["tariffs"][0]["saving"] == "0.57"
    rows = _text(stream_csv(table_of(found, selection))).splitlines()
    assert rows[1] == ("total,,Cheap,4,00:03:31,1.7500,EUR,0.1800,EUR,1,3,0.7500,0.1800,0.5700")
    numbers = _text(stream_csv(unrated_table_of(found, selection))).splitlines()
    assert numbers[1].startswith("Cheap,41441234567,")


def _text(pieces: Iterator[bytes]) -> str:
    return b"".join(pieces).decode()


@pytest.fixture
def embedded(sqlite: Database, files: dict[str, str]) -> dict[str, str]:
    """The files, beside an office on the embedded database, which the command line opens."""
    office = make_office()
    batch = empty_batch(office)
    add_call(batch, office, add_record(batch, 0, RecordKind.CALL), nth=60)
    with door.transaction():
        store_calls(batch)
    return {**files, "data": str(sqlite.data_dir)}


def test_the_command_prints_a_table_json_and_a_file(
    embedded: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    words = ["what-if", "--from", "2026-01-01", "--to", "2026-02-01", "--data", embedded["data"]]
    words += ["--tariff", embedded["cheap"], "--tariff", embedded["dear"]]

    assert main(words) == 0
    table = capsys.readouterr().out
    assert "as charged" in table
    assert "Cheap" in table
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["tariffs"][0]["saving"] == "0.19"
    target = tmp_path / "out.csv"
    assert main([*words, "--format", "csv", "-o", str(target)]) == 0
    assert "Cheap" in target.read_text("utf-8")


def test_the_command_refuses_by_name(
    embedded: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["what-if", "--from", "2026-01-01", "--to", "2026-02-01", "--data", embedded["data"]]

    assert main([*words, "--tariff", "nobody"]) == 2
    assert "--tariff" in capsys.readouterr().err
    assert main([*words, "--tariff", embedded["cheap"], "--extension", "999"]) == 2
    assert "--extension" in capsys.readouterr().err
    assert main([*words, "--tariff", embedded["cheap"], "--json", "--format", "csv"]) == 2
