"""A newcomer's first ten minutes: sign in, import a file, find a call, take the figures along."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from python_calamine import CalamineWorkbook

from browser.conftest import import_calls, publish_tariff, serving, sign_in
from support.office import FIRST_CALL, Call

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_from_the_one_time_password_to_a_workbook_that_adds_up(
    chromium: Browser, tmp_path: Path
) -> None:
    calls = [
        Call(
            number, FIRST_CALL + timedelta(minutes=number), talk_s=61 + number, extension=extension
        )
        for number in range(20)
        for extension in ("101" if number % 2 else "102",)
    ]
    with serving(tmp_path) as served:
        context = chromium.new_context(locale="en-GB", accept_downloads=True)
        page = context.new_page()

        sign_in(page, served)
        expect(page.get_by_role("heading", name="Let the first calls in")).to_be_visible()
        publish_tariff(page, served)
        import_calls(page, served, calls, tmp_path)
        expect(page.get_by_role("heading", name="20 new calls")).to_be_visible()

        page.get_by_role("link", name="Show the calls").click()
        page.get_by_text("More filters").click()
        page.get_by_label("Extension", exact=True).fill("101")
        page.get_by_role("button", name="Show").last.click()
        expect(page.locator("#rows tr")).to_have_count(10)
        expect(page.get_by_text("Extension 101")).to_be_visible()
        # Talk of 62, 64 … 80 s: each 0.12, and 0.001 for every second beyond the first minute,
        # and 0.10 for being connected; 2.2000 and 0.110 for 110 such seconds.
        expect(page.locator("#totals")).to_contain_text("10 calls")
        expect(page.locator("#totals")).to_contain_text("2.3100")

        with page.expect_download() as downloading:
            page.get_by_role("link", name="XLSX").click()
        book = tmp_path / "calls.xlsx"
        downloading.value.save_as(book)
        head, *rows = CalamineWorkbook.from_path(book).get_sheet_by_index(0).to_python()
        charges = [Decimal(str(row[head.index("Charge")])) for row in rows]
        assert len(charges) == 10
        assert sum(charges) == Decimal("2.31")

        page.locator("#rows tr a").first.click()
        expect(page.get_by_role("heading", name="Why this price")).to_be_visible()
        expect(page.get_by_text("Germany (prefix 49) priced this call")).to_be_visible()
        # The last of them: 0.12 + 0.10 + 20 s at 0.06 a minute
        expect(page.locator("#price + p, section[aria-labelledby=price] tfoot")).to_contain_text(
            ["Carrier A", "0.2400"]
        )
        expect(page.locator("pre.raw mark[title=caller]")).to_have_text("101")
        context.close()
