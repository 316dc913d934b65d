"""An id that no row can have names nothing: it is never a fault of the program."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from support.office import Office, calls_in_a_row

TOO_LONG = "9" * 20


def addresses_with_ids() -> Iterator[str]:
    """Yield each address of the screens that holds a row's id, the ids still as `<row:...>`."""
    for pattern in get_resolver("tollbook.web.urls").url_patterns:
        assert isinstance(pattern, URLPattern)
        route = str(pattern.pattern)
        if "<row:" in route:
            yield f"/{route}"


def filled(route: str, number: str) -> str:
    kinds = {"kind": "csv" if "export" in route else "extension"}
    with_ids = re.sub(r"<row:\w+>", number, route)
    return re.sub(r"<str:(\w+)>", lambda found: kinds.get(found[1], "x"), with_ids)


def test_there_are_such_addresses() -> None:
    assert len(list(addresses_with_ids())) > 40


def test_no_address_faults_on_an_id_beyond_all_rows(browser: Client, office: Office) -> None:
    for route in addresses_with_ids():
        for answer in (browser.get(filled(route, TOO_LONG)), browser.post(filled(route, TOO_LONG))):
            assert answer.status_code == 404, route


def test_no_address_faults_on_the_largest_id_it_takes(browser: Client, office: Office) -> None:
    for route in addresses_with_ids():
        answer = browser.get(filled(route, "9" * 18))

        assert answer.status_code in (404, 405), route


@pytest.mark.parametrize("at", [f"{TOO_LONG}-1", f"1-{TOO_LONG}", "-", "1-", "x-1"])
def test_a_place_in_the_list_that_no_call_has_is_its_beginning(
    browser: Client, office: Office, at: str
) -> None:
    office.receive(calls_in_a_row(3))

    assert browser.get("/calls/unbilled", {"at": at}).status_code == 200


@pytest.mark.parametrize("number", [TOO_LONG, "9" * 5000, "\uff11", "-1", ""])
def test_a_tariff_that_cannot_be_is_no_fault_in_a_form(
    browser: Client, office: Office, number: str
) -> None:
    assert browser.get("/tariffs/tester", {"tariff": number}).status_code == 200
