"""The audit log as it is read: who changed what, when and from where; pages of it, or all."""

from tollbook.storage.access.audit_log import (
    AuditFilter,
    AuditRow,
    audit_choices,
    audit_row,
    audit_rows,
    stream_audit,
)

__all__ = [
    "AuditFilter",
    "AuditRow",
    "audit_choices",
    "audit_row",
    "audit_rows",
    "stream_audit",
]
