"""Rate decks from the screens: uploaded, mapped, compared, published, downloaded."""

import io
import re
from datetime import UTC, timedelta
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from support.factories import make_user
from support.office import FIRST_CALL, Call, Office
from tollbook.storage.models import CarrierMapping, Charge, TariffVersion

DECK = """Carrier B Ltd,,
Dial code,Destination,Rate/min
49,Germany,0.20
4930,Berlin,0.03
33,"=cmd|'/c calc'!A0",0.05
"""
MAP = {"column-0": "prefix", "column-1": "destination", "column-2": "price", "header_row": "2"}


def words_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def put(browser: Client, raw: str | bytes, **given: str) -> Any:
    data = raw.encode() if isinstance(raw, str) else raw
    return browser.post("/decks/import", {"file": SimpleUploadedFile("deck", data), **given})


def place_of(browser: Client, raw: str | bytes, **given: str) -> str:
    answer = put(browser, raw, **(given or {"tariff": "1"}))
    assert answer.status_code == 302, words_of(answer)
    return str(answer.headers["Location"])


def preview(browser: Client, place: str, **changed: str) -> Any:
    return browser.post(place, {**MAP, "do": "preview", **changed})


def publish(browser: Client, place: str, **changed: str) -> Any:
    """Publish what a preview has shown."""
    html = preview(browser, place, **changed).content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', html)
    assert seen, html
    return browser.post(place, {**MAP, "do": "publish", "seen": seen[1], **changed})


def test_a_deck_is_mapped_compared_published_and_downloaded(
    browser: Client, office: Office
) -> None:
    place = place_of(browser, DECK)
    first = browser.get(place)
    assert "The columns are guessed" in words_of(first)
    assert 'value="prefix" selected' in first.content.decode()

    seen = words_of(preview(browser, place))
    # Germany loses its connect fee: short calls get cheaper, long ones dearer.
    assert "1 new, 1 dearer, 1 dearer for some lengths, cheaper for others" in seen
    assert "4930 Berlin 0.0300 0.0900 +200.0 %" in seen
    assert "Publish 3 rates" in seen
    assert TariffVersion.objects.count() == 1

    answer = publish(browser, place)
    assert answer.headers["Location"] == "/tariffs/1/versions/2"
    page = words_of(browser.get("/tariffs/1/versions/2"))
    assert "0.05 per 60 s, billed 60" in page

    file = b"".join(browser.get("/tariffs/1/versions/2/deck.csv").streaming_content)  # type: ignore[arg-type]
    assert b'"""=cmd|\'/c calc\'!A0"""' in file
    assert browser.get(place).status_code == 404


def test_the_columns_of_a_carrier_are_remembered(browser: Client, office: Office) -> None:
    odd = DECK.replace("Rate/min", "Our gift to you")
    publish(browser, place_of(browser, odd, tariff="1", carrier="Carrier B"))

    page = browser.get(place_of(browser, odd, tariff="1", carrier="Carrier B"))

    assert CarrierMapping.objects.get().carrier == "Carrier B"
    assert "those of the last deck of Carrier B" in words_of(page)
    assert page.content.decode().count('value="price" selected') == 1


def test_one_fault_refuses_the_whole_deck_and_names_its_row(
    browser: Client, office: Office
) -> None:
    place = place_of(browser, DECK + "44,England,free\n")

    answer = browser.post(place, {**MAP, "do": "publish", "seen": "x"})

    assert answer.status_code == 422
    assert "Refused: 1 fault" in words_of(answer)
    assert "row 6, column C, price" in words_of(answer)
    assert TariffVersion.objects.count() == 1


def test_of_thousands_of_faults_the_first_are_shown_and_all_are_counted(
    browser: Client, office: Office
) -> None:
    answer = preview(browser, place_of(browser, DECK + "49,x,free\n" * 2_500))

    assert "Refused: 2,500 faults" in words_of(answer)
    assert "Here are the first 1,000" in words_of(answer)
    assert answer.content.decode().count("not a plain decimal amount") == 1_000


def test_what_was_not_previewed_is_not_published(browser: Client, office: Office) -> None:
    place = place_of(browser, DECK)
    html = preview(browser, place).content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', html)
    assert seen

    answer = browser.post(
        place, {**MAP, "column-2": "connect_fee", "do": "publish", "seen": seen[1]}
    )
    assert answer.status_code == 422
    changed = browser.post(place, {**MAP, "amends": "1", "do": "publish", "seen": seen[1]})

    assert changed.status_code == 200
    assert TariffVersion.objects.count() == 1


def test_a_deck_takes_effect_to_the_second_for_old_and_new_calls(
    browser: Client, office: Office
) -> None:
    """CAB-10: one second before the old price, at that second the new one."""
    begins = FIRST_CALL + timedelta(hours=1)
    local = begins.astimezone(UTC) + timedelta(hours=2)  # Berlin's summer time
    publish(browser, place_of(browser, DECK), valid_from=f"{local:%Y-%m-%dT%H:%M:%S}")

    talk_begins = [begins - timedelta(seconds=1), begins]
    office.receive(
        [
            Call(number, instant - timedelta(seconds=5), talk_s=60)
            for number, instant in enumerate(talk_begins, start=1)
        ]
    )

    charged = [charge.amount_micros for charge in Charge.objects.order_by("call__answer_us")]
    assert charged == [220_000, 200_000]


def test_a_deck_of_changes_leaves_the_other_rates(browser: Client, office: Office) -> None:
    only = "Dial code,Destination,Rate/min\n33,France,0.05\n"

    publish(browser, place_of(browser, only), header_row="1", amends="1")

    page = words_of(browser.get("/tariffs/1/versions/2"))
    assert "Berlin" in page
    assert "France" in page


def test_a_workbook_becomes_a_new_tariff(browser: Client, office: Office) -> None:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Prefix", "Destination", "Price"])
    sheet.write_row(1, 0, [4930, "Berlin", 0.012])
    book.close()
    place = place_of(
        browser, file.getvalue(), name="Carrier C", currency="EUR", zone="Europe/Berlin"
    )

    answer = publish(browser, place, header_row="1")

    assert "0.012 per 60 s" in words_of(browser.get(answer.headers["Location"]))
    xlsx = browser.get(answer.headers["Location"] + "/deck.xlsx")
    assert b"".join(xlsx.streaming_content).startswith(b"PK")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "given", "words"),
    [
        (b"\x00\x01", {"tariff": "1"}, "holds NUL bytes"),
        (b"PK\x03\x04", {"tariff": "1"}, "is damaged"),
        (b"a,b\n", {"tariff": "77"}, "There is no such tariff"),
        (b"a,b\n", {"name": "", "currency": "EUR", "zone": "UTC"}, "needs a name"),
        (b"a,b\n", {"name": "X", "currency": "€", "zone": "UTC"}, "is no currency"),
        (b"a,b\n", {"name": "X", "currency": "EUR", "zone": "Mars"}, "is no time zone"),
    ],
)
def test_what_cannot_become_a_tariff_is_refused_at_once(
    browser: Client, office: Office, raw: bytes, given: dict[str, str], words: str
) -> None:
    answer = put(browser, raw, **given)

    assert answer.status_code == 422
    assert words in words_of(answer)


def test_a_deck_is_for_the_eyes_of_who_uploaded_it(browser: Client, office: Office) -> None:
    place = place_of(browser, DECK)
    make_user("berta", administrator=True, password="another horse and cart")
    other = Client()
    other.post("/sign-in", {"name": "berta", "password": "another horse and cart"})

    assert browser.get(place).status_code == 200
    assert other.get(place).status_code == 404
    assert browser.get("/decks/..%2f..%2fsecret").status_code == 404
    assert browser.get("/decks/nothing").status_code == 404


def test_a_wrong_instant_is_said_at_the_form(browser: Client, office: Office) -> None:
    answer = preview(browser, place_of(browser, DECK), valid_from="soon")

    assert answer.status_code == 422
    assert "is not a day or an instant" in words_of(answer)
