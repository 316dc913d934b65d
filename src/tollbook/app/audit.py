"""The audit log: who changed what, with the values before and after, from where."""

import json
from datetime import datetime

from tollbook.storage.instants import to_us
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
) -> None:
    """Add one line to the audit log, inside the transaction of the change itself.

    *before* and *after* are JSON values without secrets.
    """
    AuditLog.objects.create(
        at_us=to_us(at),
        actor=actor,
        action=action,
        object_type=object_type,
        object_id=object_id,
        before=json.dumps(before, ensure_ascii=False),
        after=json.dumps(after, ensure_ascii=False),
        address=address,
    )
