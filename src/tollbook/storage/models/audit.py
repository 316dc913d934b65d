"""Who changed what, and what this data folder is."""

from django.db import models


class AuditLog(models.Model):
    """One change by a person or a command, with the values before and after. Immutable.

    They are JSON as text: shown and exported in the order in which they were written, which a JSON
    column of PostgreSQL does not keep.
    """

    at_us = models.BigIntegerField()
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=64)
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64, blank=True, default="")
    before = models.TextField(default="null")
    after = models.TextField(default="null")
    address = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        db_table = "tollbook_audit_log"
        indexes = (models.Index(fields=["object_type", "object_id", "id"], name="audit_by_object"),)


class Meta(models.Model):
    """A fact about this installation: first start, demo seed."""

    key = models.CharField(max_length=64, primary_key=True)
    value = models.TextField(blank=True, default="")

    class Meta:
        db_table = "tollbook_meta"
