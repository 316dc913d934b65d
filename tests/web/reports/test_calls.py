"""The call log and a call: what the address asks for is what is shown, exported and added up."""

import csv
import html as markup
import io
import re
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from support.office import FIRST_CALL, NOON, Call, Office, calls_in_a_row
from support.screens import StandingClock
from tollbook.core.dialplan import CALL_TYPES
from tollbook.web.frame.periods import NAMED
from tollbook.web.reports.pages.log_choices import LogChoices
from tollbook.web.reports.pages.log_query import DIRECTION_WORDS, SIZES, SORTS, LogQuery, read_query

HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd|'/c calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "أمينة الخطيب",
    "x" * 80,
    '"><img src=x onerror=alert(1)>',
)
NO_CHOICES = LogChoices((), (), (), (), (), (), (), ())


def log(browser: Client, query: str = "") -> str:
    answer = browser.get(f"/calls{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def rows(html: str) -> list[str]:
    """Return the ids of the calls that are listed, in order."""
    return re.findall(r'<tr id="call-(\d+)"', html)


def older(html: str) -> str | None:
    found = re.search(r'rel="next" href="([^"]+)"', html)
    return found[1].replace("&amp;", "&") if found else None


def query_of(address: str) -> LogQuery:
    given = {key: values[-1] for key, values in parse_qs(urlsplit(address).query).items()}
    return read_query(given, choices=NO_CHOICES, zone=BERLIN, now=NOON)


BERLIN = ZoneInfo("Europe/Berlin")


def test_a_call_stands_in_the_log_with_who_whom_how_long_and_how_much(
    browser: Client, office: Office
) -> None:
    office.receive([Call(1, FIRST_CALL, talk_s=125, account_code="4711", name="Amir")])

    html = log(browser)
    cells = [
        re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", html, re.S)
    ]

    # 0.12 for the first minute, 65 s at 0.06 a minute, 0.10 for being connected
    assert cells[:10] == [
        *("1 Oct 08:00:00", "Amir[101]", "494020123456", "Germany", "National"),
        *("PJSIP/carrier", "4711", "", "00:02:05", "0.2850"),
    ]
    assert "Charge, EUR" in html
    assert "Times in Europe/Berlin" in html


def test_a_call_without_a_charge_says_why(browser: Client, office: Office) -> None:
    office.receive([Call(1, FIRST_CALL, dialled="0033123456789"), Call(2, FIRST_CALL, talk_s=0)])

    html = log(browser)

    assert 'title="No rate has a prefix of this number">unrated' in html
    assert 'title="Nobody answered">—' in html


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_caller_says_is_shown_and_never_run(
    browser: Client, office: Office, name: str
) -> None:
    office.receive([Call(1, FIRST_CALL, name=name, account_code=name[:20])])

    for page in ("/calls", "/calls/1", "/calls/1/why", f"/calls?q={name[:60]}", "/find?q=101"):
        html = browser.get(page).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    shown = browser.get("/calls").content.decode()
    assert markup.escape(name[:20]) in shown


def test_every_call_is_met_once_on_the_way_through_the_pages(
    browser: Client, office: Office
) -> None:
    office.receive(calls_in_a_row(57))
    for sort in SORTS:
        met: list[str] = []
        address: str | None = f"?size=10&sort={sort}"
        while address:
            html = log(browser, address)
            met += rows(html)
            address = older(html)

        assert len(met) == 57, sort
        assert len(set(met)) == 57, sort


def test_the_way_back_shows_the_same_page_again(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(30))
    first = log(browser, "?size=10")
    second = log(browser, older(first) or "")
    back = re.search(r'rel="prev" href="([^"]+)"', second)

    assert back is not None
    assert rows(log(browser, back[1].replace("&amp;", "&"))) == rows(first)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?q=4020", 2),
        ("?q=amir", 2),
        ("?q=berta", 1),
        ("?extension=102", 1),
        ("?extension=999", 0),
        ("?account_code=4711", 1),
        ("?account_code=nobody", 0),
        ("?direction=out", 3),
        ("?direction=in", 0),
        ("?call_type=national", 2),
        ("?answered=no", 1),
        ("?cost_min=0.2&cost_max=0.3", 1),
        ("?unrated=1", 1),
        ("?department=1", 2),
        ("?trunk=1", 3),
        ("?from=2026-10-01&to=2026-10-02", 2),
        ("?from=2026-10-02T08:00", 1),
        ("?period=month", 3),
        ("?period=last-month", 0),
        ("?period=today", 0),
        ("?arrived=today", 3),
        ("?arrived=yesterday", 0),
        ("?arrived=today&extension=102", 1),
    ],
)
def test_a_filter_shows_only_what_fits(
    browser: Client, office: Office, query: str, count: int
) -> None:
    office.receive(
        [
            Call(1, FIRST_CALL, talk_s=125, name="Amir", account_code="4711"),
            Call(2, FIRST_CALL + timedelta(hours=1), talk_s=0, extension="102"),
            Call(3, FIRST_CALL + timedelta(days=1), dialled="0033123456789"),
        ]
    )

    assert len(rows(log(browser, query))) == count


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("from=2026-10-01&to=2026-10-02", ("2026-10-01T00:00", "2026-10-02T00:00")),
        ("from=2026-10-01T08:30", ("2026-10-01T08:30", "")),
        ("to=2026-10-01T06:30:15Z", ("", "2026-10-01T08:30:15")),
        ("from=yesterday", ("", "")),
    ],
)
def test_the_form_holds_the_period_that_the_address_asks_for(
    browser: Client, office: Office, asked: str, shown: tuple[str, str]
) -> None:
    html = log(browser, f"?{asked}")

    fields = (re.search(rf'id="{key}"[^>]* value="([^"]*)"', html) for key in ("from", "to"))
    assert tuple(field[1] for field in fields if field) == shown


def test_what_cannot_be_read_is_said_and_left_out(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(3))

    html = log(browser, "?from=yesterday&cost_min=much&direction=up&period=ever&at=x~y")

    assert len(rows(html)) == 3
    assert "is not a day or an instant" in html
    assert "is no amount" in html
    assert "There is no direction" in html
    assert "There is no period" in html


def test_a_chip_takes_its_filter_out_and_leaves_the_others(browser: Client, office: Office) -> None:
    html = log(browser, "?direction=out&q=4020&answered=yes&size=25")

    chips = re.findall(r'<a class="chip" href="([^"]+)"', html)
    left = [parse_qs(urlsplit(chip.replace("&amp;", "&")).query) for chip in chips]
    assert [sorted(each) for each in left] == [
        ["answered", "direction", "size"],
        ["answered", "q", "size"],
        ["direction", "q", "size"],
    ]


@given(
    asked=st.fixed_dictionaries(
        {},
        optional={
            "q": st.text(min_size=1, max_size=64),
            "period": st.sampled_from([name for name, _ in NAMED if name]),
            "from": st.dates().map(str),
            "to": st.datetimes(timezones=st.none()).map(lambda at: at.isoformat("T", "seconds")),
            "extension": st.text("0123456789", min_size=1, max_size=8),
            "account_code": st.text(min_size=1, max_size=20),
            "department": st.integers(1, 10**6).map(str),
            "direction": st.sampled_from(list(DIRECTION_WORDS)),
            "call_type": st.sampled_from(CALL_TYPES),
            "answered": st.sampled_from(["yes", "no"]),
            "cost_min": st.decimals("0", "100", places=4).map(str),
            "unrated": st.just("1"),
            "sort": st.sampled_from([key for key in SORTS if key]),
            "size": st.sampled_from([str(size) for size in SIZES]),
        },
    )
)
def test_the_address_of_a_query_asks_for_the_same_again(asked: dict[str, str]) -> None:
    query = read_query(asked, choices=NO_CHOICES, zone=BERLIN, now=NOON)

    again = query_of(query.address())

    assert again == query


NOISE_KEYS = st.sampled_from(["q", "from", "at", "size", "sort", "owner", "cost_max"])


@given(asked=st.dictionaries(NOISE_KEYS, st.text(max_size=200)))
def test_no_address_breaks_the_log(asked: dict[str, str]) -> None:
    query = read_query(asked, choices=NO_CHOICES, zone=BERLIN, now=NOON)

    assert query.size in SIZES
    assert query.sort in SORTS


def test_the_totals_are_those_of_the_whole_result(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(57))
    exported = csv_rows(browser, "?direction=out")

    foot = browser.get("/calls/totals?direction=out&size=10").content.decode()

    total = sum((Decimal(row["Charge"]) for row in exported if row["Charge"]), Decimal(0))
    assert "57 calls" in foot
    assert f"{total:,.4f}" in foot


def csv_rows(browser: Client, query: str = "") -> list[dict[str, str]]:
    answer = browser.get(f"/calls/export.csv{query}")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="calls-2026')
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_an_export_holds_all_that_the_filter_holds(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(120))

    assert len(csv_rows(browser)) == 120
    assert len(csv_rows(browser, "?extension=102&size=10")) == 40


def test_the_workbook_holds_numbers_that_add_up(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(40))
    total = sum(Decimal(row["Charge"]) for row in csv_rows(browser) if row["Charge"])

    answer = browser.get("/calls/export.xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    head, *body = book.get_sheet_by_index(0).to_python()

    charges = [row[head.index("Charge")] for row in body]
    assert len(body) == 40
    assert sum(Decimal(str(charge)) for charge in charges if charge != "") == total
    assert head[0] == "Start (Europe/Berlin)"


@pytest.mark.parametrize("name", [name for name in HOSTILE if name[0] in "=@"])
def test_an_export_never_begins_a_cell_with_a_formula(
    browser: Client, office: Office, name: str
) -> None:
    office.receive([Call(1, FIRST_CALL, name=name)])

    (row,) = csv_rows(browser)

    assert row["Call from"] == f"'{name}[101]"


def test_new_calls_come_by_themselves_once(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(5))
    html = log(browser)
    since = re.search(r'hx-get="/calls/live(\?[^"]+)"', html)
    assert since is not None
    assert browser.get(f"/calls/live{since[1]}").status_code == 204

    office.receive(calls_in_a_row(2, first=100))
    fresh = browser.get(f"/calls/live{since[1]}").content.decode()

    assert len(rows(fresh)) == 2
    assert "2 new calls" in fresh
    after = re.search(r'hx-get="/calls/live(\?[^"]+)"', fresh)
    assert after is not None
    assert browser.get(f"/calls/live{after[1]}").status_code == 204


def test_new_calls_that_the_filter_leaves_out_do_not_come(browser: Client, office: Office) -> None:
    html = log(browser, "?extension=102")
    since = re.search(r'hx-get="/calls/live(\?[^"]+)"', html)
    assert since is not None

    office.receive([Call(1, FIRST_CALL, extension="101")])

    address = since[1].replace("&amp;", "&")
    assert browser.get(f"/calls/live{address}").status_code == 204


def test_very_many_new_calls_are_told_and_not_poured_in(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(60))

    fresh = browser.get("/calls/live?since=0").content.decode()

    assert rows(fresh) == []
    assert "More than 50 new calls" in fresh


def test_only_the_first_page_in_order_of_time_asks_for_new_calls(
    browser: Client, office: Office
) -> None:
    office.receive(calls_in_a_row(30))

    assert 'id="live"' in log(browser, "?size=10")
    assert 'id="live"' not in log(browser, older(log(browser, "?size=10")) or "")
    assert 'id="live"' not in log(browser, "?sort=charge")


def test_sorting_says_what_it_does(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(20))

    html = log(browser, "?sort=charge")
    assert re.findall(r'<th [^>]*aria-sort="(\w+)"><a [^>]*>([^<]+)', html) == [
        ("descending", "Charge, EUR")
    ]
    charges = [Decimal(charge) for charge in re.findall(r'title="Why this price">([\d.]+)', html)]
    assert charges
    assert all(one >= other for one, other in pairwise(charges))


def test_a_call_shows_its_price_step_by_step_and_its_raw_line(
    browser: Client, office: Office
) -> None:
    office.receive([Call(1, FIRST_CALL, talk_s=125)])

    html = browser.get("/calls/1").content.decode()
    text = re.sub(r"<[^>]+>", "|", html)

    assert "Germany (prefix 49) priced this call" in text
    for amount in ("0.1200", "0.0650", "0.1000", "0.2850"):
        assert f"|{amount}|" in text
    assert "00:02:05 billed" in text
    assert "Carrier A, version 1" in text
    assert "DOCUMENTATION" in text
    marked = dict(re.findall(r'<mark title="(\w+)">([^<]*)', html))
    assert marked["caller"] == "101"
    assert marked["dialled"] == "00494020123456"
    assert "Import asterisk-csv, line 1, byte 0" in text


def test_a_call_that_is_not_there_is_not_there(browser: Client) -> None:
    assert browser.get("/calls/999").status_code == 404
    assert browser.get("/calls/999/why").status_code == 404


def test_days_are_those_of_the_site_across_the_change_of_the_clocks(
    browser: Client, office: Office, clock: StandingClock
) -> None:
    """On 25 October 2026 the day in Berlin has 25 hours."""
    clock.instant = FIRST_CALL.replace(day=25, hour=20)
    office.receive(
        [
            Call(1, FIRST_CALL.replace(day=24, hour=21, minute=59)),  # 23:59 the day before
            Call(2, FIRST_CALL.replace(day=24, hour=22)),  # 00:00
            Call(3, FIRST_CALL.replace(day=25, hour=22, minute=59)),  # 23:59
            Call(4, FIRST_CALL.replace(day=25, hour=23)),  # 00:00 the day after
        ]
    )

    assert len(rows(log(browser, "?period=today"))) == 2
    assert len(rows(log(browser, "?from=2026-10-25&to=2026-10-26"))) == 2
