"""The dial plan screen: each fault at its field, a number followed step by step."""

import re
from typing import Any

import pytest
from django.test import Client

from support.office import Office
from tollbook.core.dialplan import default_dial_plan, dial_plan_document, read_dial_plan
from tollbook.storage.models import AuditLog, Site
from tollbook.web.directory.pages.dial_plan_form import form_texts, read_texts

BERLIN = {
    "country": "DE",
    "area_code": "30",
    "national_prefix": "0",
    "international_prefix": "00",
    "outside_prefixes": "0\n",
    "carrier_prefixes": "010xx",
    "extension_ranges": "100-199\n8xx",
    "short_codes": "701 = 030123456",
    "feature_codes": "*\n#",
}


def words_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_plan_is_edited_line_by_line_and_stored(browser: Client, office: Office) -> None:
    answer = browser.post(f"/settings/dial-plan/{office.site_id}", {**BERLIN, "do": "save"})

    assert answer.status_code == 302
    stored = Site.objects.get().dial_plan
    assert stored["outside_prefixes"] == ["0"]
    assert stored["extension_ranges"] == ["100-199", "800-899"]
    assert stored["short_codes"] == {"701": "030123456"}
    assert AuditLog.objects.filter(action="site.dial_plan", actor="anna").exists()
    assert "701 = 030123456" in browser.get("/settings/dial-plan").content.decode()


def test_the_tester_shows_each_step_by_the_plan_as_typed(browser: Client, office: Office) -> None:
    trial = {**BERLIN, "do": "try", "caller": "101", "dialled": "001030171234567"}
    before = Site.objects.get().dial_plan

    page = words_of(browser.post(f"/settings/dial-plan/{office.site_id}", trial))

    assert "The call goes out" in page
    assert "as typed, not saved yet" in page
    steps = re.findall(r"(\d) ([^0-9]+) (\d+) (\d+)", page.partition("Step Why Took Left")[2])
    assert len(steps) >= 2
    assert Site.objects.get().dial_plan == before


def test_a_call_between_telephones_stays_inside(browser: Client, office: Office) -> None:
    page = words_of(browser.get("/settings/dial-plan?caller=101&dialled=102"))

    assert "The call stays inside" in page
    assert "both are extensions" in page


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("country", "Germany", "is not two capital letters"),
        ("outside_prefixes", "nine", "is not digits"),
        ("extension_ranges", "100-199\n200-1", "is not a range of extensions"),
        ("short_codes", "701", "is not a number to dial"),
        ("feature_codes", "77", "is not keys that begin with * or #"),
    ],
)
def test_a_fault_stands_at_its_field_and_nothing_is_stored(
    browser: Client, office: Office, field: str, text: str, words: str
) -> None:
    answer = browser.post(f"/settings/dial-plan/{office.site_id}", {**BERLIN, field: text})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert words in words_of(answer)
    marked = re.findall(r'id="(\w+)"[^>]*aria-invalid="true"', html)
    assert marked == [field]
    assert not AuditLog.objects.filter(action="site.dial_plan").exists()


def test_what_the_form_shows_is_what_it_stores() -> None:
    plan = read_dial_plan(
        {**dial_plan_document(default_dial_plan("DE")), "short_codes": {"70": "+4930"}}
    ).plan
    assert plan is not None

    assert read_dial_plan(read_texts(form_texts(plan))).plan == plan


def test_a_site_that_is_not_there_has_no_plan(browser: Client, office: Office) -> None:
    assert browser.get("/settings/dial-plan/99").status_code == 404
