"""Each role on every page, and nobody sees another's calls: lists, totals, files, single calls."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, resolve

from support.databases import door
from support.factories import make_alarm, make_code, make_owner, make_user
from support.office import FIRST_CALL, Call, Office
from support.screens import OPEN, PASSWORD, example, pages
from tollbook.app.access.roles import WITHIN_REACH, access_of
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.models import Extension, Owner
from tollbook.storage.models.access import Role
from tollbook.web.frame.permissions import OPEN_PATHS, may_open, need_of

AMIR, BERTA, VISITOR = "00494020111111", "00494020222222", "00494020333333"
ALL, MANAGERS, READERS = "ABVOE", "AB", "ABV"
LETTERS = {
    "A": Role.ADMINISTRATOR,
    "B": Role.BILLING,
    "V": Role.VIEWER,
    "O": Role.OWNER,
    "E": Role.EXTENSION,
}
# Who gets a page to see. A page that is not here is for nobody with a reach.
SEEN_BY = {
    name: letters
    for letters, names in {
        ALL: "home home_spend home_top calls calls_totals calls_csv calls_xlsx calls_live find "
        "account password",
        READERS: "quarantine duplicates sources sources_rows health home_failures "
        "tariffs assignments tester",
        MANAGERS: "try_again import release_duplicates upload_tariff new_tariff import_deck "
        "rerate what_if pins import_pins settings dial_plan",
        "A": "add_source users add_user roles tokens add_token audit",
    }.items()
    for name in names.split()
}
# Pages that users with a reach may open: each is narrowed, and a test below or in the module
# that is named proves it. Add a page here together with its test.
NARROWED = {
    "home", "home_spend", "home_top", "find", "calls", "calls_live", "calls_totals",
    "calls_csv", "calls_xlsx", "call", "call_why", "calls_choices",
    "extensions", "extensions_file", "extension", "holder", "recharges", "recharges_file",
    "statistics", "statistics_file", "statement", "statement_file", "code_statement",
    "code_statement_file",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class House:
    """An office with two telephones, two owners, and a call of each pair; users by letter."""

    calls: dict[str, int]
    sign_in: Callable[[str], Client]


@pytest.fixture
def house(office: Office) -> House:
    with door.transaction():
        owners = [make_owner(name) for name in ("Smith", "Jones")]
        for owner, code in zip(owners, ("4711", "4712"), strict=True):
            make_code(code, owner=owner)
        users = {}
        for letter, role in LETTERS.items():
            users[letter] = make_user(
                f"user-{letter}",
                password=PASSWORD,
                role=role,
                owner=owners[0] if letter == "O" else None,
                extension=Extension.objects.get(number="101") if letter == "E" else None,
            )
        make_alarm("101", key="spend", kind="spend", message="too much", closes=True)
    office.receive(
        [
            Call(1, FIRST_CALL, extension="101", dialled=AMIR, account_code="4711"),
            Call(2, FIRST_CALL, extension="102", dialled=BERTA, account_code="4712", talk_s=120),
            Call(3, FIRST_CALL, extension="102", dialled=VISITOR, account_code="4711"),
        ]
    )
    numbers = {AMIR: "amir", BERTA: "berta", VISITOR: "visitor"}
    calls = {numbers[call.dialled]: call.pk for call in StoredCall.objects.all()}

    def sign_in(letter: str) -> Client:
        client = Client()
        client.force_login(users[letter])
        return client

    return House(calls, sign_in)


def plain_pages() -> list[URLPattern]:
    return [page for page in pages() if page.name not in OPEN and not page.pattern.converters]


@pytest.mark.parametrize("letter", LETTERS)
def test_each_role_opens_its_pages_and_no_other(house: House, letter: str) -> None:
    client = house.sign_in(letter)
    wrong = []
    for page in plain_pages():
        expected = SEEN_BY.get(str(page.name))
        if expected is None:
            continue  # Judged below.
        status = client.get(f"/{page.pattern}").status_code
        if (status == 403) == (letter in expected) or status >= 500:
            wrong.append((page.name, status))

    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("letter", ["O", "E"])
def test_who_has_a_reach_opens_nothing_that_is_not_narrowed(house: House, letter: str) -> None:
    client = house.sign_in(letter)
    for page in pages():
        if page.name in OPEN | NARROWED or page.name in ("account", "password"):
            continue
        need = need_of(page.callback)
        if need is not None and need.to_see is None:
            continue  # One's own account.
        for answer in (client.get(example(page)), client.post(example(page))):
            assert answer.status_code in (403, 405), (
                f"{page.name} answers {answer.status_code} to a user with a reach: narrow it by "
                "web.frame.permissions.reach_of, test it, and add it to NARROWED"
            )


def test_what_is_narrowed_is_what_a_reach_may_open() -> None:
    for page in pages():
        need = need_of(page.callback)
        if page.name in NARROWED:
            assert need is not None, page.name
            assert need.to_see in WITHIN_REACH, page.name


@pytest.mark.parametrize("letter", ["V", "O", "E"])
def test_who_only_sees_changes_nothing(house: House, letter: str) -> None:
    client = house.sign_in(letter)
    for page in pages():
        need = need_of(page.callback)
        if page.name in OPEN or need is None or need.to_change is None:
            continue
        if need.to_change.value.startswith("see_"):
            continue  # It answers 405: nothing can be sent to it.
        assert client.post(example(page)).status_code == 403, page.name


def words_of(client: Client, place: str) -> str:
    """Return the text of a page, a part of one, or a file."""
    answer = client.get(place)
    raw = answer.getvalue()
    if place.partition("?")[0].endswith(".xlsx"):
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            return " ".join(book.read(name).decode() for name in book.namelist())
    return raw.decode()


SEES = {"E": {"amir"}, "O": {"amir", "visitor"}, "V": {"amir", "berta", "visitor"}}
PARTS = {"amir": "4020111111", "berta": "4020222222", "visitor": "4020333333"}
WAYS = (
    "/calls",
    "/calls?period=&size=100",
    "/calls?sort=talk",
    "/calls?sort=-charge",
    "/calls?q=4020",
    "/calls?direction=out",
    "/calls?cost_min=0.01",
    "/calls?sort=begin&call_type=national",
    "/calls/live?since=0",
    "/calls/export.csv",
    "/calls/export.csv?q=4020&sort=talk",
    "/calls/export.xlsx",
)


@pytest.mark.parametrize("place", WAYS)
@pytest.mark.parametrize("letter", SEES)
def test_the_log_its_live_rows_and_its_files_hold_ones_own_calls_only(
    house: House, letter: str, place: str
) -> None:
    words = words_of(house.sign_in(letter), place)

    assert {name for name, digits in PARTS.items() if digits in words} == SEES[letter]


@pytest.mark.parametrize(
    ("letter", "query"),
    [
        ("E", "extension=102"),
        ("E", "q=4020222222"),
        ("E", "account_code=4712"),
        ("E", "extension=999"),
        ("O", "owner=2"),
        ("O", "account_code=4712"),
        ("O", "q=4020222222"),
    ],
)
def test_no_filter_leads_beyond_ones_own(house: House, letter: str, query: str) -> None:
    client = house.sign_in(letter)
    owner = Owner.objects.get(name="Jones").pk
    query = query.replace("owner=2", f"owner={owner}")

    assert "No call fits these filters" in words_of(client, f"/calls?{query}")
    assert words_of(client, f"/calls/totals?{query}").strip().startswith('<th scope="row"')
    assert "0 calls" in words_of(client, f"/calls/totals?{query}")
    assert PARTS["berta"] not in words_of(client, f"/calls/export.csv?{query}")


@pytest.mark.parametrize(
    ("letter", "calls", "talk"),
    [("E", "1 call", "00:01:00"), ("O", "2 calls", "00:02:00"), ("V", "3 calls", "00:04:00")],
)
def test_totals_count_ones_own_calls_only(house: House, letter: str, calls: str, talk: str) -> None:
    words = words_of(house.sign_in(letter), "/calls/totals")

    assert f">{calls}<" in words
    assert talk in words


@pytest.mark.parametrize("letter", SEES)
@pytest.mark.parametrize("part", ["", "/why"])
def test_anothers_call_is_not_there(house: House, letter: str, part: str) -> None:
    client = house.sign_in(letter)

    for name, call_id in house.calls.items():
        expected = 200 if name in SEES[letter] else 404
        assert client.get(f"/calls/{call_id}{part}").status_code == expected, name


def test_anothers_call_and_one_that_never_was_are_answered_alike(house: House) -> None:
    client = house.sign_in("E")

    def answer(call_id: int) -> str:
        return re.sub(r"\d+", "0", client.get(f"/calls/{call_id}").content.decode())

    assert answer(house.calls["berta"]) == answer(999_999)


@pytest.mark.parametrize(("letter", "is_shown"), [("E", False), ("O", False), ("V", True)])
def test_the_raw_record_is_for_those_who_see_all_calls(
    house: House, letter: str, is_shown: bool
) -> None:
    words = words_of(house.sign_in(letter), f"/calls/{house.calls['amir']}")

    assert ("The raw record" in words) is is_shown
    assert ('class="raw"' in words) is is_shown


@pytest.mark.parametrize(("letter", "amount"), [("E", "0.2200"), ("O", "0.4400")])
def test_home_adds_up_ones_own_spending_only(house: House, letter: str, amount: str) -> None:
    """A minute to Hamburg costs 0.12 and 0.10 for being connected."""
    client = house.sign_in(letter)

    assert amount in words_of(client, "/home/spend")
    top = words_of(client, "/home/top")
    assert amount in top
    assert "Berta" not in top
    home = words_of(client, "/")
    assert "Is data arriving" not in home
    assert "Reception" not in home


@pytest.mark.parametrize("by", ["extension", "department", "owner"])
def test_home_does_not_say_who_else_spends(house: House, by: str) -> None:
    assert "Berta" not in words_of(house.sign_in("O"), f"/home/top?by={by}")


def test_the_search_finds_ones_own_telephone_and_codes_only(house: House) -> None:
    extension, owner = house.sign_in("E"), house.sign_in("O")

    assert "Amir" in words_of(extension, "/find?q=Amir")
    assert "Berta" not in words_of(extension, "/find?q=10")
    assert "4712" not in words_of(owner, "/find?q=47")
    assert "4711" in words_of(owner, "/find?q=47")
    assert "Jones" not in words_of(owner, "/find?q=Jon").replace("“Jon”", "")
    assert "Quarantine" not in words_of(extension, "/find?q=quarantine").replace("“quarantine”", "")


def test_the_filters_offer_nothing_of_others(house: House) -> None:
    for letter in ("E", "O"):
        words = words_of(house.sign_in(letter), "/calls")
        for other in ("Jones", "Reception", "4712", "Sales"):
            assert other not in words, (letter, other)
        assert "Berta" not in words_of(house.sign_in(letter), "/calls/choices?extension=")
        assert "4712" not in words_of(house.sign_in(letter), "/calls/choices?account_code=47")


@pytest.mark.parametrize(
    ("letter", "shown", "hidden"),
    [
        ("A", ["/users", "/audit", "/settings", "/sources"], []),
        ("B", ["/users/pins", "/tariffs", "/import"], ["/users", "/audit", "/tokens"]),
        ("V", ["/tariffs", "/sources"], ["/users", "/import", "/settings", "/tariffs/what-if"]),
        ("O", ["/calls"], ["/tariffs", "/sources", "/calls/quarantine", "/users"]),
        ("E", ["/calls"], ["/tariffs", "/sources", "/calls/quarantine", "/users"]),
    ],
)
def test_the_menu_shows_what_one_may_open(
    house: House, letter: str, shown: list[str], hidden: list[str]
) -> None:
    words = words_of(house.sign_in(letter), "/account")
    menu = set(re.findall(r'<a href="([^"]+)" data-key', words))

    assert set(shown) <= menu
    assert not set(hidden) & menu


def offers(html: str, *, here: str) -> set[tuple[str, str]]:
    """Return what the page *here* offers: method and address of every link, part and form."""
    found = {("GET", place) for place in re.findall(r'(?:href|hx-get)="(/[^"]*)"', html)}
    for form in re.findall(r"<form[^>]*>", html):
        place = re.search(r'action="(/[^"]*)"', form)
        method = "POST" if 'method="post"' in form else "GET"
        found.add((method, place[1] if place else here))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("letter", LETTERS)
def test_no_page_offers_what_one_may_not_do(house: House, letter: str) -> None:
    client = house.sign_in(letter)
    access = access_of(User.objects.get(username=f"user-{letter}"))
    wrong = set()
    for page in pages():
        if page.name in OPEN:
            continue
        answer = client.get(example(page))
        if answer.status_code != 200 or "html" not in answer.headers["Content-Type"]:
            continue
        html = answer.content.decode()
        if page.name not in ("calls", "home"):
            html = html.partition('<main id="main"')[2]
        for method, place in offers(html, here=example(page)):
            path = place.partition("?")[0].partition("#")[0]
            if path.startswith(OPEN_PATHS):
                continue
            view = resolve(path).func
            if not may_open(access, need_of(view), method):
                wrong.add((str(page.name), method, path))

    assert not wrong, sorted(wrong)


@pytest.mark.parametrize("letter", ["V", "O", "E"])
@pytest.mark.parametrize("page", ["/extensions", "/extensions?kind=owner", "/policies/alarms"])
def test_nothing_is_ticked_where_nothing_can_be_done(house: House, letter: str, page: str) -> None:
    answer = house.sign_in(letter).get(page)

    assert (letter, page, answer.status_code) in [
        ("O", "/policies/alarms", 403), ("E", "/policies/alarms", 403), (letter, page, 200),
    ]  # fmt: skip
    assert 'type="checkbox"' not in answer.content.decode()


def test_the_health_dot_names_sources_to_those_who_see_them(house: House) -> None:
    assert "health" in words_of(house.sign_in("V"), "/account")
    assert 'class="health' not in words_of(house.sign_in("E"), "/account")
