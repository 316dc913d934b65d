"""Several installations open in one process: each is asked by itself, and nothing leaks."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.utils import ConnectionDoesNotExist

from support.databases import sqlite_copy
from support.deciding import authorise
from support.office import FIRST_CALL, Call
from support.prepaid import asking, open_prepaid
from tollbook.app.decisions.decider import decider
from tollbook.app.decisions.messages import Answer
from tollbook.app.pricing.explain_call import compiled_version
from tollbook.storage.db.current import NoInstallation, carried, current_alias, current_connection
from tollbook.storage.db.installation import Installation, current, open_installations
from tollbook.storage.db.sql import fetch
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.models import Extension, Site, TariffVersion

NAMES = ("rich", "poor")


@dataclass(frozen=True, slots=True)
class Two:
    """Two offices with the same ids, and not the same money, names and prices."""

    rich: Installation
    poor: Installation

    def in_turn(self, rounds: int) -> list[Installation]:
        return [self.rich, self.poor] * rounds


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    opened = []
    with ExitStack() as stack:
        for name in NAMES:
            database = stack.enter_context(sqlite_copy(tmp_path / name))
            office = open_prepaid(database, cents=18 if name == "rich" else 10)
            with current().door.transaction():
                Site.objects.update(name=f"Site of the {name}")
                Extension.objects.filter(number="101").update(name=f"Amir the {name}")
            office.receive([Call(1, FIRST_CALL, talk_s=60 if name == "rich" else 30)])
            opened.append(current())
        yield Two(*opened)


def limit(installation: Installation, key: str) -> int | None:
    with installation.current():
        answer: Answer = authorise(asking(key))
        return answer.limit_s


def test_both_have_the_same_ids_and_their_own_rows(two: Two) -> None:
    for installation, name in zip(two.in_turn(2), NAMES * 2, strict=True):
        with installation.current():
            site, phone = Site.objects.get(), Extension.objects.get(number="101")

            assert (site.pk, site.name) == (1, f"Site of the {name}")
            assert phone.name == f"Amir the {name}"
            assert fetch("SELECT name FROM tollbook_site WHERE id = %s", (1,)) == [(site.name,)]
            assert StoredCall.objects.get().talk_ms == (60_000 if name == "rich" else 30_000)


def test_decisions_from_one_thread_use_their_own_money(two: Two) -> None:
    answers = [limit(two.rich, "a"), limit(two.poor, "a"), limit(two.rich, "b")]

    assert answers == [280, 60, None]  # The first call of the rich has all that he has set aside.


def test_decisions_from_a_pool_use_their_own_money(two: Two) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [(one, f"k{nth}") for nth, one in enumerate(two.in_turn(12))]
        answers = list(pool.map(lambda pair: limit(*pair), asked))
        pool.map(lambda _: connections.close_all(), range(8))

    # One question of each is allowed, whichever came first; the others find no money.
    assert sorted(one for one in answers[0::2] if one) == [280]
    assert sorted(one for one in answers[1::2] if one) == [60]


def test_decisions_from_the_event_loop_use_their_own_money(two: Two) -> None:
    async def answer(installation: Installation, key: str) -> int | None:
        with installation.current():
            found = await decider().decide_async(asking(key))
            await asyncio.sleep(0)
            assert current() is installation
        assert isinstance(found, Answer)
        return found.limit_s

    async def ask_both() -> list[int | None]:
        asked = enumerate(two.in_turn(6))
        return await asyncio.gather(*(answer(one, f"e{nth}") for nth, one in asked))

    answers = asyncio.run(ask_both())

    assert [one for one in answers[0::2] if one] == [280]
    assert [one for one in answers[1::2] if one] == [60]


def test_a_thread_takes_its_installation_along(two: Two) -> None:
    def whose() -> str:
        try:
            return Site.objects.get().name
        finally:
            current_connection().close()

    with ThreadPoolExecutor(1) as pool:
        for installation, name in zip(two.in_turn(2), NAMES * 2, strict=True):
            with installation.current():
                asked = pool.submit(carried(whose))
            assert asked.result() == f"Site of the {name}"


def test_what_is_remembered_by_id_is_each_ones_own(two: Two) -> None:
    with two.poor.current():
        version = TariffVersion.objects.order_by("id").last()
        assert version is not None
        before = compiled_version(version.pk)
    with two.rich.current():
        theirs = compiled_version(version.pk)
        assert theirs is not before
        assert compiled_version(version.pk) is theirs
    with two.poor.current():
        assert compiled_version(version.pk) is before


def test_a_rows_links_are_read_where_the_row_came_from(two: Two) -> None:
    with two.poor.current():
        phone = Extension.objects.get(number="101")
    with two.rich.current():
        assert phone.site.name == "Site of the poor"


def test_nothing_is_asked_by_chance(two: Two) -> None:
    with ThreadPoolExecutor(1) as pool:
        for question in (Site.objects.exists, User.objects.exists, current_alias, current):
            with pytest.raises(NoInstallation, match="2 are open"):
                pool.submit(question).result()
    with pytest.raises(ImproperlyConfigured, match="ENGINE"):
        connections["default"].cursor()


def test_a_door_refuses_to_write_for_another(two: Two) -> None:
    with two.poor.current(), pytest.raises(RuntimeError, match="is written to while"):
        two.rich.door.transaction()


def test_what_was_closed_is_gone(two: Two) -> None:
    with two.poor.current():
        alias = current_alias()
    two.poor.close()
    assert two.poor not in open_installations()
    with pytest.raises(ConnectionDoesNotExist):
        connections[alias]
    assert limit(two.rich, "z") == 280
