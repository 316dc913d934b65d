"""Plans and exchange rates on the screens: added, shown in words, refused with each place."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from support.office import FIRST_CALL, NOON, Call, Office
from support.planned import PLAN, add
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.models import Counter, ExchangeRate, PlanVersion, Tariff

DOCUMENT = """
currency = "EUR"
[[bundle]]
name = "<b>house</b>"
seconds = 600
shared = true
[[volume_discount]]
name = "volume"
callers = ["101", "Sales"]
tiers = [{ from = "0", percent = "0" }, { from = "50", percent = "5" }]
[[tax]]
name = "VAT"
percent = "19"
inclusive = true
"""
ECB = b"""<Envelope><Cube><Cube time="2026-10-29"><Cube currency="USD" rate="1.05"/></Cube>
<Cube time="2026-10-30"><Cube currency="USD" rate="1.1"/><Cube currency="CHF" rate="0.93"/></Cube>
</Cube></Envelope>"""


def words_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_an_empty_list_teaches(browser: Client, office: Office) -> None:
    assert "No plan yet" in words_of(browser.get("/tariffs/plans"))
    assert "No exchange rate yet" in words_of(browser.get("/tariffs/exchange-rates"))


def test_a_plan_is_checked_added_and_read_in_words(browser: Client, office: Office) -> None:
    given = {"text": DOCUMENT, "site": str(office.site_id), "valid_from": ""}

    checked = browser.post("/tariffs/plans/add", {**given, "do": "check"})
    assert "It holds" in words_of(checked)
    assert PlanVersion.objects.count() == 0
    added = browser.post("/tariffs/plans/add", {**given, "do": "add"})
    page = browser.get(added["Location"])

    assert added.status_code == 302
    words = words_of(page)
    assert "Plan of Main office" in words
    assert "&lt;b&gt;house&lt;/b&gt;" in page.content.decode()
    assert "00:10:00 a month, shared by all" in words
    assert "from 0 EUR 0 %, from 50 EUR 5 %" in words
    assert "callers 101, Sales" in words
    assert "19 %, in the price already" in words
    assert "1 bundle, 1 volume discount, 1 tax, in EUR" in words_of(browser.get("/tariffs/plans"))
    document = browser.get(f"{added['Location']}/document.json")
    assert document.json()["zone"] == "Europe/Berlin"


def test_a_wrong_plan_shows_each_fault_with_its_place(browser: Client, office: Office) -> None:
    wrong = DOCUMENT.replace('percent = "19"', "percent = 19") + "[[assignment]]\ntariff = 'x'\n"

    answer = browser.post("/tariffs/plans/add", {"text": wrong, "do": "add"})

    assert answer.status_code == 422
    words = words_of(answer)
    assert "Refused: 2 faults" in words
    assert "tax[0].percent" in words
    assert "stored calls follow the assignments" in words
    assert PlanVersion.objects.count() == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 5_000,
        "{" * 5_000,
        '{"tax": [{"name": "VAT", "percent": NaN}]}',
        '{"tax": {"name": "VAT"}}',
        '{"zone": "Atlantis/Deep", "bundle": [{"name": "x", "seconds": -1}]}',
        'zone = "UTC"\nzone = "UTC"',
        "x" * 1_100_000,
    ],
)
def test_hostile_documents_are_refused_in_words(browser: Client, office: Office, text: str) -> None:
    file = io.BytesIO(text.encode())
    file.name = "plan.json" if text.startswith("{") else "plan.toml"

    answer = browser.post("/tariffs/plans/add", {"file": file, "do": "add"})

    assert answer.status_code in (413, 422)
    assert PlanVersion.objects.count() == 0


def test_the_list_says_which_version_is_in_force(browser: Client, office: Office) -> None:
    add(PLAN, valid_from=NOON - timedelta(days=2))
    add({"zone": "UTC"}, valid_from=NOON - timedelta(days=1))
    add({"zone": "Europe/Rome"}, valid_from=NOON + timedelta(days=1))

    everything = words_of(browser.get("/tariffs/plans?sort=version"))
    in_force = words_of(browser.get("/tariffs/plans?state=in+force"))

    assert re.findall(r"\b[123] 2026-\S+ \S+ (\w+(?: \w+)?)", everything) == [
        "followed 2", "in force", "to come",
    ]  # fmt: skip
    assert "1 to 1 of 1 version" in in_force
    csv = browser.get("/tariffs/plans/export.csv?state=to+come")
    assert b"to come" in b"".join(csv.streaming_content)  # type: ignore[attr-defined]


def test_a_call_shows_each_step_of_its_plan(browser: Client, office: Office) -> None:
    add(PLAN)
    office.receive([Call(1, FIRST_CALL, 600)])

    words = words_of(browser.get(f"/calls/{StoredCall.objects.get().pk}"))

    for said in (
        "Free from bundle: gift",
        "Service charge: switchboard",
        "Tax: VAT 19 %",
        "What had been used before",
        "Bundle: house all whom it is for 00:00:00 00:04:10",
        "Plan: every site, version 1",
    ):
        assert said in words, said
    assert "Recomputed now" not in words


def test_the_bank_s_file_is_taken_once_and_corrected_by_hand(
    browser: Client, office: Office
) -> None:
    for new in (3, 0):
        file = io.BytesIO(ECB)
        file.name = "eurofxref.xml"
        answer = browser.post("/tariffs/exchange-rates/add", {"file": file, "do": "file"})
        assert answer.status_code == 302
        said = words_of(browser.get("/tariffs/exchange-rates"))
        assert f"{new} of them new" in said
    typed = {"source": "eur", "target": "usd", "rate": "1.2", "day": "2026-10-30", "do": "hand"}
    assert browser.post("/tariffs/exchange-rates/add", typed).status_code == 302

    shown = words_of(browser.get("/tariffs/exchange-rates?target=USD&from=2026-10-30"))
    both = words_of(browser.get("/tariffs/exchange-rates?target=USD&from=2026-10-30&all=yes"))

    assert "1.2 USD by hand" in shown
    assert "1 to 1 of 1 rate" in shown
    assert "corrected" in both
    assert "1.1 USD" in both
    for sort in ("day", "-rate", "source", "nonsense", "-created_us"):
        assert browser.get(f"/tariffs/exchange-rates?sort={sort}&q=us").status_code == 200
    csv = browser.get("/tariffs/exchange-rates/export.csv")
    assert b"".join(csv.streaming_content).count(b"\n") == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("field", "value"),
    [("source", "EURO"), ("target", "EUR"), ("rate", "0"), ("rate", "1e9"), ("day", "soon")],
)
def test_a_wrong_rate_is_refused_at_its_field(
    browser: Client, office: Office, field: str, value: str
) -> None:
    typed = {"source": "EUR", "target": "USD", "rate": "1.2", "day": "2026-10-30", "do": "hand"}

    answer = browser.post("/tariffs/exchange-rates/add", {**typed, field: value})

    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.content.decode()
    assert ExchangeRate.objects.count() == 0


def test_a_hostile_file_of_rates_is_refused(browser: Client, office: Office) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><Cube>&a;</Cube>'
    file = io.BytesIO(bomb)
    file.name = "eurofxref.xml"

    answer = browser.post("/tariffs/exchange-rates/add", {"file": file, "do": "file"})

    assert answer.status_code == 422
    assert "declares a document type" in words_of(answer)


def test_viewers_read_and_change_nothing(browser: Client, office: Office) -> None:
    browser.post("/sign-out")

    assert browser.get("/tariffs/plans").status_code == 302
    assert browser.post("/tariffs/plans/add", {"text": DOCUMENT}).status_code == 302


def test_the_tester_prices_under_the_plan_and_counts_nothing(
    browser: Client, office: Office
) -> None:
    add(PLAN)
    tariff = Tariff.objects.get().pk
    call = "number=494020123456&start=2026-10-01T08:00:00&talk=600"
    asked = f"/tariffs/tester?tariff={tariff}&{call}"

    planned = words_of(browser.get(f"{asked}&caller=101&plan=1"))
    base = words_of(browser.get(f"{asked}&caller=101"))

    assert "Free from bundle: house" in planned
    assert "Tax: VAT 19 %" in planned
    assert "Plan: every site, version 1" in planned
    assert "Tax: VAT" not in base
    assert "0.7600" not in planned
    assert "0.76 EUR" in base
    assert Counter.objects.count() == 0
