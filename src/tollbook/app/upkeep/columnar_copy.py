"""When the columnar copy is written: in the background, seldom, and before it falls behind.

Source: docs/decisions/0009-rows-and-columns.md.
"""

from dataclasses import dataclass

from tollbook.app.words import counted
from tollbook.storage.reports.columnar.catalogue import Catalogue, newest_ids, read_catalogue
from tollbook.storage.reports.columnar.check import CopyDifference, check
from tollbook.storage.reports.columnar.queries import MOST_BEHIND, WORTH_CALLS
from tollbook.storage.reports.columnar.refresh import Refreshed, refresh

__all__ = [
    "CopyDifference",
    "RefreshReason",
    "Refreshed",
    "differences",
    "rebuild",
    "refresh_if_due",
    "why_due",
]

ENOUGH_ROWS = 5_000  # New rows that are worth writing a small month again.
LONGEST_WAIT_S = 600  # Fewer wait no longer than this: every answer reads them from the tables.


@dataclass(frozen=True, slots=True)
class RefreshReason:
    """Why the copy is to be written now, in words."""

    words: str


def why_due(*, waited_s: float) -> RefreshReason | None:
    """Return why the copy should be written; *waited_s* have passed since it was."""
    newest = newest_ids()
    catalogue = read_catalogue()
    if catalogue is None:
        return RefreshReason("there is none yet") if newest.call_id >= WORTH_CALLS else None
    if not all(one.is_whole(catalogue.folder) for one in catalogue.months):
        return RefreshReason("a file is missing or torn")
    behind = catalogue.behind(newest)
    if behind >= _enough_rows(catalogue) or (behind and waited_s >= LONGEST_WAIT_S):
        return RefreshReason(f"it is {counted(behind, 'row')} behind")
    return None


def _enough_rows(catalogue: Catalogue) -> int:
    """Return how many rows are worth writing a month again: more of them where months are large."""
    largest = max((month.rows for month in catalogue.months), default=0)
    return min(max(ENOUGH_ROWS, largest // 100), MOST_BEHIND // 2)


def refresh_if_due(*, waited_s: float) -> Refreshed | None:
    """Write the copy if it is due and nobody else is writing it; None: nothing was written."""
    return refresh(wait=False) if why_due(waited_s=waited_s) else None


def rebuild() -> Refreshed | None:
    """Rebuild the whole copy from the database."""
    return refresh(from_scratch=True)


def differences() -> list[CopyDifference]:
    """Return what copy and database do not agree about, to be shown to people."""
    return check()
