"""The audit log: who changed what, with the values before and after, from where."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model

from tollbook.app.access.actor import Actor
from tollbook.core.instants import to_us
from tollbook.storage.models import AuditLog

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Change:
    """What changed about one object; JSON values without secrets."""

    object_id: str
    before: object = None
    after: object = None


def record_change(
    by: Actor,
    action: str,
    *,
    of: tuple[str, int | str],
    before: object = None,
    after: object = None,
) -> int:
    """Add one line to the audit log, inside the transaction of the change itself; return its id.

    *of* is the type and the id of what changed. *before* and *after* are JSON values without
    secrets.
    """
    object_type, object_id = of
    line = _line(by, action, object_type, Change(str(object_id), before, after))
    line.save(force_insert=True)
    return line.pk


def record_changes(changes: Sequence[Change], by: Actor, action: str, *, object_type: str) -> None:
    """Add a line for each of *changes* to the audit log, inside the transaction of the changes."""
    lines = [_line(by, action, object_type, change) for change in changes]
    AuditLog.objects.bulk_create(lines, batch_size=200)


def keep_row(
    row: Row,
    values: Mapping[str, object],
    by: Actor,
    *,
    word: str,
    object_type: str,
    shown: Callable[[Row], object],
) -> int:
    """Write *values* into a new row or one that is there, and note it; return the row's id.

    The action is `word.add` or `word.change`; *shown* tells what the log shows of the row.
    """
    before = None if row.pk is None else shown(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    action = f"{word}.add" if before is None else f"{word}.change"
    record_change(by, action, of=(object_type, row.pk), before=before, after=shown(row))
    return int(row.pk)


def _line(by: Actor, action: str, object_type: str, change: Change) -> AuditLog:
    return AuditLog(
        at_us=to_us(by.at),
        actor=by.name,
        action=action,
        object_type=object_type,
        object_id=change.object_id,
        before=json.dumps(change.before, ensure_ascii=False),
        after=json.dumps(change.after, ensure_ascii=False),
        address=by.address,
    )
