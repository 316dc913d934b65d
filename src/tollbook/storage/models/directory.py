"""Who calls: departments, owners, extensions, account codes and trunks."""

from django.db import models


class Department(models.Model):
    """A group of extensions at a site."""

    site = models.ForeignKey("storage.Site", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=120)

    class Meta:
        db_table = "tollbook_department"
        constraints = (models.UniqueConstraint(fields=["site", "name"], name="department_in_site"),)


class Owner(models.Model):
    """Who answers for account codes: a person or an office."""

    name = models.CharField(max_length=120, unique=True)
    email = models.CharField(max_length=254, blank=True, default="")
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "tollbook_owner"


class Extension(models.Model):
    """A telephone of a site."""

    site = models.ForeignKey("storage.Site", models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=64)
    name = models.CharField(max_length=120, blank=True, default="")
    department = models.ForeignKey(
        "storage.Department", models.PROTECT, related_name="+", null=True
    )
    email = models.CharField(max_length=254, blank=True, default="")
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "tollbook_extension"
        constraints = (
            models.UniqueConstraint(fields=["site", "number"], name="extension_in_site"),
        )


class AccountCode(models.Model):
    """Whom a call is for: a client, a matter, a project."""

    code = models.CharField(max_length=64, unique=True)
    description = models.TextField(blank=True, default="")
    owner = models.ForeignKey("storage.Owner", models.PROTECT, related_name="+", null=True)
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "tollbook_account_code"


class Trunk(models.Model):
    """A line of a PBX to a carrier, by the name that the PBX writes."""

    pbx = models.ForeignKey("storage.Pbx", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=120)
    label = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        db_table = "tollbook_trunk"
        constraints = (models.UniqueConstraint(fields=["pbx", "name"], name="trunk_in_pbx"),)
