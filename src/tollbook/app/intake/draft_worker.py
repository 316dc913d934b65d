"""A raw file to drafts: parsed, mediated and priced, in a process of its own where that pays.

The other process needs no database. It ends with this one, however that ends: its only way out
is a pipe that breaks.
"""

import gc
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Full, Queue
from typing import IO, BinaryIO

from tollbook.app.intake.by_column.drafts import BlockDrafts
from tollbook.app.intake.mediate import Mediator
from tollbook.app.intake.packing import packed, unpacked
from tollbook.app.intake.price_draft import price_draft
from tollbook.app.pricing.pbx_rules import Rules
from tollbook.app.pricing.rater import Rater
from tollbook.core.batch import BATCH_RECORDS, CallBatch
from tollbook.core.calls import Outcome
from tollbook.formats import Definition, Parser, ZoneError
from tollbook.formats.block_texts import TextCache
from tollbook.formats.blocks import ParsedBlock, parse_block

READ_BYTES = 1 << 20  # Some 4,000 lines: what is done by the column is cheap from there on.
# What goes through the pipe: a letter, the length of the content, the content. A draft's begins
# with how many bytes of the file are done.
_HEAD = struct.Struct(">cQ")
_DRAFT, _ZONE_FAULT, _END = b"d", b"z", b"e"
_DONE_BYTES = 8
_Parcel = tuple[bytes, bytes] | None
_READ_AHEAD = 64  # parcels: some 10 MB
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
def drafted(task: Task, *, workers: int) -> Iterator[Iterator[tuple[CallBatch, int]]]:
    """Give the drafts of *task* in order, each with the number of bytes read so far.

    Raises ZoneError for local stamps of which nobody names the zone, and DraftingFailed.
    """
    if workers < 1 or task.size < WORTH_A_PROCESS_BYTES:
        yield make_drafts(task)
        return
    # Our own interpreter and our own words: nothing here comes from outside.
    worker = subprocess.Popen(  # noqa: S603 - see above
        [sys.executable, "-c", f"from {__name__} import work; work()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    unwanted = threading.Event()
    with worker:
        try:
            yield _received(worker, task, unwanted)
        finally:
            unwanted.set()
            worker.kill()  # It has ended already, or nobody wants the rest.


def make_drafts(task: Task) -> Iterator[tuple[CallBatch, int]]:
    """Yield the priced drafts of *task* in order, each with the number of bytes read so far."""
    reader = _ChunkReader(task)
    mediator, rater = Mediator(task.rules), Rater(task.rules)
    blocks = BlockDrafts(mediator, rater)

    def drafts(outcomes: Sequence[Outcome]) -> Iterator[tuple[CallBatch, int]]:
        for draft in mediator.drafts(outcomes, segment_id=task.segment_id):
            price_draft(rater, draft)
            yield draft, reader.at

    waiting: list[Outcome] = []  # Outcomes in their order, until a batch is full.
    with task.path.open("rb") as file:
        for data in _pieces(file):
            outcomes, block = reader.read(data)
            waiting += outcomes
            if block is not None:
                yield from drafts(waiting)
                waiting = []
                for draft in blocks.drafts(block, segment_id=task.segment_id):
                    yield draft, reader.at
                continue
            whole = len(waiting) - len(waiting) % BATCH_RECORDS
            yield from drafts(waiting[:whole])
            waiting = waiting[whole:]
    yield from drafts(waiting + reader.finish())


class _ChunkReader:
    """Reads pieces of a file as blocks where it can, with the Parser where it must.

    The Parser is needed where a line is cut or calls are open, and for the layouts that no block
    can read; as soon as nothing is open, blocks go on behind it.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._parser: Parser | None = None
        self._carry: Mapping[str, str] = {}
        self._memory = TextCache()
        self._line = 1
        framing = task.definition.framing
        # Only then this reader knows the number of the next line as well as the Parser does.
        self._counts_lines = framing.records == "line" and framing.ends == "lf"
        self.at = 0

    def read(self, data: bytes) -> tuple[list[Outcome], ParsedBlock | None]:
        """Return the outcomes of *data*, and its plain calls if it could be read as a block."""
        task = self._task
        block = None
        if self._parser is None and data.endswith(b"\n"):
            block = parse_block(
                task.definition,
                data,
                zone=task.zone,
                source_name=task.source_name,
                start_offset=self.at,
                start_line=self._line,
                carry=self._carry,
                memory=self._memory,
            )
        lines = data.count(b"\n")
        if block is None:
            return self._parse(data, lines), None
        self.at += len(data)
        self._line += lines
        self._carry = block.carry
        return block.others, block

    def finish(self) -> list[Outcome]:
        """Return what was still open at the end of the file."""
        return self._parser.finish() if self._parser is not None else []

    def _parse(self, data: bytes, lines: int) -> list[Outcome]:
        parser = self._parser
        if parser is None:
            parser = self._parser = Parser(
                self._task.definition,
                zone=self._task.zone,
                source_name=self._task.source_name,
                start_offset=self.at,
                start_line=self._line,
            )
            parser.restore(self._carry)
        outcomes = parser.feed(data)
        self.at += len(data)
        self._line += lines
        if self._counts_lines and parser.safe_offset == self.at:
            self._carry = parser.carry()
            self._parser = None
        return outcomes


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield the file in pieces of whole lines; long lines come in several."""
    rest = b""
    while data := file.read(READ_BYTES):
        data = rest + data
        cut = data.rfind(b"\n") + 1
        if not cut and len(data) > READ_BYTES:
            cut = len(data)
        rest = data[cut:]
        if cut:
            yield data[:cut]
    if rest:
        yield rest


def work() -> None:
    """The worker process: read a task, write each draft, then the end or what went wrong."""
    # Nothing here makes reference cycles, and the cyclic garbage collector took a third of the
    # time. The process ends with the file.
    gc.disable()
    # Written by our parent a moment ago: nobody else has the pipe.
    task = pickle.load(sys.stdin.buffer)  # noqa: S301 - see above
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr  # What anybody prints must not end up among the drafts.
    try:
        for kind, content in _parcels(task):
            out.write(_HEAD.pack(kind, len(content)))
            out.write(content)
            out.flush()
    except BrokenPipeError:
        os._exit(1)  # The parent process has gone: nobody reads the drafts, or a fault.


def _parcels(task: Task) -> Iterator[tuple[bytes, bytes]]:
    """Yield each draft, then the end; or what went wrong. Each with the letter of its kind."""
    try:
        for draft, done_bytes in make_drafts(task):
            yield _DRAFT, done_bytes.to_bytes(_DONE_BYTES, "big") + packed(draft)
    except ZoneError as fault:
        yield _ZONE_FAULT, str(fault).encode(errors="replace")
    else:
        yield _END, b""


def _received(
    worker: "subprocess.Popen[bytes]", task: Task, unwanted: threading.Event
) -> Iterator[tuple[CallBatch, int]]:
    if worker.stdin is None or worker.stdout is None:
        raise DraftingFailed("the process that reads the file has no pipes")
    with suppress(BrokenPipeError):  # Then it has ended, and reading says so.
        pickle.dump(task, worker.stdin)
        worker.stdin.close()
    parcels: Queue[_Parcel] = Queue(_READ_AHEAD)
    threading.Thread(target=_fetch, args=(worker.stdout, parcels, unwanted), daemon=True).start()
    while (parcel := parcels.get()) is not None:
        kind, content = parcel
        if kind == _END:
            return
        if kind == _ZONE_FAULT:
            raise ZoneError(content.decode())
        yield unpacked(content[_DONE_BYTES:]), int.from_bytes(content[:_DONE_BYTES], "big")
    raise DraftingFailed(
        "the process that reads the file has ended. What is stored is whole. "
        "Import the file again to go on."
    )


def _fetch(pipe: IO[bytes], parcels: "Queue[_Parcel]", unwanted: threading.Event) -> None:
    """Put what comes through *pipe* into *parcels*, and None at its end.

    A pipe's buffer holds less than one draft: unless a thread drains it while a batch is being
    stored, the two processes alternate instead of running in parallel.
    """
    with suppress(ValueError, OSError):  # The pipe was closed: nobody wants the rest.
        while len(head := pipe.read(_HEAD.size)) == _HEAD.size:
            kind, size = _HEAD.unpack(head)
            content = pipe.read(size)
            if len(content) < size:
                break  # The other process was killed in mid-parcel.
            _put(parcels, (kind, content), unwanted)
    _put(parcels, None, unwanted)


def _put(parcels: "Queue[_Parcel]", parcel: _Parcel, unwanted: threading.Event) -> None:
    while not unwanted.is_set():
        with suppress(Full):
            parcels.put(parcel, timeout=0.2)
            return
