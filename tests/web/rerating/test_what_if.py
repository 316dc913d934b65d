"""The screen "What if": tariffs ticked, calls priced by each, savings drawn, listed, exported."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from support.office import FIRST_CALL, NOON, TARIFF, Call, Office
from tollbook.app.access.actor import Actor
from tollbook.app.tariffs.publish import Published, publish_tariff
from tollbook.documents.charts import Rod, nice_scale, rods_with_mark
from tollbook.web.rerating.pages import asked_days

HALF = {
    "name": "Half <price>",
    "currency": "EUR",
    "zone": "Europe/Berlin",
    "rate": [
        {"prefix": "49", "slots": [{"from_s": 0, "price": "0.06", "per_s": 60, "increment_s": 60}]}
    ],
}
OCTOBER = "from=2026-10-01&to=2026-10-31"


@pytest.fixture
def compared(office: Office) -> tuple[int, int]:
    """Two tariffs, by id, and three calls of October: two German ones, one French."""
    numbers = ["00494020123456", "00494020123456", "0033123456789"]
    office.receive(
        Call(number=nth, start=FIRST_CALL + timedelta(minutes=nth), talk_s=60, dialled=number)
        for nth, number in enumerate(numbers)
    )
    ids = []
    for document in (TARIFF, HALF):
        published = publish_tariff(document, by=Actor("test", NOON))
        assert isinstance(published, Published)
        ids.append(published.tariff_id)
    return ids[0], ids[1]


def words_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def test_the_page_offers_the_tariffs_and_the_month_before(
    browser: Client, compared: tuple[int, int]
) -> None:
    page = browser.get("/tariffs/what-if").content.decode()

    assert 'value="2026-09-01"' in page
    assert 'value="2026-09-30"' in page
    assert "Half &lt;price&gt; (EUR)" in page
    assert "hx-get" not in page.split("Compare")[1].split("</main>")[0]


def test_the_result_states_the_saving_and_what_has_no_price(
    browser: Client, compared: tuple[int, int]
) -> None:
    first, half = compared
    asked = f"tariff={first}&tariff={half}&{OCTOBER}"
    page = browser.get(f"/tariffs/what-if?{asked}").content.decode()
    assert f"/tariffs/what-if/result?tariff={first}&amp;tariff={half}" in page

    words = words_of(browser, f"/tariffs/what-if/result?{asked}")

    # Two calls of a minute: 0.22 each as charged, 0.06 each at half the price; one to France.
    assert "Half <price> would have cost 0.3200 EUR less (72.7 %) for 2 calls" in words
    assert "3 calls that are priced at all" in words
    assert "33123456789" in words
    assert "Sales" in words


def test_hostile_names_stay_words(browser: Client, compared: tuple[int, int]) -> None:
    page = browser.get(f"/tariffs/what-if/result?tariff={compared[1]}&{OCTOBER}")

    assert b"<price>" not in page.content


def test_the_exports_hold_every_group(browser: Client, compared: tuple[int, int]) -> None:
    asked = f"tariff={compared[1]}&{OCTOBER}"
    answer = browser.get(f"/tariffs/what-if/export.csv?{asked}")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines[1].startswith("total,,Half <price>,3,")
    assert {line.split(",")[0] for line in lines[1:]} == {
        "total",
        "call_type",
        "destination",
        "department",
    }
    book = browser.get(f"/tariffs/what-if/export.xlsx?{asked}")
    assert b"".join(book.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]
    unrated = browser.get(f"/tariffs/what-if/unrated.csv?{asked}")
    assert b"33123456789" in b"".join(unrated.streaming_content)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (OCTOBER, "Tick at least one tariff."),
        (f"tariff=999&{OCTOBER}", "There is no tariff 999"),
        ("tariff=1&from=2026-10-01&to=yesterday", '"yesterday" is not a day'),
        ("tariff=1&from=never&to=2026-10-01", '"never" is not a day or an instant'),
        ("tariff=1&from=2026-10-05&to=2026-10-01", "before it begins"),
        ("&".join(f"tariff={nth}" for nth in range(1, 10)), "Tick at most 8 tariffs"),
    ],
)
def test_what_cannot_be_compared_is_said(
    browser: Client, compared: tuple[int, int], asked: str, says: str
) -> None:
    assert says in words_of(browser, f"/tariffs/what-if/result?{asked}")
    assert browser.get(f"/tariffs/what-if/export.csv?{asked}").status_code == 400


def test_too_many_calls_for_a_page_are_sent_to_the_command_line(
    browser: Client, compared: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_days, "MOST_CALLS", 2)

    words = words_of(browser, f"/tariffs/what-if/result?tariff={compared[0]}&{OCTOBER}")

    assert "3 calls, and a page waits for at most 2" in words


def test_the_pages_want_a_sign_in(anonymous: Client, office: Office) -> None:
    for address in ("", "/result", "/export.csv", "/export.xlsx", "/unrated.csv"):
        assert anonymous.get(f"/tariffs/what-if{address}").status_code in (302, 401, 403)


def test_the_chart_marks_what_was_charged_and_escapes_names() -> None:
    rods = [Rod("<b>", 50, 100, "50 less", "<b>: 50 instead of 100")]

    drawn = rods_with_mark(rods, nice_scale(100, unit=1, decimals=0), title="<t>")

    assert "<b>" not in drawn
    assert 'aria-label="&lt;t&gt;"' in drawn
    width = re.search(r'class="c-now" x="150" y="[\d.]+" width="([\d.]+)"', drawn)
    mark = re.search(r'class="c-before" d="M([\d.]+) ', drawn)
    assert width is not None
    assert mark is not None
    assert float(mark[1]) - 150 == pytest.approx(2 * float(width[1]), abs=0.2)
