"""A plan in a real browser: added, in force, and seen in a call's price."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLAN = """currency = "EUR"
[[bundle]]
name = "house"
seconds = 60
shared = true
[[service_charge]]
name = "switchboard"
flat = "0.05"
[[volume_discount]]
name = "volume"
callers = ["101", "102"]
tiers = [{ from = "0", percent = "0" }, { from = "1", percent = "10" }]
[[tax]]
name = "VAT"
percent = "19"
"""
RATES = """<Envelope><Cube><Cube time="2026-09-29"><Cube currency="USD" rate="1.05"/></Cube>
<Cube time="2026-09-30"><Cube currency="USD" rate="1.1"/><Cube currency="CHF" rate="0.93"/></Cube>
</Cube></Envelope>"""


def test_a_plan_is_added_and_seen_in_a_price(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/tariffs/plans")
    page.get_by_role("link", name="Add a plan").first.click()
    page.get_by_label("or its text").fill(PLAN)
    page.get_by_role("button", name="Add the plan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Plan of every site")
    expect(page.get_by_role("region", name="Taxes")).to_contain_text("19 %, added")

    rates = tmp_path / "eurofxref.xml"
    rates.write_text(RATES, "utf-8")
    page.goto(f"{address}/tariffs/exchange-rates")
    page.get_by_role("link", name="Add rates").first.click()
    page.get_by_label("File").set_input_files(rates)
    page.get_by_role("button", name="Take the rates").click()
    expect(page.get_by_role("status")).to_contain_text("3 of them new")
    expect(page.get_by_role("row", name="2026-09-30")).to_have_count(2)

    page.goto(f"{address}/tariffs/tester?number=494020123456&start=2026-10-01T08:00:00&talk=600")
    page.get_by_label("Caller (optional)").fill("101")
    page.get_by_label("Under the plan of").check()
    page.get_by_role("button", name="Price it").click()
    steps = page.get_by_role("table", name="Steps of the price")
    for step in ("Free from bundle: house", "Exchanged", "Service charge: switchboard", "Tax: VAT"):
        expect(steps.get_by_role("rowheader", name=step)).to_be_visible()
