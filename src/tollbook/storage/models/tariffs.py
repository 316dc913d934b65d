"""Price lists, their immutable versions, and which of them a call is priced by."""

from django.db import models
from django.db.models import F, Q


class PriceKind(models.TextChoices):
    """What a price is: what we bill, or what the carrier bills us."""

    CHARGE = "charge"
    COST = "cost"


class Tariff(models.Model):
    """A price list."""

    name = models.CharField(max_length=120, unique=True)
    currency = models.CharField(max_length=3)
    zone = models.CharField(max_length=64)

    class Meta:
        db_table = "tollbook_tariff"


class TariffVersion(models.Model):
    """A tariff as it was given. Immutable.

    `document` is the tariff document, JSON as text: `sha256` is that of its bytes.
    """

    tariff = models.ForeignKey("storage.Tariff", models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    valid_from_us = models.BigIntegerField()
    created_us = models.BigIntegerField()
    created_by = models.TextField(blank=True, default="")

    class Meta:
        db_table = "tollbook_tariff_version"
        constraints = (
            models.UniqueConstraint(fields=["tariff", "number"], name="tariff_version_number"),
        )


class CarrierMapping(models.Model):
    """How a carrier writes its rate decks, as it was last chosen; replaced by the next choice.

    `mapping` is an object of `app.tariffs.deck_mappings`: headings by field, and how cells are
    written.
    """

    carrier = models.CharField(max_length=120, unique=True)
    mapping = models.JSONField()
    changed_us = models.BigIntegerField()

    class Meta:
        db_table = "tollbook_carrier_mapping"


class Matches(models.TextChoices):
    """Which digits of a call the prefixes of its tariff are compared with."""

    CALLEE = "callee"
    DIALLED = "dialled"


class TariffAssignment(models.Model):
    """Calls that fit every given field are priced by the tariff; the lowest position wins.

    A field that is null, and an empty `source_ip`, fit every call. The time is half-open.
    """

    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=6, choices=PriceKind.choices, default=PriceKind.CHARGE)
    tariff = models.ForeignKey("storage.Tariff", models.PROTECT, related_name="+")
    site = models.ForeignKey(
        "storage.Site", models.PROTECT, related_name="+", null=True, db_index=False
    )
    pbx = models.ForeignKey(
        "storage.Pbx", models.PROTECT, related_name="+", null=True, db_index=False
    )
    trunk = models.ForeignKey(
        "storage.Trunk", models.PROTECT, related_name="+", null=True, db_index=False
    )
    extension = models.ForeignKey(
        "storage.Extension", models.PROTECT, related_name="+", null=True, db_index=False
    )
    department = models.ForeignKey(
        "storage.Department", models.PROTECT, related_name="+", null=True, db_index=False
    )
    account_code = models.ForeignKey(
        "storage.AccountCode", models.PROTECT, related_name="+", null=True, db_index=False
    )
    source_ip = models.TextField(blank=True, default="")
    from_us = models.BigIntegerField(null=True)
    to_us = models.BigIntegerField(null=True)
    matches = models.CharField(max_length=7, choices=Matches.choices, default=Matches.CALLEE)

    class Meta:
        db_table = "tollbook_tariff_assignment"
        indexes = (models.Index(fields=["kind", "position"], name="assignment_in_order"),)
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=PriceKind.values), name="assignment_kind"),
            models.CheckConstraint(
                condition=Q(matches__in=Matches.values), name="assignment_matches"
            ),
            models.CheckConstraint(
                condition=Q(to_us__gt=F("from_us")), name="assignment_time_runs_forward"
            ),
        )
