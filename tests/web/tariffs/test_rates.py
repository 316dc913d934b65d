"""The Rates screen: eleven fields by the names PBX users know, each save a new version."""

import re
from typing import Any

import pytest
from django.test import Client

from support.office import FIRST_CALL, NOON, Call, Office
from tollbook.app.access.actor import Actor
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.core.tariff import read_tariff
from tollbook.core.tariff.text import parse_json
from tollbook.storage.models import Charge, Tariff, TariffAssignment, TariffVersion

# ZYC-30's own sample.
SAMPLE = {
    "active": "1",
    "remark": "landline",
    "prefix": "9",
    "number_length": "9",
    "initial_cost": "0.1",
    "initial_s": "60",
    "unit_price": "0.02",
    "unit_s": "55",
    "window_from": "00:00:00",
    "window_to": "23:59:59",
    "extensions": "all",
}
NEW = {"name": "Office", "currency": "USD", "zone": "Europe/Berlin"}


def words_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def made(browser: Client, **changed: str | list[str]) -> int:
    """Make the tariff "Office" with the sample's rate; return its id."""
    answer = browser.post("/tariffs/new", {**NEW, **SAMPLE, **changed})
    assert answer.status_code == 302, words_of(answer)
    return Tariff.objects.get(name="Office").pk


def document(tariff_id: int) -> Any:
    newest = TariffVersion.objects.filter(tariff=tariff_id).order_by("-number").first()
    assert newest is not None
    return parse_json(newest.document)


def edit(browser: Client, tariff_id: int, index: int | None, **given: str | list[str]) -> Any:
    version = TariffVersion.objects.filter(tariff=tariff_id).order_by("-number").first()
    place = f"/tariffs/{tariff_id}/rates/{'add' if index is None else index}"
    return browser.post(place, {"version": str(version.pk if version else 0), **SAMPLE, **given})


def test_a_tariff_begins_with_the_sample_of_the_form(browser: Client, office: Office) -> None:
    tariff_id = made(browser)

    assert document(tariff_id)["rate"] == [
        {
            "prefix": "9",
            "number_length": 9,
            "remark": "landline",
            "initial_cost": "0.1",
            "initial_s": 60,
            "unit_price": "0.02",
            "unit_s": 55,
        }
    ]
    page = words_of(browser.get(f"/tariffs/{tariff_id}/rates"))
    assert (
        "Activate On Remark Prefix Number Length Initial Cost($) Initial Time(s) Rate($) "
        "Billing Unit(s) Start Time End Time Extensions"
    ) in page
    assert "yes landline 9 9 0.1 60 0.02 55 00:00:00 23:59:59 all" in page


def test_all_extensions_is_a_choice_that_somebody_makes(browser: Client, office: Office) -> None:
    answer = browser.post("/tariffs/new", {**NEW, **SAMPLE, "extensions": ""})
    assert answer.status_code == 422
    assert "Extensions is not chosen: all extensions, or some of them?" in words_of(answer)

    none = browser.post("/tariffs/new", {**NEW, **SAMPLE, "extensions": "some"})
    assert "Extensions are some, but none is chosen" in words_of(none)

    tariff_id = made(browser, extensions="some", callers=["101", "Sales"])
    assert document(tariff_id)["rate"][0]["callers"] == ["101", "Sales"]


def test_an_edited_rate_is_a_new_version_and_the_old_one_stays(
    browser: Client, office: Office
) -> None:
    tariff_id = made(browser)

    edit(browser, tariff_id, 0, unit_price="0.03", window_from="08:00:00", window_to="17:59:59")
    edit(browser, tariff_id, None, prefix="", extensions="some", callers="101")

    first, second, third = (
        read_tariff(parse_json(version.document)).tariff  # type: ignore[arg-type]  # stored documents are tables
        for version in TariffVersion.objects.filter(tariff=tariff_id).order_by("number")
    )
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.rates[0].window is None
    assert second.rates[0].window is not None
    assert second.rates[0].window.to_s == 18 * 3600
    assert [(rate.prefix, rate.callers) for rate in third.rates] == [("9", ()), ("", ("101",))]


def test_what_the_form_does_not_show_stays(browser: Client, office: Office) -> None:
    tariff_id = made(browser)
    stored = document(tariff_id)
    stored["rate"][0] |= {"destination": "Berlin", "trunks": ["SIP-1"], "maximum_charge": "2"}
    publish_tariff(stored, by=Actor("test", NOON))

    edit(browser, tariff_id, 0, remark="other words")

    assert document(tariff_id)["rate"][0] == {**stored["rate"][0], "remark": "other words"}


def test_a_rate_of_another_form_is_listed_in_words_and_edited_elsewhere(
    browser: Client, office: Office
) -> None:
    assert "0.01 per 60 s, billed 60" in words_of(browser.get("/tariffs/1/rates"))

    assert browser.get("/tariffs/1/rates/0").headers["Location"] == "/tariffs/1/rates"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prefix": "abc"}, "Prefix is"),
        ({"number_length": "-1"}, "Number Length is"),
        ({"initial_cost": "a lot"}, "Initial Cost"),
        ({"initial_cost": "-1"}, "expected zero or more"),
        ({"initial_s": "1.5"}, "Initial Time is"),
        ({"unit_price": ""}, "Rate is missing"),
        ({"unit_price": "1e30"}, "not a plain decimal amount"),
        ({"unit_s": "0"}, "Billing Unit has a unit price, but its billing unit is 0 s"),
        ({"window_from": "25:00"}, "Start Time"),
        ({"window_to": ""}, "Start Time has one end of its window only"),
        ({"window_from": "10:00:00", "window_to": "10:00:00"}, "starts and ends at the same"),
    ],
)
def test_each_fault_stands_at_its_field_and_what_was_typed_stays(
    browser: Client, office: Office, change: dict[str, str], words: str
) -> None:
    answer = browser.post("/tariffs/new", {**NEW, **SAMPLE, **change})

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert 'value="landline"' in answer.content.decode()
    assert Tariff.objects.count() == 1


def test_a_unit_of_zero_is_fine_where_nothing_more_is_owed(browser: Client, office: Office) -> None:
    tariff_id = made(browser, unit_price="0", unit_s="0")

    assert document(tariff_id)["rate"][0]["unit_s"] == 0


def test_ticked_rates_are_switched_and_deleted_together(browser: Client, office: Office) -> None:
    tariff_id = made(browser)
    edit(browser, tariff_id, None, prefix="95")
    edit(browser, tariff_id, None, prefix="96")

    def change(do: str, *indexes: int) -> str:
        version = TariffVersion.objects.filter(tariff=tariff_id).latest("number").pk
        given = {"version": version, "do": do, "rate": [str(index) for index in indexes]}
        answer = browser.post(f"/tariffs/{tariff_id}/rates/change", given)
        return words_of(browser.get(answer.headers["Location"]))

    assert "2 rates are switched off" in change("off", 0, 2)
    assert [rate.get("active", True) for rate in document(tariff_id)["rate"]] == [
        False, True, False,
    ]  # fmt: skip
    assert "1 rate is switched on" in change("on", 0)
    assert "1 rate is deleted" in change("delete", 1)
    assert [rate["prefix"] for rate in document(tariff_id)["rate"]] == ["9", "96"]
    assert "No rate was ticked" in change("delete")
    assert "No rate was ticked" in change("delete", 17)


def test_two_who_edit_at_once_do_not_undo_each_other(browser: Client, office: Office) -> None:
    tariff_id = made(browser)
    stale = TariffVersion.objects.latest("id").pk
    edit(browser, tariff_id, 0, unit_price="0.03")

    answer = browser.post(
        f"/tariffs/{tariff_id}/rates/0", {"version": str(stale), **SAMPLE, "unit_price": "9"}
    )

    assert answer.status_code == 422
    assert "was published while you looked" in words_of(answer)
    assert document(tariff_id)["rate"][0]["unit_price"] == "0.03"


def test_a_rate_that_can_never_win_is_saved_with_a_warning(browser: Client, office: Office) -> None:
    tariff_id = made(browser)

    answer = edit(browser, tariff_id, None, remark="twin")

    assert "Can never win" in words_of(browser.get(answer.headers["Location"]))


def test_the_form_prices_calls_as_its_manual_says(browser: Client, office: Office) -> None:
    """RUL-01: 0.1 for 60 s, then 0.02 for each 55 s begun: 116 s owe two of them."""
    tariff_id = made(browser, prefix="", number_length="0", currency="EUR")
    TariffAssignment.objects.update(tariff_id=tariff_id)

    office.receive([Call(1, FIRST_CALL, talk_s=116)])

    assert Charge.objects.get().amount_micros == 140_000


def test_a_later_version_is_announced(browser: Client, office: Office) -> None:
    tariff_id = made(browser)
    edit(browser, tariff_id, 0, valid_from="2027-01-01T00:00:00", unit_price="1")

    page = words_of(browser.get(f"/tariffs/{tariff_id}/rates"))

    assert "Version 2 takes over on 2027-01-01 00:00:00" in page
    assert browser.get("/tariffs/77/rates").status_code == 404
    assert browser.get(f"/tariffs/{tariff_id}/rates/9").status_code == 404
