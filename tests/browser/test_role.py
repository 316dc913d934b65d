"""Two people who are no administrators come in: an extension's user, and a billing manager."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser.conftest import Served

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

NEW_PASSWORD = "three carts and no horse"


def secret_of(page: Page) -> str:
    found = page.locator(".secret").inner_text()
    assert found
    return found


def test_an_extension_signs_in_by_its_pin_and_sees_its_own_calls(
    page: Page, chromium: Browser, served: tuple[Served, BrowserContext], address: str
) -> None:
    page.goto(f"{address}/users/pins")
    page.get_by_label("Tick extension 101").check()
    page.get_by_role("button", name="Make PINs for the ticked").click()
    expect(page.get_by_role("heading", name="1 new PIN")).to_be_visible()
    pin = secret_of(page)
    assert re.fullmatch(r"\d{6}", pin)

    theirs = chromium.new_context(locale="en-GB")
    phone = theirs.new_page()
    phone.goto(f"{address}/calls")
    phone.get_by_role("link", name="Extension").click()
    phone.get_by_label("Extension", exact=True).fill("101")
    phone.get_by_label("PIN").fill("000000")
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_role("alert")).to_contain_text("Extension or PIN is not right")
    phone.get_by_label("PIN").fill(pin)
    phone.get_by_role("button", name="Sign in").click()

    expect(phone).to_have_url(f"{address}/calls")
    rows = phone.locator("#rows tr")
    expect(rows.first).to_contain_text("101")
    for text in rows.all_inner_texts():
        assert "101" in text, text
        assert "[102]" not in text, text
    menu = phone.get_by_role("navigation", name="Sections")
    expect(menu.get_by_role("link", name="Calls")).to_be_visible()
    expect(menu.get_by_role("link", name="Tariffs")).to_have_count(0)

    phone.goto(f"{address}/")
    expect(phone.get_by_role("heading", name="Your money")).to_be_visible()
    phone.goto(f"{address}/tariffs")
    expect(phone.get_by_role("heading", name="This is not yours to open")).to_be_visible()
    phone.get_by_role("button", name="Sign out").click()
    expect(phone.get_by_role("heading", name="Sign in")).to_be_visible()
    theirs.close()


def test_a_billing_manager_is_made_signs_in_and_is_shut_out(
    page: Page, chromium: Browser, served: tuple[Served, BrowserContext], address: str
) -> None:
    page.goto(f"{address}/users")
    page.get_by_role("link", name="Add a user").click()
    page.get_by_role("radio", name="Billing manager").check()
    page.get_by_role("button", name="Add the user").click()
    expect(page.get_by_role("heading", name="The user is added")).to_be_visible()
    name, password = page.locator("#made-name").inner_text(), secret_of(page)
    assert re.fullmatch(r"bill-[a-z]{4}", name)
    assert len(password) >= 16

    theirs = chromium.new_context(locale="en-GB")
    desk = theirs.new_page()
    desk.goto(address)
    desk.get_by_label("Name").fill(name)
    desk.get_by_label("Password").fill(password)
    desk.get_by_role("button", name="Sign in").click()
    desk.get_by_label("One-time password").fill(password)
    desk.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    desk.get_by_label("New password again").fill(NEW_PASSWORD)
    desk.get_by_role("button", name="Change the password").click()
    menu = desk.get_by_role("navigation", name="Sections")
    expect(menu.get_by_role("link", name="Tariffs")).to_be_visible()
    expect(menu.get_by_role("link", name="Settings")).to_be_visible()
    expect(menu.get_by_role("link", name="Audit log")).to_have_count(0)

    page.get_by_role("link", name="I have written it down").click()
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name="Signed in")).to_be_visible()
    page.get_by_role("button", name="Shut out").click()
    expect(page.get_by_role("status")).to_contain_text("is shut out")

    desk.goto(f"{address}/tariffs")
    expect(desk.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{address}/audit?action=user.deactivate")
    expect(page.get_by_role("row").nth(1)).to_contain_text("user: deactivate")
    theirs.close()
