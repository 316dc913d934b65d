"""What calls cost: generations of charges, of which the newest holds."""

from django.db import models
from django.db.models import Q

from tollbook.storage.models.fields import RowId
from tollbook.storage.models.tariffs import PriceKind


class RunState(models.TextChoices):
    """Where a re-rating is: only a running one writes charges."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class RatingRun(models.Model):
    """One pricing of many calls. Run 0, which has no row, is the pricing on arrival.

    `wanted` is the filter of its calls, `rules` a hash of what prices them. Calls up to
    `watermark` are done, those after `last_call` came later and are not its own: a run that was
    killed goes on at its watermark. `seen_us` is its latest step, `result` its totals.
    """

    kind = models.CharField(
        max_length=6, choices=[("first", "first"), ("rerate", "rerate")], default="rerate"
    )
    started_us = models.BigIntegerField()
    by = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    state = models.CharField(max_length=7, choices=RunState.choices, default=RunState.DONE)
    wanted = models.JSONField(default=dict)
    rules = models.CharField(max_length=64, blank=True, default="")
    last_call = models.BigIntegerField(default=0)
    watermark = models.BigIntegerField(default=0)
    calls = models.PositiveBigIntegerField(default=0)
    calls_done = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    seen_us = models.BigIntegerField(default=0)
    finished_us = models.BigIntegerField(null=True)
    result = models.JSONField(null=True)

    class Meta:
        db_table = "tollbook_rating_run"
        constraints = (
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="rating_run_state"),
            # Two at once would each take the other's charges for the old ones.
            models.UniqueConstraint(
                fields=["state"], name="rating_run_alone", condition=Q(state="running")
            ),
        )


class Charge(models.Model):
    """A price of a call. Immutable; the one with the greatest run is in force.

    An amount of null with a reason is an unrated call: listed, never silently free.
    """

    id = RowId(primary_key=True)
    call = models.ForeignKey("storage.Call", models.PROTECT, related_name="+", db_index=False)
    run = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=6, choices=PriceKind.choices, default=PriceKind.CHARGE)
    tariff_version = models.ForeignKey(
        "storage.TariffVersion", models.PROTECT, related_name="+", null=True, db_index=False
    )
    rate_index = models.PositiveIntegerField(null=True)
    prefix = models.CharField(max_length=32, blank=True, default="")
    band = models.CharField(max_length=64, blank=True, default="")
    billed_s = models.BigIntegerField(default=0)
    amount_micros = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    unrated_reason = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        db_table = "tollbook_charge"
        indexes = (
            models.Index(
                fields=["call"], name="charge_unrated", condition=Q(amount_micros__isnull=True)
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=["call", "kind", "run"], name="charge_once_a_run"),
            models.CheckConstraint(
                condition=Q(kind=PriceKind.CHARGE) | Q(kind=PriceKind.COST), name="charge_kind"
            ),
            models.CheckConstraint(condition=Q(billed_s__gte=0), name="charge_billed_not_negative"),
            models.CheckConstraint(
                condition=Q(amount_micros=None) & ~Q(unrated_reason="")
                | Q(amount_micros__isnull=False, unrated_reason=""),
                name="charge_rated_or_says_why_not",
            ),
        )
