"""What a switch wrote, and where it lies in the raw log.

The bytes are in segment files on disk; these rows are their index. Raw records are immutable:
the database refuses UPDATE and DELETE (docs/decisions/0006).
"""

from django.db import models
from django.db.models import Q

from tollbook.storage.models.fields import RowId


class RawSegment(models.Model):
    """One append-only file of received bytes; sealed when full, with the hash of its content."""

    source = models.ForeignKey("storage.Source", models.PROTECT, related_name="+", db_index=False)
    path = models.TextField(unique=True)
    sequence = models.PositiveBigIntegerField()
    first_received_us = models.BigIntegerField()
    size = models.PositiveBigIntegerField(default=0)
    sealed_us = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, null=True)

    class Meta:
        db_table = "tollbook_raw_segment"
        constraints = (
            models.UniqueConstraint(fields=["source", "sequence"], name="segment_in_source"),
            models.CheckConstraint(
                condition=Q(sealed_us=None, sha256=None)
                | Q(sealed_us__isnull=False, sha256__isnull=False),
                name="segment_sealed_with_hash",
            ),
        )


class RecordKind(models.IntegerChoices):
    """What became of a raw record.

    Constraints compare ranges: SQLite builds a list of IN anew for every row.
    """

    CALL = 1
    PART = 2
    SKIP = 3
    REJECT = 4


class RawRecord(models.Model):
    """One record's bytes: `length` of them at `offset` of the segment. Immutable.

    `line` counts from 1 in the segment; `reason` is the stable code of a skip or reject.
    """

    id = RowId(primary_key=True)
    segment = models.ForeignKey(
        "storage.RawSegment", models.PROTECT, related_name="+", db_index=False
    )
    offset = models.PositiveBigIntegerField()
    length = models.PositiveIntegerField()
    line = models.PositiveBigIntegerField()
    kind = models.PositiveSmallIntegerField(choices=RecordKind.choices)
    reason = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        db_table = "tollbook_raw_record"
        constraints = (
            # The same bytes are indexed once: a collector that was killed and starts again from
            # its position can neither lose a record nor store it twice.
            models.UniqueConstraint(fields=["segment", "offset"], name="raw_record_place"),
            models.CheckConstraint(
                condition=Q(kind__gte=RecordKind.CALL, kind__lte=RecordKind.REJECT),
                name="raw_record_kind",
            ),
        )


class ImportFile(models.Model):
    """A file that was imported; the same file again is answered from its hash."""

    pbx = models.ForeignKey("storage.Pbx", models.PROTECT, related_name="+", db_index=False)
    source = models.ForeignKey("storage.Source", models.PROTECT, related_name="+")
    name = models.TextField()
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=64)
    format_version = models.CharField(max_length=32)
    zone = models.CharField(max_length=64, blank=True, default="")
    imported_us = models.BigIntegerField()
    records = models.PositiveBigIntegerField()
    calls = models.PositiveBigIntegerField()
    parts = models.PositiveBigIntegerField()
    skips = models.PositiveBigIntegerField()
    rejects = models.PositiveBigIntegerField()
    duplicates = models.PositiveBigIntegerField()

    class Meta:
        db_table = "tollbook_import_file"
        constraints = (
            models.UniqueConstraint(
                fields=["pbx", "sha256", "format", "format_version", "zone"],
                name="import_file_once",
            ),
        )


class RejectState(models.TextChoices):
    """What was decided about a record in quarantine."""

    NEW = "new"
    RELEASED = "released"
    DISMISSED = "dismissed"


class Reject(models.Model):
    """A record in quarantine with its raw bytes (the first 4 KiB): kept, shown, never charged.

    Released, it was read after all: `released_call` is the call that it tells of, null if it
    turned out to tell of none.
    """

    raw_record = models.ForeignKey(
        "storage.RawRecord", models.PROTECT, related_name="+", null=True, db_index=False
    )
    source = models.ForeignKey("storage.Source", models.PROTECT, related_name="+", db_index=False)
    received_us = models.BigIntegerField()
    line = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField()
    raw = models.BinaryField(max_length=4096)
    reason = models.CharField(max_length=64)
    message = models.TextField()
    state = models.CharField(max_length=9, choices=RejectState.choices, default=RejectState.NEW)
    resolved_us = models.BigIntegerField(null=True)
    resolved_by = models.TextField(blank=True, default="")
    released_call = models.ForeignKey(
        "storage.Call", models.PROTECT, related_name="+", null=True, db_index=False
    )

    class Meta:
        db_table = "tollbook_reject"
        indexes = (
            models.Index(fields=["state", "id"], name="reject_by_state"),
            models.Index(fields=["source", "id"], name="reject_by_source"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(state__in=RejectState.values), name="reject_state"),
        )
