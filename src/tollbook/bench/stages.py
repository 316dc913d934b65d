"""Where an import's time goes: each stage alone, in one process, on the first lines of the file.

Stages are told in processor time, which other work on the machine does not lengthen.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tollbook.app.intake.draft_worker import Task, make_drafts
from tollbook.app.intake.packing import packed, unpacked
from tollbook.bench.figures import Figure
from tollbook.bench.scratch import ZONE, Scratch
from tollbook.core.batch import CallBatch
from tollbook.core.instants import to_us
from tollbook.formats import load_definition
from tollbook.storage.db.installation import door
from tollbook.wiring.start import Installation, open_installation

LINES = 300_000  # Enough that most numbers were seen before, as in a real file.
FORMAT = "asterisk-csv"


def stages(scratch: Scratch, file: Path) -> Iterator[Figure]:
    """Yield the microseconds that a call costs in each stage; a PBX of its own keeps the calls."""
    scratch.tollbook("pbx", "add", "Stages")
    installation = open_installation(data_dir=scratch.folder)
    piece = scratch.folder.parent / "piece.csv"
    lines = _first_lines(file, piece)
    for name, took_s in _timed(installation, piece):
        yield Figure(f"stage: {name}", took_s / lines * 1e6, "µs a call")


def _timed(installation: Installation, piece: Path) -> Iterator[tuple[str, float]]:
    from tollbook.app.directory.pbxs import find_pbx
    from tollbook.app.intake.intake import open_intake
    from tollbook.app.pricing.load_pbx_rules import load_rules

    pbx = find_pbx("Stages")
    definition = load_definition(FORMAT)
    raw = installation.settings.raw_dir / "stages.seg"
    yield "raw bytes copied and on disk", _seconds(lambda: _copy(piece, raw))
    source_id, segment_id = _place_for(pbx.pbx_id, raw, installation)
    task = Task(
        path=raw,
        size=raw.stat().st_size,
        definition=definition,
        zone=ZONE,
        source_name=piece.name,
        segment_id=segment_id,
        rules=load_rules(pbx.pbx_id),
    )
    drafts: list[CallBatch] = []
    drafting_s = _seconds(lambda: drafts.extend(draft for draft, _ in make_drafts(task)))
    yield "parsed, mediated and priced", drafting_s
    yield "handed to the other process", _seconds(lambda: _hand_over(drafts))
    intake = open_intake(source_id)
    at = installation.now()
    yield "stored", _seconds(lambda: sum(1 for _ in intake.store_drafts(drafts, at=at)))


def _first_lines(file: Path, piece: Path) -> int:
    """Copy the first lines of *file* to *piece* and return how many they are."""
    copied = 0
    with file.open("rb") as lines, piece.open("wb") as out:
        for line in lines:
            out.write(line)
            copied += 1
            if copied == LINES:
                break
    return copied


def _copy(piece: Path, raw: Path) -> None:
    raw.parent.mkdir(parents=True, exist_ok=True)
    with piece.open("rb") as source, raw.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())


def _place_for(pbx_id: int, raw: Path, installation: Installation) -> tuple[int, int]:
    """Make a source and a segment for the piece and return their ids."""
    from tollbook.storage.models import RawSegment, Source

    at_us = to_us(installation.now())
    with door().transaction():
        source = Source.objects.create(
            pbx_id=pbx_id,
            name="Stages",
            transport="import",
            format=FORMAT,
            wanted="stopped",
            created_us=at_us,
        )
        segment = RawSegment.objects.create(
            source=source,
            path=str(raw.relative_to(installation.settings.data_dir)),
            sequence=1,
            first_received_us=at_us,
            size=raw.stat().st_size,
        )
    return source.pk, segment.pk


def _hand_over(drafts: Sequence[CallBatch]) -> None:

    for draft in drafts:
        unpacked(packed(draft))


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
