"""Decisions on calls, durable: so many callers at once, on 100,000 prefixes and 2,000 accounts.

Each caller asks, waits for the answer and asks again; every answer is on disk before it is given.
The money never runs out, so each decision prices, holds and stores. A caller is a task of one
event loop, as a call is in the control process.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from tollbook.bench.deck import deck_document, drawn_prefixes
from tollbook.bench.figures import Figure, percentile
from tollbook.bench.options import Options
from tollbook.bench.process import BenchError
from tollbook.bench.scratch import PBX, scratch
from tollbook.wiring.start import Installation, open_installation

if TYPE_CHECKING:
    from tollbook.app.authorise import Request

PREFIXES = 100_000
ACCOUNTS = 2_000
NUMBERS = 20_000
CALLERS = (1, 16, 64)
SECONDS = 5.0
WARM_UP_S = 1.0
FIRST_EXTENSION = 10_000
BALANCE_MICROS = 10**15
HOLD_S = 180
AT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)  # a Tuesday, in the dearest band


@dataclass(frozen=True, slots=True)
class Round:
    """What some callers got in a while: decisions a second, and how long each took."""

    rate: float
    took_ms: list[float]


def measure(options: Options) -> Iterator[Figure]:
    """Make the house, then let 1, 16 and 64 callers ask; on PostgreSQL too if it is named."""
    with scratch() as made:
        installation = open_installation(data_dir=made.folder)
        yield from _in_process("SQLite", installation, options)


def _in_process(engine: str, installation: Installation, options: Options) -> Iterator[Figure]:
    from tollbook.app.authorise import decider  # noqa: PLC0415 - needs Django set up

    make_house(installation)
    decisions = decider(installation.door)
    questions = Questions()
    seconds = min(SECONDS, (options.calls or 10**9) / 1_000)
    alone = 0.0
    for callers in CALLERS:
        ask_for(WARM_UP_S, callers, questions, decisions.decide_async)
        done = ask_for(seconds, callers, questions, decisions.decide_async)
        alone = alone or done.rate
        name = f"{engine}, {callers} at once"
        goal = "≥ 10,000" if callers == CALLERS[-1] else ""
        yield Figure(name, done.rate, "decisions/s", goal)
        yield Figure(f"{name}: half", percentile(done.took_ms, 0.5), "ms")
        goal = "≤ 15 ms" if callers == CALLERS[-1] else ""
        yield Figure(f"{name}: 99 of 100", percentile(done.took_ms, 0.99), "ms", goal)
    yield Figure(f"{engine}, together to alone", done.rate / alone, "times", "≥ 8")


class Questions:
    """Questions without end, from every telephone in turn; none is asked twice."""

    def __init__(self) -> None:
        prefixes = drawn_prefixes(PREFIXES)
        step = PREFIXES // NUMBERS
        self.numbers = [f"00{prefix}{555000 + at}" for at, prefix in enumerate(prefixes[::step])]
        self._next = count()

    def ask(self) -> "Request":
        """Return the next question."""
        from tollbook.app.authorise import Request  # noqa: PLC0415 - needs Django set up

        nth = next(self._next)
        return Request(
            key=f"bench:{nth}",
            at=AT,
            caller=str(FIRST_EXTENSION + nth * 7919 % ACCOUNTS),
            dialled=self.numbers[nth * 104729 % len(self.numbers)],
            pbx=PBX,
            switch_call_id=f"1772532000.{nth}",
        )


def ask_for(
    seconds: float, callers: int, questions: Questions, decide: "Callable[..., object]"
) -> Round:
    """Let *callers* ask for *seconds*; raises BenchError if a call is refused."""
    took_ms: list[float] = []

    async def caller(until_s: float) -> None:
        while True:
            begin_s = time.perf_counter()
            if begin_s >= until_s:
                return
            answer = await decide(questions.ask())  # type: ignore[misc]  # a coroutine
            if not answer.allowed:
                raise BenchError(f"a call was refused: {answer.steps}")
            took_ms.append((time.perf_counter() - begin_s) * 1e3)

    async def all_callers() -> float:
        begin_s = time.perf_counter()
        await asyncio.gather(*(caller(begin_s + seconds) for _ in range(callers)))
        return time.perf_counter() - begin_s

    took_s = asyncio.run(all_callers())
    return Round(len(took_ms) / took_s, took_ms)


def make_house(installation: Installation) -> None:
    """Publish the deck, make the telephones, and pay money into each account."""
    from tollbook.app.publish_tariff import publish_tariff  # noqa: PLC0415 - needs Django set up
    from tollbook.core.ledger import (  # noqa: PLC0415 - likewise
        AccountRef,
        EntryKind,
        transfer,
    )
    from tollbook.core.money import Money  # noqa: PLC0415 - likewise
    from tollbook.storage.ledger import Filed, post_entries  # noqa: PLC0415 - likewise
    from tollbook.storage.models import (  # noqa: PLC0415 - likewise
        Extension,
        Site,
        Tariff,
        TariffAssignment,
    )

    document = json.loads(json.dumps(deck_document(drawn_prefixes(PREFIXES))))
    document["rate"].append(
        {"prefix": "", "slots": [{"from_s": 0, "price": "0.50", "per_s": 60, "increment_s": 60}]}
    )
    door = installation.door
    publish_tariff(
        door, document, at=AT, actor="bench", valid_from=datetime(2026, 1, 1, tzinfo=UTC)
    )
    with door.transaction():
        site = Site.objects.get()
        Site.objects.update(hold_s=HOLD_S)
        TariffAssignment.objects.all().delete()
        TariffAssignment.objects.create(tariff=Tariff.objects.get(), kind="charge", position=1)
        Extension.objects.bulk_create(
            Extension(id=nth, site=site, number=str(FIRST_EXTENSION + nth - 1), billing=True)
            for nth in range(1, ACCOUNTS + 1)
        )
    for first in range(1, ACCOUNTS + 1, 500):
        with door.transaction():
            post_entries(
                [
                    Filed(
                        transfer(
                            Money(BALANCE_MICROS, "EUR"),
                            key=f"bench:{nth}",
                            kind=EntryKind.RECHARGE,
                            at=AT,
                            source=AccountRef("system", "cash"),
                            target=AccountRef("extension", str(nth)),
                        )
                    )
                    for nth in range(first, min(first + 500, ACCOUNTS + 1))
                ]
            )
