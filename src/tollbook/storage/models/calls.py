"""Calls: what people did, once each."""

from django.db import models
from django.db.models import Q

from tollbook.storage.models.fields import RowId


class DirectionCode(models.IntegerChoices):
    """Which way a call went, seen from the site."""

    UNKNOWN = 0
    IN = 1
    OUT = 2
    INTERNAL = 3
    TRANSIT = 4


class Call(models.Model):
    """One call.

    `begin_us` is its start, else its answer, else its end: the instant by which it is listed and
    recognised. `extension` is the one that is billed, `department` and `owner` are those at the
    time of the call. `account_code` is as written, `account_code_ref` the code it stands for.
    """

    id = RowId(primary_key=True)
    pbx = models.ForeignKey("storage.Pbx", models.PROTECT, related_name="+", db_index=False)
    source = models.ForeignKey("storage.Source", models.PROTECT, related_name="+", db_index=False)
    site = models.ForeignKey("storage.Site", models.PROTECT, related_name="+", db_index=False)
    raw_record = models.ForeignKey(
        "storage.RawRecord", models.PROTECT, related_name="+", null=True, db_index=False
    )
    received_us = models.BigIntegerField()
    begin_us = models.BigIntegerField()
    start_us = models.BigIntegerField(null=True)
    answer_us = models.BigIntegerField(null=True)
    end_us = models.BigIntegerField(null=True)
    ring_ms = models.BigIntegerField(null=True)
    talk_ms = models.BigIntegerField(null=True)
    answered = models.BooleanField(null=True)
    direction = models.SmallIntegerField(
        choices=DirectionCode.choices, default=DirectionCode.UNKNOWN
    )
    caller = models.TextField(blank=True, default="")
    caller_name = models.TextField(blank=True, default="")
    dialled = models.TextField(blank=True, default="")
    callee = models.TextField(blank=True, default="")
    callee_name = models.TextField(blank=True, default="")
    destination = models.TextField(blank=True, default="")
    call_type = models.TextField(blank=True, default="")
    trunk = models.ForeignKey(
        "storage.Trunk", models.PROTECT, related_name="+", null=True, db_index=False
    )
    extension = models.ForeignKey(
        "storage.Extension", models.PROTECT, related_name="+", null=True, db_index=False
    )
    department = models.ForeignKey(
        "storage.Department", models.PROTECT, related_name="+", null=True, db_index=False
    )
    account_code = models.TextField(blank=True, default="")
    account_code_ref = models.ForeignKey(
        "storage.AccountCode", models.PROTECT, related_name="+", null=True, db_index=False
    )
    owner = models.ForeignKey(
        "storage.Owner", models.PROTECT, related_name="+", null=True, db_index=False
    )
    authorisation_code = models.TextField(blank=True, default="")
    pbx_call_id = models.TextField(blank=True, default="")
    source_ip = models.TextField(blank=True, default="")
    pulses = models.PositiveIntegerField(null=True)
    partial = models.BooleanField(default=False)
    legs_count = models.SmallIntegerField(default=1)
    dedupe_hash = models.BigIntegerField()

    class Meta:
        db_table = "tollbook_call"
        # No index beside the unique key: each costs an import 2 to 5 µs a call, and what they
        # would answer the columnar copy answers (docs/decisions/0017).
        constraints = (
            # Recognises the same call again (AMB-40) and is the call log's own order.
            models.UniqueConstraint(fields=["begin_us", "pbx", "dedupe_hash"], name="call_once"),
            models.CheckConstraint(
                condition=Q(
                    direction__gte=DirectionCode.UNKNOWN, direction__lte=DirectionCode.TRANSIT
                ),
                name="call_direction",
            ),
            models.CheckConstraint(condition=Q(talk_ms__gte=0), name="call_talk_not_negative"),
            models.CheckConstraint(
                condition=Q(answered=None)
                | Q(answered=True)
                | Q(answered=False, answer_us=None, talk_ms=0),
                name="call_unanswered_has_no_talk",
            ),
        )


class CallRecord(models.Model):
    """One of the several raw records that made a call; a call of one record has no row here."""

    id = RowId(primary_key=True)
    call = models.ForeignKey("storage.Call", models.PROTECT, related_name="+")
    raw_record = models.ForeignKey(
        "storage.RawRecord", models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "tollbook_call_record"


class Duplicate(models.Model):
    """A record refused because its call is known already (AMB-40): kept, counted, releasable.

    Released, it has made `released_call`, a call of its own; that happens once.
    """

    source = models.ForeignKey("storage.Source", models.PROTECT, related_name="+", db_index=False)
    raw_record = models.ForeignKey(
        "storage.RawRecord", models.PROTECT, related_name="+", null=True, db_index=False
    )
    of_call = models.ForeignKey("storage.Call", models.PROTECT, related_name="+")
    received_us = models.BigIntegerField()
    released_call = models.ForeignKey(
        "storage.Call", models.PROTECT, related_name="+", null=True, db_index=False
    )
    released_us = models.BigIntegerField(null=True)
    released_by = models.TextField(blank=True, default="", db_default="")

    class Meta:
        db_table = "tollbook_duplicate"
        indexes = (models.Index(fields=["source", "id"], name="duplicate_by_source"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(released_call=None, released_us=None)
                | Q(released_call__isnull=False, released_us__isnull=False),
                name="duplicate_released_as_a_call",
            ),
        )


class Leg(models.Model):
    """One channel of a call of several; positions count from 0 in the call's order."""

    id = RowId(primary_key=True)
    call = models.ForeignKey("storage.Call", models.PROTECT, related_name="+", db_index=False)
    position = models.SmallIntegerField()
    party = models.TextField(blank=True, default="")
    role = models.TextField(blank=True, default="")
    start_us = models.BigIntegerField(null=True)
    answer_us = models.BigIntegerField(null=True)
    end_us = models.BigIntegerField(null=True)
    talk_ms = models.BigIntegerField(null=True)

    class Meta:
        db_table = "tollbook_leg"
        constraints = (
            models.UniqueConstraint(fields=["call", "position"], name="leg_position"),
            models.CheckConstraint(condition=Q(talk_ms__gte=0), name="leg_talk_not_negative"),
        )
