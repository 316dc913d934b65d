"""The audit log: who changed what, with the values before and after, from where."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tollbook.core.instants import to_us
from tollbook.storage.models import AuditLog


def record_change(
    *,
    actor: str,
    action: str,
    object_type: str,
    object_id: str,
    at: datetime,
    address: str = "",
    before: object = None,
    after: object = None,
) -> int:
    """Add one line to the audit log, inside the transaction of the change itself; return its id.

    *before* and *after* are JSON values without secrets.
    """
    line = AuditLog.objects.create(
        at_us=to_us(at),
        actor=actor,
        action=action,
        object_type=object_type,
        object_id=object_id,
        before=json.dumps(before, ensure_ascii=False),
        after=json.dumps(after, ensure_ascii=False),
        address=address,
    )
    return line.pk


@dataclass(frozen=True, slots=True)
class Change:
    """What changed about one object; JSON values without secrets."""

    object_id: str
    before: object = None
    after: object = None


def record_changes(
    changes: Sequence[Change],
    *,
    actor: str,
    action: str,
    object_type: str,
    at: datetime,
    address: str = "",
) -> None:
    """Add a line for each of *changes* to the audit log, inside the transaction of the changes."""
    AuditLog.objects.bulk_create(
        [
            AuditLog(
                at_us=to_us(at),
                actor=actor,
                action=action,
                object_type=object_type,
                object_id=change.object_id,
                before=json.dumps(change.before, ensure_ascii=False),
                after=json.dumps(change.after, ensure_ascii=False),
                address=address,
            )
            for change in changes
        ],
        batch_size=200,
    )
