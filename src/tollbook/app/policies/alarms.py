"""Tells people what they should know: once an occasion, in the transaction that found it.

    raise_alarms([NewAlarm(key="budget:3:1793487600000000:80", kind="budget", …)])

The key names the occasion: raising the same alarm again is idempotent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tollbook.core.instants import to_us
from tollbook.storage.models import Alarm

MAX_KEY = 200


@dataclass(frozen=True, slots=True)
class NewAlarm:
    """An alarm: its occasion, its kind, what it says, and whom it is about.

    `holder` is kind ("extension", "department" or "owner") and row id. `details` are JSON values.
    One that `closes` keeps its extension closed until it is lifted.
    """

    key: str
    kind: str
    at: datetime
    message: str
    details: Mapping[str, object] = field(default_factory=dict)
    holder: tuple[str, int] | None = None
    budget_id: int | None = None
    guard_id: int | None = None
    closes: bool = False


def raise_alarms(alarms: Sequence[NewAlarm]) -> None:
    """Store the alarms whose occasion is new, inside the transaction that is open."""
    rows = [_row(alarm) for alarm in alarms]
    Alarm.objects.bulk_create(rows, ignore_conflicts=True)


def _row(alarm: NewAlarm) -> Alarm:
    row = Alarm(
        key=alarm.key[:MAX_KEY],
        kind=alarm.kind,
        at_us=to_us(alarm.at),
        message=alarm.message,
        details=dict(alarm.details),
        budget_id=alarm.budget_id,
        guard_id=alarm.guard_id,
        closes=alarm.closes,
    )
    if alarm.holder is not None:
        kind, row_id = alarm.holder
        setattr(row, f"{kind}_id", row_id)
    return row
