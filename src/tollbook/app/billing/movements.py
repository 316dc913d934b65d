"""What was posted by hand: the recharge history, and the latest postings to one account.

Narrow the question with `app.directory.holders.visible_movements` before asking it.
"""

from tollbook.app.directory.holders import HolderRow
from tollbook.storage.billing.recharges import (
    Movement,
    MovementFilter,
    count_movements,
    every_movement,
    list_movements,
    statement,
)
from tollbook.storage.billing.statements import StatementLine

__all__ = [
    "Movement",
    "MovementFilter",
    "count_movements",
    "every_movement",
    "latest_postings",
    "list_movements",
]


def latest_postings(holder: HolderRow, *, before: int | None, count: int) -> list[StatementLine]:
    """Return the newest postings to the holder's account, those with ids below *before*."""
    return statement(holder.kind, holder.id, holder.currency, before=before, count=count)
