"""A rate deck in a real browser: uploaded, looked at, published, downloaded, the same."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DECK = 'Carrier B Ltd,,\nDial code,Destination,Rate/min\n49,Germany,0.20\n4930,"=1+1",0.03\n'


def test_a_deck_is_published_and_comes_back(page: Page, address: str, tmp_path: Path) -> None:
    sheet = tmp_path / "carrier-b.csv"
    sheet.write_text(DECK, "utf-8")
    page.goto(f"{address}/tariffs")
    page.get_by_role("link", name="Import a rate deck").click()
    page.get_by_label("Sheet").set_input_files(sheet)
    page.get_by_label("For", exact=True).select_option(label="Carrier A")
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_label("A · Dial code")).to_have_value("prefix")
    page.get_by_role("button", name="Show what changes").click()
    page.get_by_role("button", name="Publish 2 rates").click()
    expect(page.get_by_role("status")).to_contain_text("version 2 is published, 2 rates")

    with page.expect_download() as coming:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.reader(coming.value.path().read_text("utf-8").splitlines()))

    assert [row[:3] for row in rows[1:]] == [["49", "Germany", "0.2"], ["4930", '"=1+1"', "0.03"]]


def test_an_assignment_is_added_asked_about_and_removed(page: Page, address: str) -> None:
    page.goto(f"{address}/tariffs/assignments")
    adding = page.get_by_role("region", name="Add an assignment")
    adding.get_by_label("Extension").fill("101")
    adding.get_by_role("button", name="Add it").click()
    asking = page.get_by_role("region", name="Which tariff prices this call?")
    asking.get_by_label("Extension").fill("101")
    asking.get_by_role("button", name="Find out").click()

    expect(page.get_by_role("row", name="extension 101")).to_contain_text("decides")

    page.get_by_role("button", name="Remove line 1").click()
    expect(page.get_by_role("status")).to_contain_text("The assignment is removed")
