"""What callers may do: classes of service, budgets, guards against fraud, and their alarms."""

from django.db import models
from django.db.models import Q

from tollbook.storage.models.fields import RowId


class WhenAway(models.TextChoices):
    """What decides while the database cannot be asked."""

    CLOSED = "closed"
    OPEN = "open"


class ServiceClass(models.Model):
    """A class of service; `rules` and `hours` are lists of objects (`app.policies.class_rules`).

    `code_required_types` is a list of call types. `away_limit_s` caps a call that is placed while
    the database is away.
    """

    name = models.CharField(max_length=120, unique=True)
    rules = models.JSONField(default=list)
    hours = models.JSONField(default=list)
    bars_otherwise = models.BooleanField(default=False)
    code_required = models.BooleanField(default=False)
    code_required_types = models.JSONField(default=list)
    authorisation_required = models.BooleanField(default=False)
    when_away = models.CharField(max_length=6, choices=WhenAway.choices, default=WhenAway.CLOSED)
    away_limit_s = models.PositiveIntegerField(null=True)

    class Meta:
        db_table = "tollbook_service_class"


def usual_shares() -> list[int]:
    """Return the percents of a budget that are warned of where nobody chose others."""
    return [80, 100]


class Budget(models.Model):
    """What a holder may spend or talk in a day, week or month; a department's sums its members.

    `holder` is the id of what `kind` names. Units: `limit_micros` of `currency`, `limit_s`
    seconds; null is no limit. `warn_at` is a list of percents.
    """

    kind = models.CharField(
        max_length=10,
        choices=[("extension", "Extension"), ("department", "Department"), ("owner", "Owner")],
    )
    holder = models.BigIntegerField()
    every = models.CharField(max_length=5, default="month")
    limit_micros = models.BigIntegerField(null=True)
    limit_s = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    zone = models.CharField(max_length=64)
    warn_at = models.JSONField(default=usual_shares)
    active = models.BooleanField(default=True)
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "tollbook_budget"
        indexes = (models.Index(fields=["kind", "holder"], name="budget_of_holder"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=["extension", "department", "owner"]), name="budget_kind"
            ),
            models.CheckConstraint(
                condition=Q(every__in=["day", "week", "month"]), name="budget_every"
            ),
            models.CheckConstraint(
                condition=Q(limit_micros__isnull=False) | Q(limit_s__isnull=False),
                name="budget_limits_something",
            ),
        )


class BudgetUse(models.Model):
    """What of a budget is used in one period, and what pending holds set aside of it.

    Moved in the transaction that holds or charges; `doctor` proves it against charges and holds.
    `from_us` is the period's first instant. `warned` is the greatest share already warned of,
    `closed_us` when the limit was first reached.
    """

    budget = models.ForeignKey("storage.Budget", models.PROTECT, related_name="+", db_index=False)
    from_us = models.BigIntegerField()
    used_micros = models.BigIntegerField(default=0)
    used_s = models.BigIntegerField(default=0)
    held_micros = models.BigIntegerField(default=0)
    held_s = models.BigIntegerField(default=0)
    warned = models.PositiveSmallIntegerField(default=0)
    closed_us = models.BigIntegerField(null=True)

    class Meta:
        db_table = "tollbook_budget_use"
        constraints = (
            models.UniqueConstraint(fields=["budget", "from_us"], name="budget_use_of_period"),
            models.CheckConstraint(
                condition=Q(held_micros__gte=0, held_s__gte=0), name="budget_held_not_negative"
            ),
        )


class GuardKind(models.TextChoices):
    """What a guard counts."""

    CALLS = "calls"
    SPEND = "spend"
    NEW_DESTINATION = "new"


class FraudGuard(models.Model):
    """Watches an extension, a department (each member for itself) or all extensions.

    `calls`: more than `threshold` calls within `window_s`. `spend`: more than `threshold`
    millionths within it. `new`: a country never called before, at `threshold` millionths a minute
    or dearer, while one of the windows `hours` (`app.policies.class_rules`) is open. It raises an
    alarm, and closes the extension where `closes`.
    """

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=5, choices=GuardKind.choices)
    site = models.ForeignKey("storage.Site", models.PROTECT, related_name="+", null=True)
    department = models.ForeignKey(
        "storage.Department", models.PROTECT, related_name="+", null=True
    )
    extension = models.ForeignKey("storage.Extension", models.PROTECT, related_name="+", null=True)
    threshold = models.BigIntegerField()
    window_s = models.PositiveIntegerField(default=60)
    hours = models.JSONField(default=list)
    closes = models.BooleanField(default=False)
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "tollbook_fraud_guard"
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=GuardKind.values), name="guard_kind"),
            models.CheckConstraint(condition=Q(threshold__gte=0), name="guard_threshold"),
        )


class Alarm(models.Model):
    """Something that a person should know: a budget's share, a guard, a hold that ran out.

    `key` names the occasion, so that it alarms once. An alarm that `closes` keeps its extension
    closed until it is `lifted`; that never touches a lock set by hand.
    """

    id = RowId(primary_key=True)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=24)
    at_us = models.BigIntegerField()
    message = models.TextField()
    details = models.JSONField(default=dict)
    extension = models.ForeignKey(
        "storage.Extension", models.PROTECT, related_name="+", null=True, db_index=False
    )
    department = models.ForeignKey(
        "storage.Department", models.PROTECT, related_name="+", null=True, db_index=False
    )
    owner = models.ForeignKey(
        "storage.Owner", models.PROTECT, related_name="+", null=True, db_index=False
    )
    guard = models.ForeignKey(
        "storage.FraudGuard", models.PROTECT, related_name="+", null=True, db_index=False
    )
    budget = models.ForeignKey(
        "storage.Budget", models.PROTECT, related_name="+", null=True, db_index=False
    )
    closes = models.BooleanField(default=False)
    seen_us = models.BigIntegerField(null=True)
    seen_by = models.CharField(max_length=150, blank=True, default="")
    lifted_us = models.BigIntegerField(null=True)
    lifted_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        db_table = "tollbook_alarm"
        indexes = (
            models.Index(fields=["at_us", "id"], name="alarm_newest"),
            models.Index(
                fields=["extension"],
                name="alarm_that_closes",
                condition=Q(closes=True, lifted_us=None),
            ),
        )


class Refusal(models.Model):
    """A call that was not allowed, with the answer that was given. Immutable.

    `answer` is JSON as text: written on the way to a decision, and given again letter by letter.
    """

    id = RowId(primary_key=True)
    key = models.CharField(max_length=160, unique=True)
    content_hash = models.CharField(max_length=64)
    at_us = models.BigIntegerField()
    extension = models.ForeignKey(
        "storage.Extension", models.PROTECT, related_name="+", null=True, db_index=False
    )
    caller = models.CharField(max_length=64)
    number = models.CharField(max_length=64)
    reason = models.CharField(max_length=24)
    answer = models.TextField()

    class Meta:
        db_table = "tollbook_refusal"
        indexes = (models.Index(fields=["at_us", "id"], name="refusal_newest"),)
