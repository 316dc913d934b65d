"""Where calls come from: sites, their PBXs and the sources that read what a PBX writes."""

from django.db import models
from django.db.models import Q


class Site(models.Model):
    """A place with one time zone and one dial plan (a document of `core.dialplan`).

    `code_length` is that of account codes as they are keyed, 0 for any (EBC-09). Its class of
    service serves those who have none; `caller_id` is presented where the caller has none.
    `hold_s` is how far one hold of money reaches, null for the whole call. `bills_new`: billing is
    on for extensions that are met or added from then on (ZYC-12: off).
    """

    name = models.CharField(max_length=120, unique=True)
    zone = models.CharField(max_length=64)
    country = models.CharField(max_length=2, blank=True, default="")
    currency = models.CharField(max_length=3)
    dial_plan = models.JSONField(default=dict)
    created_us = models.BigIntegerField()
    code_length = models.PositiveSmallIntegerField(default=0, db_default=0)
    service_class = models.ForeignKey(
        "storage.ServiceClass", models.PROTECT, related_name="+", null=True, db_index=False
    )
    caller_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    hold_s = models.PositiveIntegerField(null=True)
    bills_new = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "tollbook_site"


class Pbx(models.Model):
    """A telephone system.

    `dial_prefix` are secret digits put before an allowed number (EBC-12). `authorisation_mask`
    describes a code inside the number as the PBX writes it, "1###" for four digits that begin
    with 1; empty for none (AMB-31).
    """

    site = models.ForeignKey("storage.Site", models.PROTECT, related_name="+")
    name = models.CharField(max_length=120, unique=True)
    brand = models.CharField(max_length=80, blank=True, default="")
    note = models.TextField(blank=True, default="")
    created_us = models.BigIntegerField(default=0)
    dial_prefix = models.CharField(max_length=32, blank=True, default="", db_default="")
    authorisation_mask = models.CharField(max_length=32, blank=True, default="", db_default="")

    class Meta:
        db_table = "tollbook_pbx"


class Transport(models.TextChoices):
    """How the bytes reach us."""

    TCP_LISTEN = "tcp-listen"
    TCP_CONNECT = "tcp-connect"
    UDP = "udp"
    SERIAL = "serial"
    TAIL = "tail"
    DROP = "drop"
    IMPORT = "import"


class SourceCondition(models.TextChoices):
    """How a source is, as far as its collector has said."""

    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Source(models.Model):
    """A transport and a format: one way in which a PBX delivers its records.

    `options` are checked by the collector of the transport. `wanted` is what the
    administrator asked for; what is so is in `SourceState`.
    """

    pbx = models.ForeignKey("storage.Pbx", models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    transport = models.CharField(max_length=16, choices=Transport.choices)
    format = models.CharField(max_length=64)
    options = models.JSONField(default=dict)
    wanted = models.CharField(
        max_length=8,
        choices=[("running", "running"), ("stopped", "stopped")],
        default="running",
    )
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "tollbook_source"
        constraints = (
            models.UniqueConstraint(fields=["pbx", "name"], name="source_name_in_pbx"),
            models.CheckConstraint(
                condition=Q(transport__in=Transport.values), name="source_transport"
            ),
            models.CheckConstraint(
                condition=Q(wanted__in=["running", "stopped"]), name="source_wanted"
            ),
        )


class SourceState(models.Model):
    """A source's heartbeat, written by its collector; stale when `seen_us` is old."""

    source = models.OneToOneField(
        "storage.Source", models.CASCADE, primary_key=True, related_name="+"
    )
    state = models.CharField(
        max_length=8, choices=SourceCondition.choices, default=SourceCondition.UNKNOWN
    )
    reason = models.TextField(blank=True, default="")
    next_step = models.TextField(blank=True, default="")
    since_us = models.BigIntegerField(null=True)
    seen_us = models.BigIntegerField(null=True)
    last_record_us = models.BigIntegerField(null=True)
    connected_peers = models.PositiveIntegerField(default=0)
    bytes_total = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "tollbook_source_state"
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=SourceCondition.values), name="source_state_state"
            ),
        )


class SourcePosition(models.Model):
    """How far a source's raw log is parsed and stored; moves in the calls' own transaction.

    `offset` bytes and `line` lines of `segment` are done; `carry` is the parser's
    own state, JSON as text: written with every batch of calls, and only ever read whole.
    """

    source = models.OneToOneField(
        "storage.Source", models.CASCADE, primary_key=True, related_name="+"
    )
    segment = models.ForeignKey(
        "storage.RawSegment", models.PROTECT, related_name="+", null=True, db_index=False
    )
    offset = models.PositiveBigIntegerField(default=0)
    line = models.PositiveBigIntegerField(default=0)
    carry = models.TextField(default="{}")

    class Meta:
        db_table = "tollbook_source_position"


class SourceDay(models.Model):
    """What a source delivered on one of its site's days; `day` reads 20260131."""

    source = models.ForeignKey("storage.Source", models.PROTECT, related_name="+", db_index=False)
    day = models.PositiveIntegerField()
    records = models.PositiveBigIntegerField(default=0)
    calls = models.PositiveBigIntegerField(default=0)
    parts = models.PositiveBigIntegerField(default=0)
    skips = models.PositiveBigIntegerField(default=0)
    rejects = models.PositiveBigIntegerField(default=0)
    duplicates = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "tollbook_source_day"
        constraints = (models.UniqueConstraint(fields=["source", "day"], name="source_day_once"),)
