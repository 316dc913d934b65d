"""A real installation and a real browser: what a person would meet."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from support.missing import missing
from support.office import FIRST_CALL, Call, calls_in_a_row
from support.processes import Office, free_port, wait_for

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "a horse and two carts"
TARIFF = """
name = "Carrier A"
currency = "USD"
zone = "Europe/Berlin"
rounding = { rule = "half_up", decimals = 4 }

[[rate]]
prefix = "49"
destination = "Germany"
call_type = "national"
connect_fee = "0.10"
slots = [
  { from_s = 0, price = "0.12", per_s = 60, increment_s = 60 },
  { from_s = 60, price = "0.06", per_s = 60, increment_s = 1 },
]
"""
HOSTILE = (
    "<script>document.title=1</script>",
    "=cmd|'/c calc'!A0",
    "أمينة الخطيب",
    "Maximiliane Theodora Freifrau von und zu Guttenberg-Hohenstein-Ammersee am Walde",
)


@dataclass
class Served:
    """A running installation: its address and the administrator's one-time password."""

    office: Office
    address: str
    password: str


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of this machine; without one the test is skipped, on a build machine it fails.

    Playwright keeps an event loop running in this thread, in which Django refuses to touch a
    database: it must have ended before the tests of another module begin.
    """
    named = os.environ.get("TOLLBOOK_TEST_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "no Chromium: apt-get install chromium (or set TOLLBOOK_TEST_CHROMIUM)"
        missing(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield browser
        browser.close()


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Run `tollbook serve` on an empty folder."""
    office = Office(folder)
    port = free_port()
    process = office.start("serve", "--port", str(port))
    printed: list[str] = []
    reader = threading.Thread(target=_keep, args=(process, printed), daemon=True)
    reader.start()
    try:
        wait_for(lambda: re.search(r"http://[\d.]+:\d+", "".join(printed)) or process.poll())
        said = "".join(printed)
        password = re.search(r"\b[a-z0-9]{5}(?:-[a-z0-9]{5}){3}\b", said)
        assert password, said
        yield Served(office, f"http://127.0.0.1:{port}", password[0])
    finally:
        _end(process, reader)


def _keep(process: "subprocess.Popen[bytes]", printed: list[str]) -> None:
    assert process.stdout is not None
    printed.extend(line.decode("utf-8", "replace") for line in process.stdout)


def _end(process: "subprocess.Popen[bytes]", reader: threading.Thread) -> None:
    """End the process; its output is read elsewhere."""
    process.terminate()
    process.wait(timeout=60)
    reader.join(timeout=10)
    if process.stdout is not None:
        process.stdout.close()


def sign_in(page: Page, served: Served) -> None:
    """Sign in for the first time and choose a password."""
    page.goto(served.address)
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("One-time password").fill(served.password)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()


def import_calls(page: Page, served: Served, calls: list[Call], folder: Path) -> None:
    """Import *calls* through the form and wait until they are in."""
    file = folder / "Master.csv"
    file.write_text("".join(call.line() for call in calls), "utf-8")
    page.goto(f"{served.address}/import")
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("PBX").fill("Reception")
    page.get_by_label("Time zone of its stamps").fill("UTC")
    page.get_by_role("button", name="Import").click()
    page.get_by_role("link", name="Show the calls").wait_for()


def publish_tariff(page: Page, served: Served) -> None:
    """Publish the tariff that prices every call."""
    page.goto(f"{served.address}/tariffs/upload")
    page.get_by_label("or its text").fill(TARIFF)
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("heading", name="Carrier A").wait_for()


@pytest.fixture(scope="module")
def served(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, BrowserContext]]:
    """An installation with a tariff and calls, hostile ones among them, and who is signed in."""
    folder = tmp_path_factory.mktemp("served")
    with serving(folder) as running:
        running.office.listen()
        context = chromium.new_context(locale="en-GB", accept_downloads=True)
        page = context.new_page()
        sign_in(page, running)
        page.get_by_role("heading", level=1).wait_for()
        publish_tariff(page, running)
        odd = [
            Call(900 + number, FIRST_CALL, name=name, account_code=name[:20])
            for number, name in enumerate(HOSTILE)
        ]
        import_calls(page, running, [*calls_in_a_row(60), *odd], folder)
        page.close()
        yield running, context
        context.close()


@pytest.fixture
def page(served: tuple[Served, BrowserContext]) -> Iterator[Page]:
    """A page whose console must stay silent: a blocked script or style speaks there."""
    _, context = served
    opened = context.new_page()
    said: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(f"{message.text} ({opened.url})")

    opened.on("console", keep)
    opened.on("pageerror", lambda fault: said.append(str(fault)))
    yield opened
    opened.close()
    assert said == []


@pytest.fixture
def address(served: tuple[Served, BrowserContext]) -> str:
    return served[0].address
