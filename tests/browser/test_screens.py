"""Every screen: for eyes, for ears, for a telephone, for the keyboard, and against foreign code."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from browser.conftest import Served
from support.processes import connect, record_3cx

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SCREENS = (
    "/", "/calls", "/calls?q=amir&direction=out", "/calls?q=nobody", "/calls/1",
    "/calls/quarantine",
    "/calls/duplicates", "/sources", "/sources/add", "/import", "/tariffs", "/tariffs/1",
    "/tariffs/upload", "/tariffs/tester?number=4930123&talk=200&start=2026-10-01T09:00",
    "/tariffs/rerate?from=2026-10-01&to=2026-10-31",
    "/tariffs/what-if?tariff=1&from=2026-10-01&to=2026-10-31",
    "/tariffs/new", "/tariffs/1/rates", "/tariffs/1/rates/add", "/decks/import",
    "/tariffs/assignments?pbx=1&extension=101", "/settings/dial-plan?caller=101&dialled=0049301",
    "/settings?dialled=112", "/account", "/users", "/users/add", "/users/1", "/users/roles",
    "/users/pins", "/users/pins/1", "/users/pins/import", "/tokens", "/tokens/add", "/audit",
    "/audit?actor=nobody", "/audit/1",
    "/policies/may-call", "/policies/may-call?caller=101&number=0033123456789",
)  # fmt: skip
THEMES = ("light", "dark")


def open_screen(page: Page, address: str, *, theme: str = "light", width: int = 1280) -> None:
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    settle(page)


def settle(page: Page) -> None:
    """Wait until the parts that a page asks for have come."""
    expect(page.locator(".htmx-request")).to_have_count(0)


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing(page: Page, address: str, theme: str) -> None:
    reports = []
    for screen in SCREENS:
        open_screen(page, f"{address}{screen}", theme=theme)
        found = Axe().run(page)
        if found.violations_count:
            reports.append(f"{screen}: {found.generate_report()}")

    assert not reports, "\n".join(reports)


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_no_screen_scrolls_sideways(page: Page, address: str, width: int) -> None:
    for screen in SCREENS:
        open_screen(page, f"{address}{screen}", width=width)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, screen


def test_a_call_is_two_lines_on_a_telephone(page: Page, address: str) -> None:
    open_screen(page, f"{address}/calls", width=390)

    row = page.locator("#rows tr").first
    tops = row.locator("td:visible").evaluate_all(
        "all => [...new Set(all.map(one => Math.round(one.getBoundingClientRect().top / 12)))]"
    )
    box = row.bounding_box()
    assert len(tops) <= 3
    assert box is not None
    assert box["height"] < 70


def test_what_callers_say_is_never_run(page: Page, address: str) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for screen in ("/calls", "/calls?q=script", "/calls/61", "/find?q=script", "/"):
        page.goto(f"{address}{screen}")
        assert page.title() != "1"
    page.goto(f"{address}/calls?account_code=%3Cscript%3Edocument.tit")
    expect(page.locator("#rows")).to_contain_text("<script>document.tit")
    assert dialogs == []


def test_the_keyboard_alone_leads_to_a_call_and_its_price(page: Page, address: str) -> None:
    open_screen(page, f"{address}/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/calls")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("101")
    page.locator("#found a").first.wait_for()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#found a").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls?q=101")
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    expect(page.locator("#rows tr").nth(1)).to_have_class("at")
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls/*")
    expect(page.get_by_role("heading", name="Why this price")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.locator("#find")).to_be_focused()


def test_why_this_price_opens_beside_the_log_and_gives_the_focus_back(
    page: Page, address: str
) -> None:
    open_screen(page, f"{address}/calls")
    charge = page.get_by_title("Why this price").first

    charge.click()
    panel = page.get_by_role("complementary", name="Why this price")
    expect(panel).to_contain_text("priced this call")
    expect(panel.get_by_role("heading", name="Why this price")).to_be_focused()
    assert Axe().run(page).violations_count == 0
    page.keyboard.press("Escape")

    expect(panel).to_be_hidden()
    expect(charge).to_be_focused()


def test_new_calls_appear_without_a_reload(
    page: Page, address: str, served: tuple[Served, BrowserContext]
) -> None:
    running, _ = served
    (port,) = running.office.rows(
        "SELECT json_extract(options, '$.port') FROM tollbook_source WHERE transport = 'tcp-listen'"
    )[0]
    open_screen(page, f"{address}/calls?q=4684440100")
    expect(page.locator("#rows tr")).to_have_count(0)

    with connect(int(port)) as switch:
        switch.sendall(record_3cx(1) + record_3cx(2))

        expect(page.locator("#rows tr")).to_have_count(2, timeout=30_000)
    begins = page.locator("#rows tr").evaluate_all("rows => rows.map(row => row.dataset.begin)")
    assert begins == sorted(begins, reverse=True)
    expect(page.get_by_role("status").last).to_contain_text("new call")


def test_theme_and_density_are_kept(page: Page, address: str) -> None:
    open_screen(page, f"{address}/calls")

    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("button", name="Roomy or compact rows").click()
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_a_filter_makes_a_short_address_that_shows_the_same(page: Page, address: str) -> None:
    open_screen(page, f"{address}/calls")

    page.get_by_label("Number or name").first.fill("4020")
    page.get_by_role("button", name="Show").first.click()

    page.wait_for_url("**/calls?q=4020")
    page.get_by_title("Take this filter out").click()
    page.wait_for_url("**/calls?")
    page.go_back()
    expect(page.get_by_label("Number or name").first).to_have_value("4020")


def test_paper_holds_the_work_alone(page: Page, address: str) -> None:
    open_screen(page, f"{address}/calls")

    page.emulate_media(media="print")

    expect(page.locator(".side")).to_be_hidden()
    expect(page.locator(".filters")).to_be_hidden()
    expect(page.locator("#rows tr").first).to_be_visible()


def test_twice_the_size_is_still_read(page: Page, address: str) -> None:
    """200 % zoom of a 1280 pixel wide screen leaves 640 pixels."""
    for screen in SCREENS:
        open_screen(page, f"{address}{screen}", width=640)
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, screen
