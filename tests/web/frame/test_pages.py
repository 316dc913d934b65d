"""Every page: strict headers, static files by content, faults in the look of the product."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from support.office import Office, calls_in_a_row
from support.screens import PAGES
from tollbook.web.frame.context import SECTIONS


def test_every_page_opens_and_lets_no_foreign_code_in(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(20))
    for page in PAGES:
        answer = browser.get(page)

        assert answer.status_code == 200, page
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"


def test_no_page_needs_an_inline_script_or_style(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(5))
    for page in PAGES:
        html = browser.get(page).content.decode()

        assert not re.search(r"<script(?![^>]*\bsrc=)", html), page
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html), page


@pytest.mark.slow
def test_no_page_names_another_host(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(5))
    for page in PAGES:
        html = browser.get(page).content.decode()
        addresses = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+", html))
        assert addresses <= {"http://www.w3.org"}, page


def test_static_files_carry_their_content_in_the_name_and_stay_a_year(browser: Client) -> None:
    html = browser.get("/").content.decode()
    addresses = re.findall(r'(?:href|src)="(/static/[^"#]+)', html)
    assert len(addresses) > 8
    for address in set(addresses):
        assert re.search(r"\.[0-9a-f]{12}\.(css|js|svg)$", address)
        answer = browser.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    old = re.sub(r"[0-9a-f]{12}", "0" * 12, addresses[0])
    assert browser.get(old).status_code == 404


def test_static_files_are_compressed_and_not_sent_twice(anonymous: Client) -> None:
    plain = anonymous.get("/static/tollbook/frame.css")
    packed = anonymous.get("/static/tollbook/frame.css", headers={"Accept-Encoding": "gzip"})
    again = anonymous.get(
        "/static/tollbook/frame.css", headers={"If-None-Match": plain.headers["ETag"]}
    )

    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 2
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["../../wiring/settings.py", "%2e%2e/urls.py", "/etc/passwd"])
def test_static_files_end_at_their_folder(anonymous: Client, path: str) -> None:
    assert anonymous.get(f"/static/{path}").status_code in (400, 404)


def test_a_page_that_is_not_there_says_so(browser: Client) -> None:
    answer = browser.get("/nowhere")

    assert answer.status_code == 404
    assert b"There is no such page" in answer.content


def test_a_fault_of_ours_shows_nothing_of_our_insides(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("tollbook.web.tariffs.views.tariffs.list_tariffs", fail)
    browser.raise_request_exception = False

    answer = browser.get("/tariffs")

    assert answer.status_code == 500
    assert b"Something broke here" in answer.content
    assert b"secret detail" not in answer.content


def test_theme_and_density_are_drawn_by_the_server(browser: Client) -> None:
    browser.cookies["theme"] = "dark"
    browser.cookies["density"] = "compact"
    html = browser.get("/").content.decode()
    assert 'data-theme="dark"' in html
    assert 'data-density="compact"' in html

    browser.cookies["theme"] = '"><script>'
    assert "<script>" not in browser.get("/").content.decode()


def test_an_upload_beyond_the_limit_is_refused_before_it_is_read(
    browser: Client, user: User
) -> None:
    answer = browser.post(
        "/import", b"x", content_type="text/plain", headers={"Content-Length": str(3 * 1024**2)}
    )

    assert answer.status_code == 413


def test_each_letter_opens_one_section() -> None:
    keys = [section.key for section in SECTIONS if section.key]

    assert len(keys) == len(set(keys))


def test_the_menu_unfolds_where_one_is(browser: Client) -> None:
    page = browser.get("/tariffs/tester").content.decode()

    assert '<div class="within"><a href="/tariffs/assignments"' in page
    assert '<div class="within" hidden><a href="/owners"' in page
