"""What waits together is judged together, committed once, and answered one by one."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.databases import Database, door
from tollbook.storage.db.door import LARGEST_GROUP
from tollbook.storage.db.group_commit import GroupCommit
from tollbook.storage.models import AuditLog, Meta


class Refused(ValueError):
    """A question that the judge does not like."""


def store(questions: Sequence[str]) -> Sequence[str | Exception]:
    """Store each question once; one that is bad is refused, one that is evil breaks the group."""
    outcomes: list[str | Exception] = []
    for question in questions:
        if question.startswith("bad"):
            outcomes.append(Refused(question))
            continue
        if question.startswith("evil"):
            raise Refused(question)
        Meta.objects.create(key=question)
        outcomes.append(question.upper())
    return outcomes


def keys() -> set[str]:
    return set(Meta.objects.exclude(key__startswith="changed:").values_list("key", flat=True))


def test_each_caller_gets_its_own_answer(database: Database) -> None:
    together = GroupCommit(door, store)
    names = [f"k{nth}" for nth in range(200)]

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(together.decide, names))

    assert answers == [name.upper() for name in names]
    assert keys() == set(names)


def test_callers_share_groups(sqlite: Database) -> None:
    groups: list[int] = []

    def judge(questions: Sequence[str]) -> Sequence[str | Exception]:
        groups.append(len(questions))
        return store(questions)

    together = GroupCommit(door, judge)
    with ThreadPoolExecutor(64) as pool:
        list(pool.map(together.decide, [f"k{nth}" for nth in range(640)]))

    assert sum(groups) == 640
    assert len(groups) < 320


def test_a_refusal_is_raised_for_its_caller_alone(database: Database) -> None:
    together = GroupCommit(door, store)

    with ThreadPoolExecutor(16) as pool:
        asked = {name: pool.submit(together.decide, name) for name in ("a", "bad", "b", "c")}

    with pytest.raises(Refused):
        asked["bad"].result()
    assert keys() == {"a", "b", "c"}


def test_what_breaks_the_group_is_found_and_the_others_are_stored(database: Database) -> None:
    together = GroupCommit(door, store)
    names = [f"k{nth}" for nth in range(40)]

    with ThreadPoolExecutor(41) as pool:
        asked = {name: pool.submit(together.decide, name) for name in [*names, "evil"]}

    with pytest.raises(Refused):
        asked["evil"].result()
    assert [asked[name].result() for name in names] == [name.upper() for name in names]
    assert keys() == set(names)


def test_more_than_one_group_holds_are_all_answered(sqlite: Database) -> None:
    together = GroupCommit(door, store)
    begin = threading.Event()

    def blocker() -> None:
        begin.wait(10)

    first = door.decide_later(blocker)
    names = [f"k{nth}" for nth in range(LARGEST_GROUP * 2 + 10)]

    async def ask_all() -> list[str]:
        asked = [asyncio.ensure_future(together.decide_async(name)) for name in names]
        await asyncio.sleep(0)
        begin.set()
        return await asyncio.gather(*asked)

    answers = asyncio.run(ask_all())
    first.result()

    assert answers == [name.upper() for name in names]
    assert keys() == set(names)


def test_an_answer_is_on_disk_before_it_is_given(sqlite: Database) -> None:
    together = GroupCommit(door, store)

    assert together.decide("k") == "K"

    assert Meta.objects.filter(key="k").exists()
    assert AuditLog.objects.count() == 0


def test_who_stops_waiting_keeps_nobody_behind_him_waiting(sqlite: Database) -> None:
    together = GroupCommit(door, store)
    begin = threading.Event()
    held_up = door.decide_later(lambda: begin.wait(60))
    patience_s = {f"k{nth}": 0.05 if nth % 3 else None for nth in range(48)}
    gave_up = threading.Semaphore(0)

    def ask(name: str) -> str | None:
        try:
            return together.decide(name, within_s=patience_s[name])
        except TimeoutError:
            gave_up.release()
            return None

    with ThreadPoolExecutor(48) as pool:
        asked = {name: pool.submit(ask, name) for name in patience_s}
        for _ in range(32):
            assert gave_up.acquire(timeout=60)
        begin.set()
        answers = {name: one.result(timeout=60) for name, one in asked.items()}

    held_up.result()
    waited = {name: name.upper() if within is None else None for name, within in patience_s.items()}
    assert answers == waited
    assert keys() == set(patience_s)  # What was asked is decided all the same.


def test_answers_that_come_as_patience_ends_reach_everybody_else(sqlite: Database) -> None:
    together = GroupCommit(door, store)

    def ask(name: str) -> str | None:
        patience_s = (int(name) % 7) / 1_000 if int(name) % 2 else None
        try:
            return together.decide(name, within_s=patience_s)
        except TimeoutError:
            return None

    names = [str(nth) for nth in range(2_000)]
    with ThreadPoolExecutor(32) as pool:
        answers = [one.result(timeout=120) for one in [pool.submit(ask, name) for name in names]]

    for name, answer in zip(names, answers, strict=True):
        assert answer in ({name} if int(name) % 2 == 0 else {name, None})
    assert keys() == set(names)
