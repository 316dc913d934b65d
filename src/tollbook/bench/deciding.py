"""The process that decides, for `bench authorise`: so many callers at once, for a while.

Usage: python -m tollbook.bench.deciding FOLDER SECONDS CALLERS [CALLERS …]

Makes the house if it is not there yet, then prints a JSON line a round: callers, decisions a
second, and the milliseconds that half and 99 of 100 decisions took. A caller is a task of one
event loop, as a call is in the process that controls a switch.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from tollbook.app.access.actor import Actor
from tollbook.app.decisions.messages import Answer, Request
from tollbook.bench.deck import deck_document, drawn_prefixes
from tollbook.bench.figures import percentile
from tollbook.bench.process import BenchError
from tollbook.bench.scratch import PBX
from tollbook.core.ledger import AccountRef, EntryKind, transfer
from tollbook.core.money import Money
from tollbook.storage.billing.ledger import post_entries
from tollbook.storage.db.installation import door
from tollbook.wiring.start import open_installation

PREFIXES = 100_000
ACCOUNTS = 2_000
NUMBERS = 5_000
WARM_UP_S = 2.0
FIRST_EXTENSION = 10_000
BALANCE_MICROS = 10**15
HOLD_S = 180
AT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)  # a Tuesday, in the dearest band
APART = timedelta(microseconds=100)  # no two calls begin in the same instant
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_ACCOUNTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Round:
    """What some callers got in a while: decisions a second, and how long each took."""

    callers: int
    rate: float
    half_ms: float
    most_ms: float


class Questions:
    """Questions without end, from every telephone in turn; none is asked twice."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._numbers = numbers()
        self._next = count()

    def ask(self) -> Request:
        """Return the next question."""
        nth = next(self._next)
        return Request(
            key=f"{self._name}:{nth}",
            at=AT + nth * APART,
            caller=caller(nth),
            dialled=self._numbers[nth * 104_729 % NUMBERS],
            pbx=PBX,
            switch_call_id=f"1772532000.{nth}",
        )


def numbers() -> list[str]:
    """Return the numbers that are called, each under a prefix of its own."""
    prefixes = drawn_prefixes(PREFIXES)[:: PREFIXES // NUMBERS]
    return [f"00{prefix}{555_000 + at}" for at, prefix in enumerate(prefixes)]


def caller(nth: int) -> str:
    """Return the extension that asks the n-th question."""
    return str(FIRST_EXTENSION + nth * 7_919 % ACCOUNTS)


def ask_for(
    seconds: float,
    callers: int,
    decide: Callable[[], Awaitable[object]],
    *,
    at_end: Callable[[], None] = lambda: None,
) -> Round:
    """Let *callers* ask for *seconds*, each waiting for its answer before it asks again.

    *at_end* is called before the event loop ends.
    """
    took_ms: list[float] = []

    async def one(until_s: float) -> None:
        while (begin_s := time.perf_counter()) < until_s:
            await decide()
            took_ms.append((time.perf_counter() - begin_s) * 1e3)

    async def everybody() -> float:
        begin_s = time.perf_counter()
        await asyncio.gather(*(one(begin_s + seconds) for _ in range(callers)))
        took_s = time.perf_counter() - begin_s
        at_end()
        return took_s

    took_s = asyncio.run(everybody())
    return Round(
        callers, len(took_ms) / took_s, percentile(took_ms, 0.5), percentile(took_ms, 0.99)
    )


def make_house() -> None:
    """Publish the deck, make the telephones, and pay money into each account."""
    from tollbook.app.tariffs.publish import publish_tariff
    from tollbook.storage.models import (
        Extension,
        Site,
        Tariff,
        TariffAssignment,
    )

    document = deck_document(drawn_prefixes(PREFIXES))
    rest = {"prefix": "", "slots": [{"from_s": 0, "price": "0.50", "per_s": 60, "increment_s": 60}]}
    rates = document["rate"]
    document["rate"] = [*(rates if isinstance(rates, list) else []), rest]
    publish_tariff(document, by=Actor("bench", AT), valid_from=SINCE)
    with door().transaction():
        site = Site.objects.get()
        Site.objects.update(hold_s=HOLD_S)
        TariffAssignment.objects.all().delete()
        TariffAssignment.objects.create(tariff=Tariff.objects.get(), kind="charge", position=1)
        Extension.objects.bulk_create(
            Extension(site=site, number=str(FIRST_EXTENSION + nth), billing=True)
            for nth in range(ACCOUNTS)
        )
    _pay_in(list(Extension.objects.values_list("id", flat=True)))


def _pay_in(extensions: list[int]) -> None:

    for first in range(0, len(extensions), _ACCOUNTS_AT_ONCE):
        entries = [
            transfer(
                Money(BALANCE_MICROS, "EUR"),
                key=f"bench:{extension_id}",
                kind=EntryKind.RECHARGE,
                at=AT,
                source=AccountRef("system", "cash"),
                target=AccountRef("extension", str(extension_id)),
            )
            for extension_id in extensions[first : first + _ACCOUNTS_AT_ONCE]
        ]
        with door().transaction():
            post_entries(entries)


def main(words: list[str]) -> None:
    """Decide as the words say."""
    open_installation(data_dir=Path(words[0]))
    from tollbook.app.decisions.decider import decider
    from tollbook.storage.models import Extension

    if not Extension.objects.exists():
        make_house()
    decisions = decider()
    questions = Questions(f"bench:{time.time_ns()}")

    async def decide() -> None:
        answer = await decisions.decide_async(questions.ask())
        if not isinstance(answer, Answer) or not answer.allowed:
            raise BenchError(f"a call was refused: {answer}")

    ask_for(WARM_UP_S, 64, decide)
    for callers in words[2:]:
        found = ask_for(float(words[1]), int(callers), decide)
        told = [found.callers, found.rate, found.half_ms, found.most_ms]
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
