"""What the columnar copy holds, as the database says, and which rows it does not hold yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tollbook.storage.db.sql import Row, charge_in_force, chunks, fetch, fetch_one
from tollbook.storage.reports.columnar.layout import (
    LAYOUT,
    columns_folder,
    deleted_row,
    month_file,
    selected,
)

READ_AT_ONCE = 50_000  # Rows from a table to arrays: enough to be quick, few enough to be small.
IDS_AT_ONCE = 5_000  # A statement holds only so many values.

Journal = list[tuple[int, int]]  # (id, call) of each note


@dataclass(frozen=True, slots=True)
class CopyPosition:
    """How far the copy has come (see `ColumnMark`); 0 all over before it was first written."""

    layout: int = LAYOUT
    version: int = 0
    call_id: int = 0
    charge_id: int = 0


@dataclass(frozen=True, slots=True)
class MonthFile:
    """The file in force of one month."""

    month: int
    generation: int
    rows: int
    size: int

    def path(self, folder: Path) -> Path:
        """Return where the file lies."""
        return month_file(folder, self.month, self.generation)

    def is_whole(self, folder: Path) -> bool:
        """Whether the file is there and as long as it must be."""
        try:
            return self.path(folder).stat().st_size == self.size
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class Newest:
    """The greatest ids of the tables that the copy is made from."""

    call_id: int
    charge_id: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The copy at one moment: where it lies, how far it has come, and its files by month."""

    folder: Path
    mark: CopyPosition
    months: tuple[MonthFile, ...]

    @property
    def rows(self) -> int:
        """How many calls the files hold."""
        return sum(month.rows for month in self.months)

    def behind(self, newest: Newest) -> int:
        """Return at most how many rows the files do not hold or hold wrongly."""
        changed = fetch_one("SELECT count(*) FROM tollbook_changed_call", ())
        new_calls = max(0, newest.call_id - self.mark.call_id)
        new_charges = max(0, newest.charge_id - self.mark.charge_id)
        return max(new_calls, new_charges) + (int(changed[0]) if changed else 0)


def read_catalogue() -> Catalogue | None:
    """Return what the copy holds; None if there is none, or one of another layout."""
    folder, mark = columns_folder(), read_mark()
    if folder is None or mark is None or mark.layout != LAYOUT:
        return None
    rows = fetch(
        "SELECT month, generation, rows, size FROM tollbook_column_month ORDER BY month", ()
    )
    return Catalogue(folder, mark, tuple(MonthFile(*row) for row in rows))


def read_mark() -> CopyPosition | None:
    """Return how far the copy has come; None if it was never written."""
    row = fetch_one("SELECT layout, version, call_id, charge_id FROM tollbook_column_mark", ())
    return CopyPosition(*row) if row else None


def newest_ids() -> Newest:
    """Return the greatest ids there are now."""
    row = fetch_one(
        "SELECT (SELECT max(id) FROM tollbook_call), (SELECT max(id) FROM tollbook_charge)",
        (),
    )
    return Newest(*(int(value or 0) for value in row or (0, 0)))


def fresh_rows(mark: CopyPosition) -> list[Row]:
    """Return the rows that the files of *mark* do not hold, or hold otherwise, as they are now.

    One statement, and so one snapshot. A call that was deleted has nothing but its id.
    """
    charges = f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id')}"
    return fetch(
        f"SELECT {selected()} FROM tollbook_call c {charges} WHERE c.id > %s "
        f"UNION ALL SELECT {selected(call_id='k.id')} FROM ({_CHANGED}) k "
        f"LEFT JOIN tollbook_call c ON c.id = k.id {charges}",
        (mark.call_id, mark.charge_id, mark.call_id, mark.call_id),
    )


def new_rows(after_id: int, until_id: int) -> Iterator[list[Row]]:
    """Yield the calls with ids after *after_id* and up to *until_id*, by id, many at a time."""
    charges = f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id')}"
    while after_id < until_id:
        rows = fetch(
            f"SELECT {selected()} FROM tollbook_call c {charges} "
            "WHERE c.id > %s AND c.id <= %s ORDER BY c.id LIMIT %s",
            (after_id, until_id, READ_AT_ONCE),
        )
        if not rows:
            return
        yield rows
        after_id = rows[-1][0]


def changed_ids(mark: CopyPosition, until_charge_id: int, journal: Journal) -> list[int]:
    """Return the calls up to *mark* that were charged again or changed since, ascending."""
    charged = fetch(
        "SELECT DISTINCT call_id FROM tollbook_charge WHERE id > %s AND id <= %s AND call_id <= %s",
        (mark.charge_id, until_charge_id, mark.call_id),
    )
    changed = {call_id for _, call_id in journal if call_id <= mark.call_id}
    return sorted(changed.union(call_id for (call_id,) in charged))


def rows_now(ids: Sequence[int]) -> Iterator[list[Row]]:
    """Yield the calls with those *ids*, many at a time; a deleted one has nothing but its id."""
    charges = f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id')}"
    for chunk in chunks(ids, IDS_AT_ONCE):
        marks = ", ".join(["%s"] * len(chunk))
        found = fetch(
            f"SELECT {selected()} FROM tollbook_call c {charges} WHERE c.id IN ({marks})", chunk
        )
        gone = sorted(set(chunk).difference(row[0] for row in found))
        yield found + [deleted_row(call_id) for call_id in gone]


def read_journal() -> Journal:
    """Return (id, call) of every note of a changed call."""
    return [
        (note_id, call_id)
        for note_id, call_id in fetch("SELECT id, call_id FROM tollbook_changed_call", ())
    ]


_CHANGED = (
    "SELECT call_id AS id FROM tollbook_charge WHERE id > %s AND call_id <= %s "
    "UNION SELECT call_id FROM tollbook_changed_call WHERE call_id <= %s"
)
