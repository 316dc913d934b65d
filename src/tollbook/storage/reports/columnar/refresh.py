"""Writes the columnar copy: what is new or changed goes into new files of the months concerned.

A file is written beside the one in force, synced, renamed, and then named in the catalogue in one
transaction: a process that is killed leaves the copy as it was, and at most a file that nobody
reads.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.db.sql import Row, chunks
from tollbook.storage.models.columnar import ChangedCall, ColumnMark, ColumnMonth
from tollbook.storage.reports.columnar import duck
from tollbook.storage.reports.columnar.catalogue import (
    Catalogue,
    CopyPosition,
    Journal,
    MonthFile,
    changed_ids,
    new_rows,
    newest_ids,
    read_catalogue,
    read_journal,
    read_mark,
    rows_now,
)
from tollbook.storage.reports.columnar.layout import (
    COLUMNS,
    LAYOUT,
    MONTH_OF_CALL,
    NAMES,
    columns_folder,
    month_file,
)

STEP_ROWS = 250_000  # Merged into the files at once; then the catalogue moves on.
KEPT_GENERATIONS = 2  # Of a month: the one in force, and the one that readers may still hold.
_NOTES_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: rows taken from the tables, months written, calls now in the copy."""

    rows: int
    months: tuple[int, ...]
    calls: int


@contextmanager
def refreshing(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the file lock for writing the copy in *folder*; False: another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "refresh.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def refresh(
    *, from_scratch: bool = False, wait: bool = True, step_rows: int = STEP_ROWS
) -> Refreshed | None:
    """Bring the copy up to the database; with *from_scratch* written anew, trusting nothing.

    None: the database has no folder for a copy, or another process is writing it and *wait* is
    false. Raises `duck.DuckDbError` if a file cannot be written or read; what was stated before
    stands.
    """
    folder = columns_folder()
    if folder is None:
        return None
    with refreshing(folder, wait=wait) as mine:
        return _Refresh(folder, step_rows).run(from_scratch=from_scratch) if mine else None


class _Refresh:
    """One refresh under way; `catalogue` is what is in force."""

    def __init__(self, folder: Path, step_rows: int) -> None:
        self._folder = folder
        self._step_rows = step_rows
        self._written: dict[int, None] = {}
        self._rows = 0

    def run(self, *, from_scratch: bool) -> Refreshed:
        catalogue = None if from_scratch else read_catalogue()
        if catalogue is None or not all(one.is_whole(self._folder) for one in catalogue.months):
            catalogue = self._start_again()
        with duck.workshop(self._folder / "spill") as work:
            work.execute(f"CREATE TEMP TABLE staged ({_DECLARED})")
            catalogue = self._take_all(work, catalogue)
        self._sweep(catalogue)
        return Refreshed(self._rows, tuple(self._written), catalogue.rows)

    def _start_again(self) -> Catalogue:
        """Forget all files; their generations are never used again."""
        before = read_mark()
        version = before.version + 1 if before else 1
        with door().transaction():
            ColumnMonth.objects.all().delete()
            ColumnMark.objects.update_or_create(
                id=1, defaults={"layout": LAYOUT, "version": version, "call_id": 0, "charge_id": 0}
            )
        return Catalogue(self._folder, CopyPosition(LAYOUT, version), ())

    def _take_all(self, work: Any, catalogue: Catalogue) -> Catalogue:
        """Merge changed calls, then new ones by the step, until the copy is level."""
        # Batch lock: every other batch has committed, or has no ids yet.
        with door().transaction():
            bulk_engine().begin_batch()
            newest = newest_ids()
        journal = read_journal()
        ids = changed_ids(catalogue.mark, newest.charge_id, journal)
        self._stage(work, rows_now(ids))
        # Deleted calls may be the newest, and their ids be given out again.
        done_id = min(catalogue.mark.call_id, newest.call_id)
        for rows in new_rows(done_id, newest.call_id):
            self._stage(work, [rows])
            done_id = rows[-1][0]
            if self._staged(work) >= self._step_rows:
                catalogue = self._merge(work, catalogue, done_id, newest.charge_id, journal)
                journal = []
        if (done_id, newest.charge_id) != (catalogue.mark.call_id, catalogue.mark.charge_id) or (
            journal or self._staged(work)
        ):
            return self._merge(work, catalogue, newest.call_id, newest.charge_id, journal)
        return catalogue

    def _stage(self, work: Any, pieces: Iterable[list[Row]]) -> None:
        for rows in pieces:
            work.register("taken", duck.arrays_of(rows))
            work.execute(f"INSERT INTO staged {duck.from_arrays('taken')}")
            work.unregister("taken")
            self._rows += len(rows)

    def _staged(self, work: Any) -> int:
        return int(work.execute("SELECT count(*) FROM staged").fetchall()[0][0])

    def _merge(
        self, work: Any, catalogue: Catalogue, call_id: int, charge_id: int, journal: Journal
    ) -> Catalogue:
        """Write the months that what is staged concerns, then let the catalogue name them."""
        version = catalogue.mark.version + 1
        months = {one.month: one for one in catalogue.months}
        for month in self._concerned(work, catalogue):
            after = self._write(work, month, months.pop(month, None), version)
            if after is not None:
                months[month] = after
            self._written[month] = None
        mark = CopyPosition(LAYOUT, version, call_id, charge_id)
        after_all = Catalogue(self._folder, mark, tuple(months[each] for each in sorted(months)))
        self._publish(catalogue, after_all, journal)
        work.execute("DELETE FROM staged")
        return after_all

    def _concerned(self, work: Any, catalogue: Catalogue) -> list[int]:
        """Return the months that staged calls belong to, or belonged to."""
        found = work.execute(
            f"SELECT DISTINCT {MONTH_OF_CALL} FROM staged WHERE begin_us IS NOT NULL"
        ).fetchall()
        months = {month for (month,) in found}
        known = f"SELECT id FROM staged WHERE id <= {catalogue.mark.call_id}"
        if work.execute(f"SELECT 1 WHERE EXISTS ({known})").fetchall():
            for one in catalogue.months:
                rows = duck.from_files([one.path(self._folder)])
                held = f"SELECT 1 FROM ({rows}) WHERE id IN ({known}) LIMIT 1"
                if one.month not in months and work.execute(held).fetchall():
                    months.add(one.month)
        return sorted(months)

    def _write(
        self, work: Any, month: int, before: MonthFile | None, generation: int
    ) -> MonthFile | None:
        """Write the next generation of *month*; None: no call of it is left."""
        names = ", ".join(NAMES)
        rows = (
            f"SELECT {names} FROM staged WHERE begin_us IS NOT NULL AND {MONTH_OF_CALL} = {month}"
        )
        if before is not None:
            held = duck.from_files([before.path(self._folder)])
            rows = f"SELECT {names} FROM ({held}) ANTI JOIN staged USING (id) UNION ALL {rows}"
        target = month_file(self._folder, month, generation)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(f".part-{os.getpid()}")
        try:
            written = work.execute(
                f"COPY (SELECT * FROM ({rows}) ORDER BY begin_us, id) "
                f"TO {duck.quoted(unfinished)} (FORMAT parquet)"
            ).fetchall()
            rows_written = int(written[0][0])
            if not rows_written:
                return None
            _sync(unfinished)
            unfinished.replace(target)
            _sync(target.parent)
        finally:
            unfinished.unlink(missing_ok=True)
        return MonthFile(month, generation, rows_written, target.stat().st_size)

    def _publish(self, before: Catalogue, after: Catalogue, journal: Journal) -> None:
        """Write *after* in one transaction, unless the catalogue was changed concurrently."""
        new = set(after.months).difference(before.months)
        gone = {one.month for one in before.months}.difference(one.month for one in after.months)
        with door().transaction():
            moved = ColumnMark.objects.filter(version=before.mark.version).update(
                version=after.mark.version,
                call_id=after.mark.call_id,
                charge_id=after.mark.charge_id,
            )
            if not moved:
                raise duck.DuckDbError(
                    f"{self._folder}: another machine wrote the columnar copy meanwhile. "
                    "Its catalogue stands; nothing is lost."
                )
            months = ColumnMonth.objects
            months.filter(month__in=gone | {one.month for one in new}).delete()
            months.bulk_create(
                ColumnMonth(
                    month=one.month, generation=one.generation, rows=one.rows, size=one.size
                )
                for one in new
            )
            for notes in chunks(journal, _NOTES_AT_ONCE):
                ids = [note_id for note_id, _ in notes]
                ChangedCall.objects.filter(id__in=ids).delete()

    def _sweep(self, catalogue: Catalogue) -> None:
        """Remove files that no reader can need any more, and what a killed writer left."""
        in_force = {one.path(self._folder) for one in catalogue.months}
        live = {path.parent for path in in_force}
        for folder in self._folder.iterdir():
            if not folder.name.isdigit():
                continue
            if folder not in live:
                shutil.rmtree(folder, ignore_errors=True)
                continue
            files = sorted(folder.glob("*.parquet"), key=lambda file: int(file.stem))
            kept = in_force.union(files[-KEPT_GENERATIONS:])
            for file in set(folder.iterdir()) - kept:
                file.unlink(missing_ok=True)
        for other in self._folder.parent.glob("calls-*"):
            if other != self._folder:  # Of another layout: nobody reads it any more.
                shutil.rmtree(other, ignore_errors=True)


def _sync(path: Path) -> None:
    """fsync *path*, a file or a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_DECLARED = ", ".join(f"{column.name} {column.kind}" for column in COLUMNS)
