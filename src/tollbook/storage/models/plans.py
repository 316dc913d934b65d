"""What is composed around the base price: plans, exchange rates, counters, fees."""

from django.db import models
from django.db.models import Q

from tollbook.storage.models.fields import RowId


class PlanVersion(models.Model):
    """A plan document (`rate --plan`), in force from an instant. Immutable.

    `document` is JSON as text: `sha256` is that of its bytes. It is for the calls of `site`, or of
    every site that has none of its own where that is null.
    """

    site = models.ForeignKey("storage.Site", models.PROTECT, related_name="+", null=True)
    number = models.PositiveIntegerField()
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    valid_from_us = models.BigIntegerField()
    created_us = models.BigIntegerField()
    created_by = models.TextField(blank=True, default="")

    class Meta:
        db_table = "tollbook_plan_version"
        constraints = (
            models.UniqueConstraint(
                fields=["site", "number"], name="plan_version_number", nulls_distinct=False
            ),
        )


class ExchangeRate(models.Model):
    """One unit of `source` is `rate` (a decimal as text) of `target` on a day. Immutable.

    Of several for one day the latest given holds; `origin` is "ecb" or "hand".
    """

    source = models.CharField(max_length=3)
    target = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.CharField(max_length=40)
    origin = models.CharField(max_length=8)
    created_us = models.BigIntegerField()
    created_by = models.TextField(blank=True, default="")

    class Meta:
        db_table = "tollbook_exchange_rate"
        indexes = (models.Index(fields=["source", "target", "day"], name="exchange_rate_of_day"),)


class ChargeParts(models.Model):
    """What a plan made of a charge's base price (RUL-09): one row a charge that has one. Immutable.

    `parts` are the steps' kinds, names and amounts in order; `effects` the counters that were
    asked, what they stood at and what the call adds to them: JSON as text, written by the thousand
    and only ever read whole. `original_micros` and
    `original_currency` are what the tariff asked before `rate`. `talk_us` is when talk began, the
    order in which calls count.
    """

    id = RowId(primary_key=True)
    charge = models.OneToOneField("storage.Charge", models.PROTECT, related_name="+")
    plan_version = models.ForeignKey(
        "storage.PlanVersion", models.PROTECT, related_name="+", db_index=False
    )
    parts = models.TextField()
    effects = models.TextField(blank=True, default="")
    tax_micros = models.BigIntegerField(default=0)
    original_micros = models.BigIntegerField(null=True)
    original_currency = models.CharField(max_length=3, blank=True, default="")
    rate = models.CharField(max_length=40, blank=True, default="")
    rate_day = models.DateField(null=True)
    talk_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "tollbook_charge_parts"
        indexes = (models.Index(fields=["talk_us"], name="charge_parts_in_call_order"),)


class Counter(models.Model):
    """What was accumulated under a key: a volume of calls, or the used seconds of a bundle.

    Derived from charges in force, moved in their transaction and proven by `doctor`; `held_s` is
    set aside by pending holds. `amount` is the volume exactly, as a fraction "n/d", of which
    `micros` are the millionths. `until_us` ends its period and `latest` is the place in call
    order of the last call that asked it. `dirty_from_us` is the talk instant from which calls
    are to be charged again, since one came late; null where all were counted in their order.
    """

    key = models.CharField(max_length=255, unique=True)
    seconds = models.BigIntegerField(default=0)
    micros = models.BigIntegerField(default=0)
    held_s = models.BigIntegerField(default=0)
    amount = models.TextField(blank=True, default="0", db_default="0")
    until_us = models.BigIntegerField(null=True)
    latest = models.CharField(max_length=96, blank=True, default="", db_default="")
    dirty_from_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "tollbook_counter"
        constraints = (
            models.CheckConstraint(condition=Q(held_s__gte=0), name="counter_held_not_negative"),
        )
        indexes = (
            models.Index(
                fields=["dirty_from_us"],
                name="counter_dirty",
                condition=Q(dirty_from_us__isnull=False),
            ),
        )


class Fee(models.Model):
    """A consultant's fee for a call, a line of its own beside its charge (EBC-41). Immutable.

    The one with the greatest run is in force; `units` begun units of `unit_s` at `hourly_micros`
    an hour make `amount_micros`.
    """

    id = RowId(primary_key=True)
    call = models.ForeignKey("storage.Call", models.PROTECT, related_name="+", db_index=False)
    run = models.PositiveIntegerField(default=0)
    account_code = models.ForeignKey(
        "storage.AccountCode", models.PROTECT, related_name="+", null=True, db_index=False
    )
    hourly_micros = models.BigIntegerField()
    unit_s = models.PositiveIntegerField()
    units = models.PositiveBigIntegerField()
    amount_micros = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        db_table = "tollbook_fee"
        constraints = (models.UniqueConstraint(fields=["call", "run"], name="fee_once_a_run"),)


class CodeChange(models.Model):
    """A call's account code assigned or corrected after the call (EBC-11). Immutable.

    `undoes` names the change that this one takes back; a change is undone at most once.
    """

    id = RowId(primary_key=True)
    call = models.ForeignKey("storage.Call", models.PROTECT, related_name="+")
    at_us = models.BigIntegerField()
    by = models.CharField(max_length=150)
    reason = models.TextField(blank=True, default="")
    before = models.ForeignKey(
        "storage.AccountCode", models.PROTECT, related_name="+", null=True, db_index=False
    )
    after = models.ForeignKey(
        "storage.AccountCode", models.PROTECT, related_name="+", null=True, db_index=False
    )
    entry = models.ForeignKey(
        "storage.LedgerEntry", models.PROTECT, related_name="+", null=True, db_index=False
    )
    undoes = models.OneToOneField("storage.CodeChange", models.PROTECT, related_name="+", null=True)

    class Meta:
        db_table = "tollbook_code_change"
