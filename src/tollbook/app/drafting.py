"""A raw file to drafts: parsed, mediated and priced, in a process of its own where that pays.

The other process needs no database. It ends with this one, however that ends: its only way out
is a pipe that breaks.
"""

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from tollbook.app.draft import Draft
from tollbook.app.mediate import Mediator
from tollbook.app.rules import Rules
from tollbook.core.calls import Outcome
from tollbook.formats import Definition, Parser, ZoneError
from tollbook.storage.batch import BATCH_RECORDS

READ_BYTES = 512 * 1024
# Below it the file is done before another process would have started.
WORTH_A_PROCESS_BYTES = 4 * 1024 * 1024


class DraftingFailed(RuntimeError):
    """The other process ended before its work did; the message says what it said."""


@dataclass(frozen=True, slots=True)
class Task:
    """A segment file and all that is needed to turn its bytes into drafts."""

    path: Path
    size: int
    definition: Definition
    zone: str
    source_name: str
    segment_id: int
    rules: Rules


@contextmanager
def drafted(task: Task, *, workers: int) -> Iterator[Iterator[tuple[Draft, int]]]:
    """Give the drafts of *task* in order, each with the number of bytes read so far.

    Raises ZoneError for local stamps of which nobody names the zone, and DraftingFailed.
    """
    if workers < 1 or task.size < WORTH_A_PROCESS_BYTES:
        yield make_drafts(task)
        return
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    worker = context.Process(target=_work, args=(sending, task), name="tollbook-drafting")
    worker.daemon = True
    worker.start()
    sending.close()  # The worker has the only end left: when it dies, receiving ends.
    try:
        yield _received(receiving)
    finally:
        receiving.close()
        worker.join(timeout=10)
        if worker.is_alive():
            worker.kill()
            worker.join()


def make_drafts(task: Task) -> Iterator[tuple[Draft, int]]:
    """Yield the drafts of *task* in order, each with the number of bytes read so far."""
    mediator = Mediator(task.rules)
    parser = Parser(task.definition, zone=task.zone, source_name=task.source_name)
    waiting: list[Outcome] = []
    done_bytes = 0
    with task.path.open("rb") as file:
        while data := file.read(READ_BYTES):
            done_bytes += len(data)
            waiting += parser.feed(data)
            whole = len(waiting) - len(waiting) % BATCH_RECORDS
            yield from _each(mediator, waiting[:whole], task.segment_id, done_bytes)
            waiting = waiting[whole:]
    yield from _each(mediator, waiting + parser.finish(), task.segment_id, done_bytes)


def _each(
    mediator: Mediator, outcomes: Sequence[Outcome], segment_id: int, done_bytes: int
) -> Iterator[tuple[Draft, int]]:
    for draft in mediator.drafts(outcomes, segment_id=segment_id):
        yield draft, done_bytes


def _work(sending: Connection, task: Task) -> None:
    """Send every draft, then None; or what went wrong."""
    with suppress(BrokenPipeError):  # Whoever wanted the drafts has gone.
        try:
            for made in make_drafts(task):
                sending.send_bytes(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
            sending.send_bytes(pickle.dumps(None))
        except ZoneError as fault:
            sending.send_bytes(pickle.dumps(fault))
        sending.close()


def _received(receiving: Connection) -> Iterator[tuple[Draft, int]]:
    while True:
        try:
            # Written by our own child a moment ago: nobody else has the pipe.
            made = pickle.loads(receiving.recv_bytes())  # noqa: S301 - see above
        except EOFError:
            raise DraftingFailed(
                "the process that reads the file has ended. What is stored is whole. "
                "Import the file again to go on."
            ) from None
        if made is None:
            return
        if isinstance(made, Exception):
            raise made
        yield made
