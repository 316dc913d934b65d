"""Who calls: departments, owners, extensions, account codes and trunks."""

from django.db import models
from django.db.models import Q

MOST_OWN_NUMBERS = 9  # Of an account code (EBC-10).


class PaymentType(models.TextChoices):
    """Who pays first: prepaid money is spent, postpaid credit is billed later."""

    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class Payer(models.Model):
    """What money rules a holder of an account has; `billing` off means that it never pays.

    A call is paid by the owner of its account code, else by its extension, else by that
    extension's department: the first of them whose billing is on. `recharged_since_us` is when
    the counting of Total Recharges began, null for the beginning. Limits that are null do not
    limit; `floor_micros` is a balance, without credit, below which calls are refused. Amounts are
    of the site's currency.
    """

    billing = models.BooleanField(default=False, db_default=False)
    payment_type = models.CharField(
        max_length=8,
        choices=PaymentType.choices,
        default=PaymentType.PREPAID,
        db_default=PaymentType.PREPAID.value,
    )
    credit_micros = models.BigIntegerField(default=0, db_default=0)
    locked = models.BooleanField(default=False, db_default=False)
    recharged_since_us = models.BigIntegerField(null=True)
    call_limit_micros = models.BigIntegerField(null=True)
    call_limit_s = models.PositiveIntegerField(null=True)
    floor_micros = models.BigIntegerField(null=True)
    concurrent_limit = models.PositiveIntegerField(null=True)

    class Meta:
        abstract = True


class Department(Payer):
    """A group of extensions at a site; its class of service serves members that have none."""

    site = models.ForeignKey("storage.Site", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=120)
    service_class = models.ForeignKey(
        "storage.ServiceClass", models.PROTECT, related_name="+", null=True, db_index=False
    )

    class Meta:
        db_table = "tollbook_department"
        constraints = (models.UniqueConstraint(fields=["site", "name"], name="department_in_site"),)


class Owner(Payer):
    """Who answers for account codes: a person or an office; `email` may hold several, by comma."""

    name = models.CharField(max_length=120, unique=True)
    email = models.TextField(blank=True, default="")
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "tollbook_owner"


class Extension(Payer):
    """A telephone of a site.

    `caller_id` is presented to carriers instead of the site's. `code_exempt`: needs no account
    code where its class asks for one (EBC-15).
    """

    site = models.ForeignKey("storage.Site", models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=64)
    name = models.CharField(max_length=120, blank=True, default="")
    department = models.ForeignKey(
        "storage.Department", models.PROTECT, related_name="+", null=True
    )
    email = models.CharField(max_length=254, blank=True, default="")
    active = models.BooleanField(default=True)
    service_class = models.ForeignKey(
        "storage.ServiceClass", models.PROTECT, related_name="+", null=True, db_index=False
    )
    caller_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    code_exempt = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "tollbook_extension"
        # Asked once a batch of calls: whether anybody pays.
        indexes = (
            models.Index(fields=["id"], name="extension_that_pays", condition=Q(billing=True)),
        )
        constraints = (
            models.UniqueConstraint(fields=["site", "number"], name="extension_in_site"),
        )


class AccountCode(models.Model):
    """Whom a call is for: a client, a matter, a project.

    `restrict` must be on for `minimum`, `maximum` (digits, 0 for none), `blocked` and `allowed`
    (prefixes, by comma) to count. `fee_micros` is the consultant's fee an hour, charged in begun
    units of `fee_unit_s` (EBC-41); null for none.
    """

    code = models.CharField(max_length=64, unique=True)
    description = models.TextField(blank=True, default="")
    owner = models.ForeignKey("storage.Owner", models.PROTECT, related_name="+", null=True)
    active = models.BooleanField(default=True)
    restrict = models.BooleanField(default=False, db_default=False)
    minimum = models.PositiveSmallIntegerField(default=0, db_default=0)
    maximum = models.PositiveSmallIntegerField(default=0, db_default=0)
    blocked = models.TextField(blank=True, default="", db_default="")
    allowed = models.TextField(blank=True, default="", db_default="")
    fee_micros = models.BigIntegerField(null=True)
    fee_unit_s = models.PositiveIntegerField(default=360, db_default=360)

    class Meta:
        db_table = "tollbook_account_code"
        indexes = (
            models.Index(
                fields=["id"], name="code_with_fee", condition=Q(fee_micros__isnull=False)
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(fee_micros__gte=0), name="code_fee_not_negative"),
            models.CheckConstraint(condition=Q(fee_unit_s__gte=1), name="code_fee_unit"),
        )


class AccountCodeNumber(models.Model):
    """One of a code's own numbers, dialled when none is keyed; positions count from 1 to 9."""

    code = models.ForeignKey(
        "storage.AccountCode", models.PROTECT, related_name="+", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    number = models.CharField(max_length=64)
    label = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        db_table = "tollbook_account_code_number"
        constraints = (
            models.UniqueConstraint(fields=["code", "position"], name="code_number_position"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=MOST_OWN_NUMBERS),
                name="code_number_one_to_nine",
            ),
        )


class Trunk(models.Model):
    """A line of a PBX to a carrier, by the name that the PBX writes."""

    pbx = models.ForeignKey("storage.Pbx", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=120)
    label = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        db_table = "tollbook_trunk"
        constraints = (models.UniqueConstraint(fields=["pbx", "name"], name="trunk_in_pbx"),)
