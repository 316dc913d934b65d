"""The audit log: who changed what, from where; found, read and exported, never edited."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from support.databases import connection, door
from support.office import NOON, Office
from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.access.audit_diff import ABSENT, changes, parsed
from tollbook.storage.models import AuditLog


@pytest.fixture
def log(office: Office) -> None:
    """Three lines beside those of the office and of signing in."""
    with door.transaction():
        record_change(
            Actor("berta", datetime(2026, 10, 30, 9, 0, tzinfo=UTC), "192.0.2.7"),
            "tariff.publish",
            of=("tariff", 7),
            before={"rate": {"49": "0.10", "33": "0.30"}, "name": "Carrier B"},
            after={"rate": {"49": "0.12", "33": "0.30"}, "name": "Carrier B"},
        )
        record_change(
            Actor("carl", datetime(2026, 9, 30, 21, 59, tzinfo=UTC)), "site.currency",
            of=("site", 1), before="EUR", after="USD",
        )  # fmt: skip
        record_change(
            Actor("=cmd|'/c calc'!A0", NOON), "<b>x</b>", of=("tariff", 8),
            after={"name": "<script>alert(1)</script>"},
        )  # fmt: skip


def rows(browser: Client, query: str = "") -> list[dict[str, str]]:
    text = browser.get(f"/audit/export.csv{query}").getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def actors(browser: Client, query: str) -> set[str]:
    return {row["Who"] for row in rows(browser, query)}


@pytest.mark.usefixtures("log")
def test_a_change_shows_who_what_before_after_and_from_where(browser: Client) -> None:
    page = browser.get("/audit?actor=berta").content.decode()

    assert "2026-10-30 10:00:00" in page  # in Berlin
    assert "tariff: publish" in page
    assert "192.0.2.7" in page
    assert re.search(r"rate\.49</span> <del>0\.10</del> → <ins>0\.12</ins>", page)
    assert "Carrier B" not in page.partition("<tbody>")[2]  # it did not change


@pytest.mark.usefixtures("log")
def test_one_line_shows_every_field_and_the_way_to_the_objects_other_changes(
    browser: Client,
) -> None:
    line = AuditLog.objects.get(actor="berta").pk
    page = browser.get(f"/audit/{line}").content.decode()

    assert "<del>0.10</del>" in page
    assert "<ins>0.12</ins>" in page
    assert "/audit?type=tariff&amp;object=7" in page
    assert browser.get("/audit/999999").status_code == 404


@pytest.mark.usefixtures("log")
def test_the_log_is_filtered_by_everything_that_it_shows(browser: Client) -> None:
    assert actors(browser, "?actor=berta") == {"berta"}
    assert actors(browser, "?action=site.currency") == {"carl"}
    assert actors(browser, "?type=tariff&object=7") == {"berta"}
    assert actors(browser, "?q=0.12") == {"berta"}
    assert actors(browser, "?q=192.0.2.7") == {"berta"}
    assert actors(browser, "?q=50%25") == set()
    assert actors(browser, "?actor=nobody") == set()
    assert b"No line fits" in browser.get("/audit?actor=nobody").content


@pytest.mark.usefixtures("log")
def test_the_days_are_the_sites(browser: Client) -> None:
    """September ends at 22:00 UTC in Berlin."""
    assert "carl" in actors(browser, "?period=last-month") | actors(browser, "?to=2026-10-01")
    assert "carl" not in actors(browser, "?from=2026-10-01")
    assert "berta" in actors(browser, "?from=2026-10-30&to=2026-10-31")
    assert b"is not a day" in browser.get("/audit?from=soon").content


@pytest.mark.usefixtures("log")
def test_the_newest_line_comes_first_or_the_oldest(browser: Client) -> None:
    newest = [row["Who"] for row in rows(browser)]

    assert newest[0] == "anna"  # who signed in to look
    assert [row["Who"] for row in rows(browser, "?sort=oldest")] == newest[::-1]
    assert "ascending" in browser.get("/audit?sort=oldest").content.decode()


def test_pages_follow_each_other_without_gap_or_repetition(browser: Client, office: Office) -> None:
    with door.transaction():
        for number in range(120):
            record_change(Actor("robot", NOON), "x", of=("y", number))
    seen: list[str] = []
    place: Any = "/audit?actor=robot"
    while place:
        page = browser.get(place).content.decode()
        seen += re.findall(r'<span class="digits muted">(\d+)</span>', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        place = f"/audit{found[1]}".replace("&amp;", "&") if found else None

    assert seen == [str(number) for number in reversed(range(120))]


@pytest.mark.usefixtures("log")
def test_what_a_name_holds_is_shown_and_not_run(browser: Client) -> None:
    page = browser.get("/audit").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    text = browser.get("/audit/export.csv").getvalue().decode("utf-8-sig")
    assert "\r\n=cmd" not in text
    assert ",=cmd" not in text


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("change", ["UPDATE {} SET actor = 'nobody'", "DELETE FROM {}"])
def test_nobody_edits_the_log(change: str) -> None:
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(change.format("tollbook_audit_log"))

    assert AuditLog.objects.filter(actor="berta").exists()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 2}, [("a", "1", "2")]),
        ({"a": 1, "b": 1}, {"a": 1, "b": 2}, [("b", "1", "2")]),
        (None, {"a": 1}, [("a", ABSENT, "1")]),
        ({"a": 1}, None, [("a", "1", ABSENT)]),
        ({"a": {"b": True}}, {"a": {"b": False}}, [("a.b", "yes", "no")]),
        ({"a": ["x"]}, {"a": ["x", "y"]}, [("a", "x", "x, y")]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [("a[0].b", "1", "2")]),
        ("EUR", "USD", [("", "EUR", "USD")]),
        ({"a": ""}, {"a": "x"}, [("a", "", "x")]),
        (None, None, []),
    ],
)
def test_differences(before: object, after: object, expected: list[tuple[str, str, str]]) -> None:
    found = [(one.place, one.before, one.after) for one in changes(before, after)]

    assert found == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(value=json_values)
def test_what_did_not_change_has_no_differences(value: object) -> None:
    assert changes(value, value) == []


@given(before=json_values, after=json_values)
def test_differences_turned_round_are_the_same_fields(before: object, after: object) -> None:
    there = {(one.place, one.before, one.after) for one in changes(before, after)}
    back = {(one.place, one.after, one.before) for one in changes(after, before)}

    assert there == back


def test_a_value_that_is_no_json_stands_for_itself() -> None:
    assert parsed("not JSON") == "not JSON"
    assert parsed('{"a": 1}') == {"a": 1}


def test_old_lines_stay(browser: Client, office: Office) -> None:
    with door.transaction():
        long_ago = NOON - timedelta(days=365 * 9)
        record_change(Actor("first", long_ago), "x", of=("y", ""))

    assert actors(browser, "?actor=first") == {"first"}
