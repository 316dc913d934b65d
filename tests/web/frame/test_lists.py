"""Sources, tariffs and quarantine as lists: searched, narrowed, sorted, sent as files."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from python_calamine import CalamineWorkbook

from support.factories import make_reject, make_source
from support.office import Office

TARIFF = """
name = "{name}"
currency = "EUR"
zone = "Europe/Berlin"
rounding = {{ rule = "half_up", decimals = 4 }}

[[rate]]
prefix = "33"
slots = [{{ from_s = 0, price = "0.01", per_s = 60, increment_s = 60 }}]
"""


def names(browser: Client, address: str) -> list[str]:
    """Return what stands first in each row."""
    html = browser.get(address).content.decode()
    return re.findall(r"<th scope=\"row\"[^>]*>.*?<strong>(?:<bdi>)?([^<]*)", html, re.DOTALL)


def table(browser: Client, address: str) -> list[dict[str, str]]:
    answer = b"".join(browser.get(address).streaming_content)  # type: ignore[attr-defined]  # a stream
    return list(csv.DictReader(io.StringIO(answer.decode("utf-8-sig"))))


@pytest.fixture
def with_sources(browser: Client, office: Office) -> Client:
    for name, more in (
        ("Warehouse", {"transport": "tcp-listen", "port": "5020", "format": "3cx"}),
        ("annex", {"transport": "tail", "path": "/var/log/asterisk/Master.csv"}),
    ):
        given = {"pbx": "Reception", "format": "asterisk-csv", "name": name, **more}
        assert browser.post("/sources/add", given).status_code == 302
    return browser


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Warehouse", "annex"]),
        ("?sort=name", ["annex", "Warehouse"]),
        ("?sort=-name", ["Warehouse", "annex"]),
        ("?sort=transport", ["annex", "Warehouse"]),
        ("?q=WARE", ["Warehouse"]),
        ("?q=3cx", ["Warehouse"]),
        ("?q=master.csv", ["annex"]),
        ("?state=running", []),
        ("?state=unknown&q=annex", ["annex"]),
    ],
)
def test_sources_are_found_and_sorted(
    with_sources: Client, query: str, expected: list[str]
) -> None:
    assert names(with_sources, f"/sources{query}") == expected
    assert names(with_sources, f"/sources/rows{query}") == expected
    exported = table(with_sources, f"/sources/export.csv{query}")
    assert [row["Source"] for row in exported] == expected


@pytest.mark.parametrize(
    "key", ["name", "state", "transport", "last", "today", "rejects", "duplicates"]
)
def test_every_column_of_the_sources_sorts(with_sources: Client, key: str) -> None:
    for sign in ("", "-"):
        assert len(names(with_sources, f"/sources?sort={sign}{key}")) == 2


def test_the_sources_ask_again_for_what_they_show(with_sources: Client) -> None:
    html = with_sources.get("/sources?q=annex&sort=name").content.decode()

    assert 'hx-get="/sources/rows?q=annex&amp;sort=name"' in html


def test_a_list_without_a_row_that_fits_says_how_to_see_all(with_sources: Client) -> None:
    assert "No source fits" in with_sources.get("/sources?q=nothing").content.decode()
    assert "No tariff fits" in with_sources.get("/tariffs?q=nothing").content.decode()
    assert "No record fits" in with_sources.get("/calls/quarantine?q=x").content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=lines", ["Spare lines"]),
        ("?assigned=no", ["Spare lines"]),
        ("?sort=-name", ["Spare lines", "Carrier A"]),
        ("?sort=name", ["Carrier A", "Spare lines"]),
        ("?sort=-versions", ["Spare lines", "Carrier A"]),
    ],
)
def test_tariffs_are_found_and_sorted(
    browser: Client, office: Office, query: str, expected: list[str]
) -> None:
    for rate in ("0.01", "0.02"):
        text = TARIFF.format(name="Spare lines").replace("0.01", rate)
        upload = SimpleUploadedFile("spare.toml", text.encode())
        assert browser.post("/tariffs/upload", {"file": upload}).status_code == 302

    assert names(browser, f"/tariffs{query}") == expected
    exported = table(browser, f"/tariffs/export.csv{query}")
    assert [row["Tariff"] for row in exported] == expected


@pytest.fixture
def quarantined(browser: Client, office: Office) -> Client:
    source = make_source("Test", transport="import", format="3cx")
    for line, raw in enumerate((b"Call 7,\x00\x01,=1+1", "Call 8,Müller".encode()), start=1):
        make_reject(source, line, raw)
    return browser


@pytest.mark.parametrize(
    ("q", "count"),
    [("Müller", 1), ("Call", 2), ("NOT A RECORD", 2), ("layout", 2), ("%", 0), ("call 8", 0)],
)
def test_records_in_quarantine_are_found_by_their_bytes_and_by_what_is_wrong(
    quarantined: Client, q: str, count: int
) -> None:
    page = quarantined.get("/calls/quarantine", {"q": q}).content.decode()

    assert len(re.findall(r'href="/calls/quarantine/\d+"', page)) == count
    assert (
        len(table(quarantined, f"/calls/quarantine/export.csv?q={q.replace('%', '%25')}")) == count
    )


def test_the_quarantine_is_sent_as_a_workbook_without_formulas(quarantined: Client) -> None:
    answer = quarantined.get("/calls/quarantine/export.xlsx")
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a stream

    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()

    assert len(rows) == 3
    assert any("Müller" in str(row[-1]) for row in rows)
