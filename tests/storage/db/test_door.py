"""The write door: decisions share commits, fail alone, and bulk writes let them pass."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import DatabaseError, IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.databases import Database, connection, door
from support.effort import examples
from support.locks import is_free
from tollbook.storage.db.door import STEPS_TOGETHER
from tollbook.storage.models import Department, Meta


class Refused(Exception):
    """A decision's no."""


def keep(key: str) -> str:
    Meta.objects.create(key=key)
    return key


def keep_and_refuse(key: str) -> str:
    keep(key)
    raise Refused(key)


def department_without_site(key: str) -> str:
    """Break a foreign key, which both engines notice at the commit only."""
    keep(key)
    Department.objects.create(site_id=999, name=key)
    return key


def kept() -> set[str]:
    return set(Meta.objects.values_list("key", flat=True))


class Held:
    """Keeps the writer busy with a first decision, so that the next ones wait together."""

    def __init__(self, callers: int) -> None:
        self.pool = ThreadPoolExecutor(callers + 1)
        self.busy, self.go = threading.Event(), threading.Event()

    def run(self, decisions: list[Callable[[], object]]) -> list[object]:
        """Return the result or the exception of each, taken as one group."""
        first = self.pool.submit(door.decide, self._wait)
        assert self.busy.wait(10)
        waiting = [self.pool.submit(door.decide, fn) for fn in decisions]
        while door._queue.qsize() < len(decisions):
            time.sleep(0.001)
        self.go.set()
        first.result(10)
        self.pool.shutdown()
        return [answer.exception(10) or answer.result() for answer in waiting]

    def _wait(self) -> None:
        self.busy.set()
        assert self.go.wait(10)


def test_a_decision_is_on_disk_when_it_is_answered(database: Database) -> None:
    assert door.decide(partial(keep, "a")) == "a"
    assert kept() == {"a"}


@pytest.fixture
def commits(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one with each commit."""
    counted: list[object] = []
    commit = BaseDatabaseWrapper.commit

    def counting(self: BaseDatabaseWrapper) -> None:
        counted.append(self)
        commit(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "commit", counting)
    return counted


def test_decisions_that_wait_share_one_commit(database: Database, commits: list[object]) -> None:
    keys = [f"k{n}" for n in range(20)]

    answers = Held(20).run([partial(keep, key) for key in keys])

    assert sorted(map(str, answers)) == sorted(keys)
    assert kept() == set(keys)
    assert len(commits) == 2  # that of the decision which held the writer, and ours


def test_a_refusal_undoes_its_own_work_only(database: Database) -> None:
    answers = Held(3).run([partial(keep, "a"), partial(keep_and_refuse, "b"), partial(keep, "c")])

    assert {type(answer) for answer in answers} == {str, Refused}
    assert kept() == {"a", "c"}


def test_a_broken_constraint_undoes_its_own_work_only(database: Database) -> None:
    answers = Held(3).run([partial(keep, "a"), partial(keep, "a"), partial(keep, "b")])

    assert sorted(type(answer).__name__ for answer in answers) == ["IntegrityError", "str", "str"]
    assert kept() == {"a", "b"}


def test_what_only_the_commit_can_refuse_is_told_to_its_caller_only(database: Database) -> None:
    answers = Held(3).run(
        [partial(keep, "a"), partial(department_without_site, "b"), partial(keep, "c")]
    )

    assert answers[0] == "a"
    assert isinstance(answers[1], IntegrityError)
    assert answers[2] == "c"
    assert kept() == {"a", "c"}


@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from([keep, keep_and_refuse, department_without_site]), max_size=8))
def test_stored_is_what_was_answered_and_nothing_else(
    sqlite: Database, kinds: list[Callable[[str], str]]
) -> None:
    Meta.objects.all().delete()

    answers = Held(len(kinds)).run([partial(kind, str(n)) for n, kind in enumerate(kinds)])

    assert kept() == {answer for answer in answers if isinstance(answer, str)}
    assert [isinstance(answer, str) for answer in answers] == [kind is keep for kind in kinds]


def test_a_decision_that_hides_a_database_error_is_not_believed(database: Database) -> None:
    keep("known")

    def hiding() -> str:
        keep("mine")
        try:
            keep("known")
        except IntegrityError:
            return "all well"
        return "not reached"

    with pytest.raises(TransactionManagementError):
        door.decide(hiding)
    assert kept() == {"known"}


def test_a_full_disk_is_never_answered_with_yes(sqlite: Database) -> None:
    def fill() -> str:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            (pages,) = cursor.fetchone()
            cursor.execute(f"PRAGMA max_page_count = {pages + 20}")
        Meta.objects.create(key="big", value="x" * 10_000_000)
        return "big"

    answers = Held(3).run([partial(keep, "a"), fill, partial(keep, "c")])

    assert isinstance(answers[1], DatabaseError)
    assert kept() == {answer for answer in answers if isinstance(answer, str)}


def test_decisions_can_be_awaited(database: Database) -> None:
    async def ask() -> list[str]:
        return await asyncio.gather(*(door.decide_async(partial(keep, str(n))) for n in range(30)))

    assert asyncio.run(ask()) == [str(n) for n in range(30)]
    assert len(kept()) == 30


def test_a_decision_inside_a_transaction_is_refused_before_it_waits_for_ever(
    database: Database,
) -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        decide_inside_a_transaction()


def decide_inside_a_transaction() -> None:
    with door.transaction():
        door.decide(partial(keep, "a"))


def test_a_use_case_is_one_transaction(database: Database) -> None:
    with pytest.raises(Refused):
        keep_two_and_fail()
    assert kept() == set()

    with pytest.raises(RuntimeError):
        nest()


def keep_two_and_fail() -> None:
    with door.transaction():
        keep("a")
        keep_and_refuse("b")


def nest() -> None:
    with door.transaction(), door.transaction():
        keep("a")


def test_steps_of_a_bulk_write_are_stored_when_they_are_yielded(database: Database) -> None:
    steps = [partial(keep, str(nth)) for nth in range(10)]

    for nth, result in enumerate(door.bulk(steps)):
        assert result == str(nth)
        assert result in kept()

    assert kept() == {str(nth) for nth in range(10)}


def test_a_step_that_fails_undoes_only_itself_and_ends_the_bulk_write(database: Database) -> None:
    steps = [partial(keep, "a"), partial(keep, "b"), partial(keep_and_refuse, "c")]
    done = door.bulk([*steps, partial(keep, "d")])

    assert [next(done), next(done)] == ["a", "b"]
    with pytest.raises(Refused):
        next(done)
    assert kept() == {"a", "b"}


def test_steps_before_one_that_could_not_be_prepared_are_stored(database: Database) -> None:
    def prepared() -> Iterator[Callable[[], str]]:
        for key in "abcdef":
            yield partial(keep, key)
        raise Refused

    with pytest.raises(Refused):
        list(door.bulk(prepared()))
    assert kept() == set("abcdef")


def test_steps_are_prepared_while_the_lock_is_free(sqlite: Database) -> None:
    def prepared() -> Iterator[Callable[[], str]]:
        for key in "abcdef":
            assert is_free(sqlite)
            yield partial(keep, key)

    assert list(door.bulk(prepared())) == list("abcdef")


def test_steps_share_a_commit_while_nobody_waits(database: Database, commits: list[object]) -> None:
    for _ in door.bulk(partial(keep, str(nth)) for nth in range(2 * STEPS_TOGETHER + 1)):
        pass

    assert len(commits) == 3


@pytest.mark.parametrize("arrival", [0, 1, STEPS_TOGETHER // 2, STEPS_TOGETHER - 1])
def test_who_waits_during_a_step_goes_before_the_next_one(sqlite: Database, arrival: int) -> None:
    decided = threading.Event()

    def decide() -> None:
        door.decide(partial(keep, "decision"))
        decided.set()

    seen: list[bool] = []

    def step(nth: int) -> None:
        if nth == arrival:
            threading.Thread(target=decide).start()
            time.sleep(0.2)  # The decision is now waiting for the lock that we hold.
            assert not decided.is_set()
        seen.append("decision" in kept())

    steps = range(2 * STEPS_TOGETHER)
    for _ in door.bulk(partial(step, nth) for nth in steps):
        pass

    assert seen == [nth > arrival for nth in steps]
    assert decided.wait(10)


def test_a_closed_door_opens_again(database: Database) -> None:
    door.decide(partial(keep, "a"))
    door.close()

    door.decide(partial(keep, "b"))

    assert kept() == {"a", "b"}
