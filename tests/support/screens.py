"""What tests of the screens share: a clock that stands, addresses, forms filled as people do."""

import csv
import io
import re
from datetime import datetime
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

PASSWORD = "a horse and two carts"
PAGES = (
    "/", "/home/spend", "/home/top", "/home/top?by=department", "/home/failures", "/calls",
    "/calls/totals", "/calls/1", "/calls/1/why", "/calls/quarantine", "/calls/duplicates",
    "/sources", "/sources/rows", "/sources/add", "/tariffs", "/tariffs/1",
    "/tariffs/1/versions/1", "/tariffs/upload", "/tariffs/tester", "/settings", "/import",
    "/tariffs/new", "/tariffs/1/rates", "/tariffs/1/rates/add", "/tariffs/assignments",
    "/tariffs/assignments?pbx=1&extension=101", "/decks/import", "/settings/dial-plan",
    "/settings/dial-plan?dialled=112", "/account", "/find?q=1", "/health",
    "/extensions", "/extensions?kind=owner", "/extensions/1", "/extensions/department/1",
    "/extensions/recharge?id=1", "/extensions/recharge?id=1&id=2", "/extensions/edit?id=1",
    "/extensions/edit?id=1&id=2", "/extensions/add", "/extensions/import",
    "/extensions/recharges", "/statistics", "/statistics?every=year", "/settings/money",
    "/extensions/extension/1/statement", "/extensions/department/1/statement?period=all",
    "/users/1/role", "/calls/unbilled/bill",
)  # fmt: skip

OPEN = {"static", "favicon", "sign_in", "sign_in_extension", "healthz", "metrics"}


class StandingClock:
    """A clock that shows the same instant until it is moved."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def __call__(self) -> datetime:
        return self.instant


def pages() -> list[URLPattern]:
    """Return every address of the pages, the API's aside: it asks for tokens."""
    found = []
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver):
            found += [
                inner
                for inner in entry.url_patterns
                if isinstance(inner, URLPattern) and "api" not in str(inner.pattern)
            ]
    return found


def example(page: URLPattern) -> str:
    """Return an address that the pattern matches."""
    parts = {"int": "1", "row": "1", "str": "x", "path": "x.css"}
    kinds = {"IntConverter": "int", "RowIdConverter": "row", "PathConverter": "path"}
    text = "/" + str(page.pattern)
    for name, converter in page.pattern.converters.items():
        kind = kinds.get(type(converter).__name__, "str")
        text = text.replace(f"<{kind}:{name}>", parts[kind])
    return text


def words_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())).strip()


def rows_of(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def hidden(answer: Any) -> dict[str, str]:
    """Return the hidden fields of the page's form that posts money or settings."""
    html = answer.content.decode()
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))


def recharged(browser: Client, ids: list[int], amount: str = "10.00", **more: str) -> Any:
    """Recharge through the forms, as a person would."""
    asked = browser.get("/extensions/recharge", {"id": ids, **more})
    form = {**hidden(asked), "amount": amount, "reason": ""}
    if form["step"] == "show":
        shown = browser.post("/extensions/recharge", form)
        assert shown.status_code == 200, words_of(shown)
        form = hidden(shown)
    return browser.post("/extensions/recharge", form)
