"""Money in a real browser: recharge many, edit many, undo; by mouse, by keyboard, read by axe."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def tick(page: Page, *numbers: str) -> None:
    for number in numbers:
        page.get_by_role("row").filter(
            has=page.get_by_role("link", name=number, exact=True)
        ).get_by_role("checkbox").check()


def balance_of(page: Page, number: str) -> str:
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=number, exact=True))
    return row.locator(".money-left").inner_text()


def test_many_are_recharged_and_it_is_undone(page: Page, address: str) -> None:
    page.goto(f"{address}/extensions")
    recharge = page.locator(".selection-bar").get_by_role("button", name="Recharge")
    expect(recharge).to_be_disabled()
    tick(page, "101", "102")
    expect(page.get_by_text("2 Selected /")).to_be_visible()
    recharge.click()
    page.get_by_label("Recharge Amount").fill("12.5")
    page.get_by_role("button", name="Show what it does").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recharge 2 extensions?")
    page.get_by_role("button", name="Recharge 2 extensions").click()

    expect(page.get_by_text("2 extensions are recharged by 12.5000 each")).to_be_visible()
    assert (balance_of(page, "101"), balance_of(page, "102")) == ("12.5000", "12.5000")

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("2 entries are undone")
    expect(page.get_by_text("Reversal of recharge")).to_have_count(2)
    page.goto(f"{address}/extensions")
    assert (balance_of(page, "101"), balance_of(page, "102")) == ("0.0000", "0.0000")


def test_one_is_recharged_from_the_side_panel(page: Page, address: str) -> None:
    page.goto(f"{address}/extensions")
    page.get_by_role("link", name="Recharge 102").click()
    panel = page.get_by_role("dialog", name=re.compile("Recharge"))
    expect(panel).to_contain_text("102")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.get_by_role("link", name="Recharge 102").click()
    panel.get_by_label("Recharge Amount").fill("3")
    panel.get_by_role("button", name="Recharge 102").click()

    expect(page.get_by_text("is recharged by 3.0000")).to_be_visible()


def test_bulk_edit_ticks_what_is_touched_and_shows_its_effects(page: Page, address: str) -> None:
    page.goto(f"{address}/extensions?q=10")
    page.get_by_label("Tick all on this page").check()
    page.get_by_role("button", name="Bulk Edit").click()
    page.get_by_role("combobox", name="Enable Billing").select_option("on")
    page.get_by_role("combobox", name="Enable Billing").select_option("off")
    expect(page.get_by_role("checkbox", name=re.compile("Enable Billing"))).to_be_checked()
    expect(page.get_by_role("checkbox", name=re.compile("Credit"))).not_to_be_checked()
    page.get_by_role("textbox", name=re.compile("Credit")).fill("5")
    page.get_by_role("button", name="Show what it changes").click()
    expect(page.get_by_text("Credit: 5")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"Change \d+ extensions?")).click()

    expect(page.get_by_role("status")).to_contain_text("changed")


def test_the_keyboard_ticks_the_row_it_stands_on(page: Page, address: str) -> None:
    page.goto(f"{address}/extensions")
    page.locator("main").press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")

    expect(page.get_by_text("1 Selected /")).to_be_visible()


PAGES = (
    "/extensions", "/extensions?kind=owner", "/extensions?kind=department", "/extensions/1",
    "/extensions/recharge?id=1&id=2", "/extensions/edit?id=1&id=2", "/extensions/edit?id=1",
    "/extensions/recharges", "/statistics", "/extensions/add", "/extensions/import",
    "/settings/money", "/extensions/extension/1/statement",
    "/extensions/extension/1/statement?period=all&kind=recharge",
    "/calls/unbilled/bill", "/users/1/role",
)  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_runs_off_a_telephone(
    page: Page, address: str, theme: str
) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of the two
    found = {}
    for path in PAGES:
        page.set_viewport_size({"width": 1280, "height": 860})
        page.goto(f"{address}{path}")
        report = Axe().run(page)
        if report.violations_count:
            found[path] = report.generate_report()
        page.set_viewport_size({"width": 390, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{path} is {wide} wide"
    assert found == {}
