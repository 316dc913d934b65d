"""Balances, recharges, statements and statistics: each sees its own and nobody else's."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from support.databases import door
from support.factories import make_code, make_owner, make_user
from support.office import FIRST_CALL, NOON, TARIFF, Call, Office
from support.screens import recharged
from tollbook.app.access.actor import Actor
from tollbook.app.pricing.pbx_rules import COST
from tollbook.app.tariffs.assignments import set_default
from tollbook.app.tariffs.publish import Published, publish_tariff
from tollbook.storage.models import Department, Extension, Owner, Tariff
from tollbook.storage.models.access import Role

# Amounts that stand for their holder wherever they show up.
AMOUNTS = {"101": "11.11", "102": "22.22", "Smith": "33.33", "Jones": "44.44", "Sales": "55.55"}
SignIn = Callable[[str], Client]


@pytest.fixture
def sign_in(browser: Client, office: Office) -> SignIn:
    """Everybody has money and a call; sign in the user of `101`, `Smith`, or a `viewer`."""
    with door.transaction():
        owners = [make_owner(name) for name in ("Smith", "Jones")]
        for owner, code in zip(owners, ("4711", "4712"), strict=True):
            make_code(code, owner=owner)
        amir = Extension.objects.get(number="101")
        users = {}
        for name, role, owner, extension in (
            ("101", Role.EXTENSION, None, amir),
            ("Smith", Role.OWNER, owners[0], None),
            ("viewer", Role.VIEWER, None, None),
        ):
            users[name] = make_user(f"user-{name}", role=role, owner=owner, extension=extension)
    for number in ("101", "102"):
        recharged(browser, [Extension.objects.get(number=number).pk], AMOUNTS[number])
    for owner in owners:
        recharged(browser, [owner.pk], AMOUNTS[owner.name], kind="owner")
    recharged(browser, [Department.objects.get().pk], AMOUNTS["Sales"], kind="department")
    office.receive(
        [
            Call(1, FIRST_CALL, extension="101", account_code="4711"),
            Call(2, FIRST_CALL, extension="102", account_code="4712"),
            Call(3, FIRST_CALL, extension="102", account_code="4712"),
        ]
    )

    def client(name: str) -> Client:
        fresh = Client()
        fresh.force_login(users[name])
        return fresh

    return client


def seen(client: Client, place: str) -> set[str]:
    """Return whose money stands on a page or in a file."""
    answer = client.get(place)
    assert answer.status_code == 200, place
    text = answer.getvalue().decode()
    return {name for name, amount in AMOUNTS.items() if amount in text}


PLACES = [
    "/extensions",
    "/extensions?kind=extension",
    "/extensions?kind=owner",
    "/extensions?kind=department",
    "/extensions?sort=-balance&per_page=100",
    "/extensions/export.csv",
    "/extensions/export.csv?kind=owner",
    "/extensions/export.csv?kind=department",
    "/extensions/recharges",
    "/extensions/recharges?q=e",
    "/extensions/recharges/export.csv",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["101", "Smith"])
def test_no_list_and_no_file_holds_anothers_money(sign_in: SignIn, name: str, place: str) -> None:
    assert seen(sign_in(name), place) <= {name}


def test_everybody_finds_the_own_money(sign_in: SignIn) -> None:
    for name in ("101", "Smith"):
        client = sign_in(name)
        for place in ("/", "/extensions", "/extensions/export.csv", "/extensions/recharges"):
            assert seen(client, place) == {name}, (name, place)
    assert seen(sign_in("viewer"), "/extensions/recharges") == set(AMOUNTS)


@pytest.mark.parametrize("name", ["101", "Smith"])
def test_anothers_statement_is_not_there(sign_in: SignIn, name: str) -> None:
    client = sign_in(name)
    own = 0
    for number, extension in (
        *((one.number, f"/extensions/{one.pk}") for one in Extension.objects.all()),
        *((one.name, f"/extensions/owner/{one.pk}") for one in Owner.objects.all()),
        *((one.name, f"/extensions/department/{one.pk}") for one in Department.objects.all()),
    ):
        if number == name:
            assert seen(client, extension) == {name}
            own += 1
        else:
            assert client.get(extension).status_code == 404, number
    assert own == 1


def test_no_filter_names_what_others_are_called(sign_in: SignIn) -> None:
    assert b"Sales" not in sign_in("101").get("/extensions").content
    for place in ("/extensions", "/extensions/recharges", "/statistics"):
        assert b"Berta" not in sign_in("Smith").get(place).content, place


def test_an_owners_statistics_count_its_own_calls(sign_in: SignIn) -> None:
    def calls(name: str, place: str) -> list[str]:
        words = re.sub(r"<[^>]+>", " ", sign_in(name).get(place).content.decode())
        return re.findall(r"2026-10-01\s+(\S+)\s+(\d+)\s", words)

    assert calls("Smith", "/statistics") == [("All", "1")]
    assert calls("viewer", "/statistics") == [("All", "3")]
    assert "Berta" not in sign_in("Smith").get("/statistics/export.csv").getvalue().decode()
    # A number that is not within reach is answered like one that nobody has.
    other = sign_in("Smith").get("/statistics?extension=102").content.decode()
    assert "There is no extension &quot;102&quot;" in other


@pytest.mark.parametrize("name", ["101", "Smith", "viewer"])
def test_who_sees_money_does_not_move_it(sign_in: SignIn, name: str) -> None:
    client = sign_in(name)
    for place in ("recharge", "edit", "count-anew", "recharges/undo", "add", "import"):
        assert client.post(f"/extensions/{place}", {"id": "1"}).status_code == 403, place


def test_what_the_carrier_bills_is_in_the_files_of_those_who_see_tariffs(
    sign_in: SignIn, office: Office
) -> None:
    published = publish_tariff({**TARIFF, "name": "Carrier"}, by=Actor("test", NOON))
    assert isinstance(published, Published)
    set_default(COST, Tariff.objects.get(name="Carrier").pk, by=Actor("test", NOON))

    def header(name: str) -> str:
        text = sign_in(name).get("/calls/export.csv").getvalue().decode("utf-8-sig")
        return text.splitlines()[0]

    assert "Cost,Cost currency,Margin" in header("viewer")
    assert "Cost" not in header("Smith") + header("101")
