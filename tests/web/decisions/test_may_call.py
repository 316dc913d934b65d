"""The screen that asks: may this telephone call that number now, and why?"""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from support.databases import door
from support.factories import change_extension
from support.office import Office
from support.prepaid import PARIS, assign_france, change_office, recharge
from tollbook.storage.models import LedgerHold, Refusal


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def prepaid(office: Office) -> None:
    change_office()
    assign_france()
    recharge("101", 18)


def page(client: Client, **asked: str) -> str:
    answer = client.get("/policies/may-call", asked)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("prepaid")
def test_an_allowed_call_shows_its_limit_and_each_step(client: Client) -> None:
    shown = page(client, caller="101", number=PARIS)

    assert "Allowed for at most 0:04:40" in shown
    assert "8888" + PARIS in shown
    assert "extension 101 pays" in shown
    assert "280 s of talk are paid" in shown
    assert not LedgerHold.objects.exists()


@pytest.mark.usefixtures("prepaid")
def test_a_refused_call_says_which_rule_stops_it(client: Client) -> None:
    with door.transaction():
        change_extension("101", locked=True)

    shown = page(client, caller="101", number=PARIS)

    assert "Refused: the telephone is locked" in shown
    assert "<strong>extension 101 is locked</strong>" in shown
    assert not Refusal.objects.exists()


@pytest.mark.usefixtures("prepaid")
def test_keys_and_codes_are_read_as_the_telephone_reads_them(client: Client) -> None:
    assert "there is no such account code" in page(
        client, caller="101", number=f"4711**{PARIS}#", keyed="1"
    )


@pytest.mark.usefixtures("prepaid")
@pytest.mark.parametrize(
    ("asked", "finding"),
    [
        ({}, "Give an extension and a number"),
        ({"caller": "101", "number": "1", "at": "tomorrow"}, "tomorrow"),
        ({"caller": "101", "number": "1", "pbx": "Moon"}, "no PBX &quot;Moon&quot;"),
        ({"caller": "<b>x</b>", "number": "112"}, "emergency numbers always pass"),
        ({"caller": "<b>x</b>", "number": PARIS}, "&lt;b&gt;x&lt;/b&gt; is no extension"),
    ],
)
def test_what_is_asked_oddly_is_answered_plainly(
    client: Client, asked: dict[str, str], finding: str
) -> None:
    shown = page(client, **asked)

    assert finding in shown
    assert "<b>x</b>" not in shown
