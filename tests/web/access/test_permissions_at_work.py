"""Sources, imports, quarantine, tariffs, the tester and settings: what is done from the screens."""

import json
import re
import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from support.office import FIRST_CALL, Call, Office, calls_in_a_row
from tollbook.core.dialplan import default_dial_plan, dial_plan_document
from tollbook.storage.models import (
    AuditLog,
    Pbx,
    Reject,
    Site,
    Source,
    TariffAssignment,
    TariffVersion,
)
from tollbook.storage.models import Call as StoredCall
from tollbook.web.pricing.views.tester import WrongInput, parse_talk

BROKEN = '"","101","0049","internal"\n'
TOML = """
name = "Carrier B"
currency = "EUR"
zone = "Europe/Berlin"
rounding = { rule = "half_up", decimals = 4 }

[[rate]]
prefix = "33"
destination = "France"
slots = [{ from_s = 0, price = "0.30", per_s = 60, increment_s = 60 }]
"""
SOURCE = {"pbx": "Reception", "format": "3cx", "transport": "tcp-listen", "port": "5015"}


def text_of(answer: Any) -> str:
    """Return a page's words, its marks taken out."""
    html = answer.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def upload(text: str, name: str = "Master.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def imported(browser: Client, text: str, **fields: str) -> str:
    """Import *text* and return the words of the page once the work is done."""
    given = {"pbx": "Reception", "format": "asterisk-csv", "zone": "UTC", **fields}
    answer = browser.post("/import", {"file": upload(text), **given})
    assert answer.status_code == 302, text_of(answer)
    place = answer.headers["Location"]
    for _ in range(300):
        page = browser.get(place)
        if b'hx-trigger="every 1s"' not in page.content:
            return text_of(page)
        time.sleep(0.05)
    raise AssertionError("the import did not end")


# Imports


def test_a_file_is_imported_and_says_what_came_of_it(browser: Client, office: Office) -> None:
    lines = "".join(call.line() for call in calls_in_a_row(12))

    page = imported(browser, lines + BROKEN)

    assert "12 new calls" in page
    assert "Rejected, now in quarantine 1" in page
    assert StoredCall.objects.count() == 12


def test_the_format_is_found_out_from_the_file(browser: Client, office: Office) -> None:
    page = imported(browser, "".join(call.line() for call in calls_in_a_row(5)), format="")

    assert "5 new calls" in page
    assert "asterisk-csv" in page


def test_the_same_file_again_adds_nothing(browser: Client, office: Office) -> None:
    lines = "".join(call.line() for call in calls_in_a_row(5))
    imported(browser, lines)

    page = imported(browser, lines)

    assert "This very file was imported before" in page
    assert StoredCall.objects.count() == 5


def test_an_import_for_a_pbx_that_is_new_makes_it(browser: Client, office: Office) -> None:
    imported(browser, calls_in_a_row(1)[0].line(), pbx="Annex")

    assert Pbx.objects.filter(name="Annex").exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"format": "nothing"}, "No format reads this file"),
        ({"format": "../../secret.toml"}, "No format reads this file"),
        ({"zone": "Mars/Olympus"}, "is no time zone"),
        ({"pbx": ""}, "is no name for a PBX"),
    ],
)
def test_an_import_that_cannot_begin_says_why(
    browser: Client, office: Office, fields: dict[str, str], words: str
) -> None:
    given = {"pbx": "Reception", "format": "asterisk-csv", **fields}

    answer = browser.post("/import", {"file": upload("x\n"), **given})

    assert answer.status_code == 422
    assert words in text_of(answer)


def test_an_import_without_a_file_asks_for_one(browser: Client, office: Office) -> None:
    answer = browser.post("/import", {"pbx": "Reception"})

    assert "There is no file" in text_of(answer)


def test_an_import_that_nobody_began_is_not_there(browser: Client, office: Office) -> None:
    assert browser.get("/import/..%2f..%2fsecret").status_code == 404
    assert browser.get("/import/nothing").status_code == 404


# Quarantine


def test_a_record_that_cannot_be_read_is_listed_shown_and_dismissed(
    browser: Client, office: Office
) -> None:
    imported(browser, BROKEN + '"<script>alert(1)</script>","=1+1"\n')
    row = Reject.objects.order_by("pk").first()
    assert row is not None

    listed = browser.get("/calls/quarantine").content.decode()
    assert "<script>alert" not in listed
    shown = browser.get(f"/calls/quarantine/{row.pk}").content.decode()
    assert "&quot;101&quot;,&quot;0049&quot;" in shown
    assert row.reason in shown

    browser.post(f"/calls/quarantine/{row.pk}/dismiss")

    assert Reject.objects.get(pk=row.pk).state == "dismissed"
    assert f"/calls/quarantine/{row.pk}" not in browser.get("/calls/quarantine").content.decode()
    assert AuditLog.objects.filter(action="reject.dismiss", actor="anna").exists()
    assert browser.post(f"/calls/quarantine/{row.pk}/dismiss").status_code == 404


def test_the_quarantine_is_exported_whole_and_guarded(browser: Client, office: Office) -> None:
    imported(browser, "".join(f"=cmd{number}\n" for number in range(70)))

    answer = browser.get("/calls/quarantine/export.csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()

    assert len(lines) == 71
    assert all("'=cmd" in line for line in lines[1:])


def test_records_of_known_calls_are_listed_as_duplicates(browser: Client, office: Office) -> None:
    call = Call(1, FIRST_CALL)
    office.receive([call])
    office.receive([call, Call(2, FIRST_CALL + timedelta(hours=1))])

    page = text_of(browser.get("/calls/duplicates"))

    assert "Tells of call 1 again" in page


# Sources


def test_a_source_is_added_stopped_and_started(browser: Client, office: Office) -> None:
    assert browser.post("/sources/add", SOURCE).headers["Location"] == "/sources"
    source = Source.objects.get(transport="tcp-listen")
    page = text_of(browser.get("/sources"))
    assert "unknown" in page
    assert "No collector has reported on this source yet" in page

    browser.post(f"/sources/{source.pk}/stop")
    assert Source.objects.get(pk=source.pk).wanted == "stopped"
    assert "The source was stopped by hand" in text_of(browser.get("/sources"))

    browser.post(f"/sources/{source.pk}/start")
    assert Source.objects.get(pk=source.pk).wanted == "running"
    actions = set(AuditLog.objects.filter(actor="anna").values_list("action", flat=True))
    assert {"source.add", "source.stop", "source.start"} <= actions


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"port": "99999"}, "port is"),
        ({"port": ""}, "port is missing"),
        ({"transport": "pigeon"}, "there is no transport"),
        ({"format": "pigeon"}, "pigeon"),
        ({"peers": "everybody"}, "neither an address nor a network"),
        ({"zone": "Mars/Olympus"}, "is not a time zone"),
    ],
)
def test_a_source_that_cannot_work_is_refused_and_what_was_typed_stays(
    browser: Client, office: Office, change: dict[str, str], words: str
) -> None:
    answer = browser.post("/sources/add", {**SOURCE, "name": "Front desk", **change})

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert 'value="Front desk"' in answer.content.decode()
    assert not Source.objects.filter(transport="tcp-listen").exists()


def test_a_source_that_is_not_there_cannot_be_stopped(browser: Client, office: Office) -> None:
    assert browser.post("/sources/99/stop").status_code == 404


# Tariffs


def test_a_tariff_is_checked_published_and_shown(browser: Client, office: Office) -> None:
    checked = browser.post("/tariffs/upload", {"text": TOML, "do": "check"})
    assert "It holds" in text_of(checked)
    assert TariffVersion.objects.filter(tariff__name="Carrier B").count() == 0

    answer = browser.post(
        "/tariffs/upload", {"file": upload(TOML, "b.toml"), "do": "publish", "assign": "1"}
    )
    page = text_of(browser.get(answer.headers["Location"]))

    assert "Carrier B" in page
    assert "0.3 per 60 s, billed 60" in page
    assert TariffAssignment.objects.get().tariff.name == "Carrier B"
    document = browser.get(answer.headers["Location"] + "/document.json")
    assert document.json()["name"] == "Carrier B"


def test_every_fault_of_a_tariff_is_shown_with_its_place(browser: Client, office: Office) -> None:
    faulty = TOML.replace('"0.30"', "0.30").replace('zone = "Europe/Berlin"', 'zone = "Mars"')

    answer = browser.post("/tariffs/upload", {"text": faulty, "do": "publish"})
    page = text_of(answer)

    assert answer.status_code == 422
    assert "zone" in page
    assert "rate[0].slots[0].price" in page
    assert "Refused: 2 faults" in page
    assert TariffVersion.objects.count() == 1


@pytest.mark.parametrize("text", ["", "name = ", "{", "\x01\x02", "a" * 10_000])
def test_what_is_no_tariff_is_refused(browser: Client, office: Office, text: str) -> None:
    answer = browser.post("/tariffs/upload", {"text": text, "do": "publish"})

    assert answer.status_code == 422
    assert TariffVersion.objects.count() == 1


def test_a_new_version_holds_from_its_own_instant_on(browser: Client, office: Office) -> None:
    dearer = TOML.replace("Carrier B", "Carrier A").replace('"33"', '"49"')

    browser.post(
        "/tariffs/upload", {"text": dearer, "valid_from": "2026-10-02T00:00", "do": "publish"}
    )
    office.receive(
        [Call(1, FIRST_CALL, talk_s=60), Call(2, FIRST_CALL + timedelta(days=1), talk_s=60)]
    )

    html = browser.get("/calls").content.decode()
    assert re.findall(r'title="Why this price">([\d.]+)', html) == ["0.3000", "0.2200"]


def test_rates_are_found_by_prefix_and_destination(browser: Client, office: Office) -> None:
    assert "Berlin" in text_of(browser.get("/tariffs/1?q=4930"))
    assert "Germany" not in text_of(browser.get("/tariffs/1?q=4930"))
    assert "No rate fits" in text_of(browser.get("/tariffs/1?q=Atlantis"))
    assert browser.get("/tariffs/77").status_code == 404


# The tester


def test_the_tester_prices_a_call_and_says_why_not_the_other_rate(
    browser: Client, office: Office
) -> None:
    page = text_of(
        browser.get("/tariffs/tester?tariff=1&number=49 30 123&start=2026-10-01T09:00:00&talk=2:05")
    )

    assert "0.03 EUR" in page
    assert "Berlin (prefix 4930) priced this call" in page
    assert "lost: shorter prefix" in page


def test_the_tester_reads_a_number_as_it_is_dialled(browser: Client, office: Office) -> None:
    page = text_of(
        browser.get("/tariffs/tester?tariff=1&number=004940123456&start=2026-10-01T09:00&talk=60")
    )

    assert "0.22 EUR" in page
    assert "4940123456" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("number=33&talk=60&start=2026-10-01T09:00", "No price: no rate has a prefix"),
        ("number=49&talk=soon&start=2026-10-01T09:00", "is no duration"),
        ("number=49&talk=99999999&start=2026-10-01T09:00", "longer than 31 days"),
        ("number=49&talk=60&start=noon", "is not a day or an instant"),
        ("number=<script>alert(1)</script>&talk=60&start=2026-10-01", "No price"),
        ("number=49&talk=60&start=2026-10-01&tariff=x", "0.22 EUR"),
        ("number=49&talk=60&start=2026-10-01&tariff=99", "No version of this tariff"),
    ],
)
def test_the_tester_answers_whatever_is_asked(
    browser: Client, office: Office, query: str, words: str
) -> None:
    answer = browser.get(f"/tariffs/tester?{query}")

    assert answer.status_code == 200
    assert words in text_of(answer)
    assert b"<script>alert" not in answer.content


@pytest.mark.parametrize(
    ("text", "talk_s"), [("1:02:03", 3723), ("62:03", 3723), ("3723", 3723), ("0", 0)]
)
def test_a_duration_is_read_in_three_forms(text: str, talk_s: int) -> None:
    assert parse_talk(text) == talk_s


@pytest.mark.parametrize("text", ["", "-1", "1:2:3:4", "1.5", "٣"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(WrongInput, match="is no duration"):
        parse_talk(text)


# Settings


def test_a_dial_plan_is_stored_whole_or_refused_whole(browser: Client, office: Office) -> None:
    document = {**dial_plan_document(default_dial_plan("DE")), "outside_prefixes": ["0"]}
    saved = browser.post("/settings", {"dial_plan": json.dumps(document)})
    assert saved.headers["Location"] == "/settings"
    before = Site.objects.get().dial_plan
    assert before["outside_prefixes"] == ["0"]

    for wrong in ('{"outside_prefixes": ["x"]}', '{"colour": "red"}', "[]", "{", "[" * 100_000):
        answer = browser.post("/settings", {"dial_plan": wrong})
        assert answer.status_code == 422, wrong[:40]
    assert Site.objects.get().dial_plan == before
    assert AuditLog.objects.filter(action="site.dial_plan", actor="anna").exists()


def test_settings_say_what_a_number_reaches(browser: Client, office: Office) -> None:
    page = text_of(browser.get("/settings?caller=101&dialled=112"))

    assert "112 · emergency" in page


# Home and search


def test_home_answers_its_four_questions(browser: Client, office: Office) -> None:
    office.receive([Call(1, FIRST_CALL, talk_s=125), Call(2, FIRST_CALL, dialled="0033123456789")])
    browser.post("/sources/add", SOURCE)

    assert "Reception tcp-listen" in text_of(browser.get("/"))
    assert "0.2850 EUR this month, 2 calls" in text_of(browser.get("/home/spend"))
    assert "Amir 101 2" in text_of(browser.get("/home/top"))
    assert "Sales" in text_of(browser.get("/home/top?by=department"))
    failed = text_of(browser.get("/home/failures"))
    assert "1 call of this month has no price" in failed
    assert "Reception tcp-listen is unknown" in failed


def test_home_of_an_empty_installation_teaches(browser: Client, office: Office) -> None:
    page = text_of(browser.get("/"))

    assert "Let the first calls in" in page
    assert "Connect a PBX" in page


def test_every_figure_of_home_opens_the_list_behind_it(browser: Client, office: Office) -> None:
    office.receive(calls_in_a_row(10))
    for part in ("/home/spend", "/home/top", "/home/failures"):
        html = browser.get(part).content.decode()
        links = re.findall(r'<a [^>]*?(?<!hx-)(?:xlink:)?href="(/calls[^"]*)"', html)
        assert links, part
        for link in set(links):
            assert browser.get(link.replace("&amp;", "&")).status_code == 200


def test_the_calls_that_a_source_brought_today_are_those_of_the_list_behind(
    browser: Client, office: Office
) -> None:
    browser.post("/sources/add", SOURCE)
    office.receive(calls_in_a_row(3))  # of yesterday and before, come today
    html = browser.get("/sources/rows").content.decode()
    link = re.search(r'href="(/calls[^"]*source=\d+[^"]*)"', html)

    assert link is not None
    asked = parse_qs(urlsplit(link[1].replace("&amp;", "&")).query)
    assert asked.pop("source") == [str(Source.objects.get(transport="tcp-listen").pk)]
    listed = browser.get("/calls", asked).content.decode()
    assert len(re.findall(r'<tr id="call-', listed)) == 3


def test_who_spent_most_counts_the_calls_that_the_list_behind_it_shows(
    browser: Client, office: Office
) -> None:
    office.receive(
        [
            Call(1, FIRST_CALL, talk_s=125),
            Call(2, FIRST_CALL, talk_s=0),
            Call(3, FIRST_CALL, dialled="102"),
        ]
    )
    html = browser.get("/home/top").content.decode()
    link = re.search(r'href="(/calls[^"]*extension=101[^"]*)"', html)

    assert link is not None
    listed = browser.get(link[1].replace("&amp;", "&")).content.decode()

    assert "Amir 101 3" in text_of(browser.get("/home/top"))
    assert len(re.findall(r'<tr id="call-', listed)) == 3


def test_the_search_finds_extensions_codes_and_pages(browser: Client, office: Office) -> None:
    assert "Amir" in text_of(browser.get("/find?q=ami"))
    assert "/calls?extension=101" in browser.get("/find?q=101").content.decode()
    assert "Tariffs" in text_of(browser.get("/find?q=tari"))
    assert text_of(browser.get("/find?q=")).strip() == ""
