"""Cost beside charge in a real browser: what is sold below cost is seen where one decides it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import TARIFF, Served, import_calls
from support.office import FIRST_CALL, Call

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# Berlin costs more than we ask for it; the rest of Germany less.
CARRIER = (
    TARIFF.replace('"Carrier A"', '"Wholesale"').replace('"0.10"', '"0.02"')
    + """
[[rate]]
prefix = "4930"
destination = "Berlin"
slots = [{ from_s = 0, price = "0.40", per_s = 60, increment_s = 60 }]
"""
)


def test_what_is_sold_below_cost_is_said_and_found(
    page: Page, served: tuple[Served, object], tmp_path: Path
) -> None:
    installation, _ = served
    page.goto(f"{installation.address}/tariffs/upload")
    page.get_by_label("or its text").fill(CARRIER)
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("heading", name="Wholesale").wait_for()

    page.goto(f"{installation.address}/tariffs/assignments")
    cost = page.get_by_role("region", name="Cost: what the carrier bills us")
    cost.get_by_label("Default").select_option(label="Wholesale (USD)")
    cost.get_by_role("button", name="Save the default").click()

    losses = page.get_by_role("region", name="1 of 2 prefixes sold below cost")
    expect(losses.get_by_role("row").nth(1)).to_contain_text("4930")
    calls = [
        Call(950, FIRST_CALL, dialled="00493020123456", talk_s=240),
        Call(951, FIRST_CALL, talk_s=240),
    ]
    import_calls(page, installation, calls, tmp_path)
    page.goto(f"{installation.address}/calls?below_cost=1")
    rows = page.locator("#rows tr")
    expect(rows).to_have_count(1)
    expect(page.get_by_role("columnheader", name="Margin")).to_be_visible()
    expect(rows.first).to_contain_text("-1.2")
    rows.first.get_by_role("link").first.click()
    expect(page.get_by_role("region", name="The call")).to_contain_text("sold below cost")
