"""Signing in: failures, sessions and tokens, beside Django's own user and session tables."""

from django.db import models
from django.db.models import Q


class LoginFailure(models.Model):
    """A sign-in that was refused; enough of them lock the name out for a while."""

    name = models.CharField(max_length=150)
    at_us = models.BigIntegerField()
    address = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        db_table = "tollbook_login_failure"
        indexes = (models.Index(fields=["name", "at_us"], name="login_failure_recent"),)


class ApiToken(models.Model):
    """A key to the API. Only the SHA-256 of its secret is kept; scopes are a list.

    A token of an owner or of an extension sees only what its user would see.
    """

    name = models.CharField(max_length=120, unique=True)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_us = models.BigIntegerField()
    created_by = models.TextField(blank=True, default="")
    last_used_us = models.BigIntegerField(null=True)
    expires_us = models.BigIntegerField(null=True)
    revoked_us = models.BigIntegerField(null=True)
    owner = models.ForeignKey(
        "storage.Owner", models.PROTECT, related_name="+", null=True, db_index=False
    )
    extension = models.ForeignKey(
        "storage.Extension", models.PROTECT, related_name="+", null=True, db_index=False
    )

    class Meta:
        db_table = "tollbook_api_token"


class UserSession(models.Model):
    """Where a user is signed in: the session list. `key` is Django's session key."""

    key = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey("auth.User", models.PROTECT, related_name="+")
    created_us = models.BigIntegerField()
    seen_us = models.BigIntegerField()
    address = models.CharField(max_length=64, blank=True, default="")
    agent = models.CharField(max_length=256, blank=True, default="")

    class Meta:
        db_table = "tollbook_user_session"


class Role(models.TextChoices):
    """What a user may see and do."""

    ADMINISTRATOR = "admin"
    BILLING = "billing"
    OWNER = "owner"
    EXTENSION = "extension"
    VIEWER = "viewer"


class UserRole(models.Model):
    """A user's role; an owner's user names the owner, an extension's the extension.

    A user without a row is an administrator if Django calls it a superuser, and nobody otherwise.
    """

    user = models.OneToOneField("auth.User", models.PROTECT, primary_key=True, related_name="+")
    role = models.CharField(max_length=9, choices=Role.choices)
    owner = models.ForeignKey("storage.Owner", models.PROTECT, related_name="+", null=True)
    extension = models.OneToOneField(
        "storage.Extension", models.PROTECT, related_name="+", null=True
    )
    created_us = models.BigIntegerField()
    created_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        db_table = "tollbook_user_role"
        constraints = (
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role"),
            models.CheckConstraint(
                condition=(Q(role="owner") & Q(owner__isnull=False) & Q(extension=None))
                | (Q(role="extension") & Q(extension__isnull=False) & Q(owner=None))
                | (~Q(role__in=["owner", "extension"]) & Q(owner=None) & Q(extension=None)),
                name="user_role_names_whose",
            ),
        )


class ExtensionPin(models.Model):
    """The hashed PIN with which an extension's user signs in (EBC-60)."""

    extension = models.OneToOneField(
        "storage.Extension", models.PROTECT, primary_key=True, related_name="+"
    )
    hash = models.CharField(max_length=255)
    changed_us = models.BigIntegerField()
    changed_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        db_table = "tollbook_extension_pin"


class IdempotentAnswer(models.Model):
    """What a write over the API was answered, so that the same key gets the same answer.

    `body` is JSON as text: it is given again to the byte.
    """

    id = models.BigAutoField(primary_key=True)
    token = models.ForeignKey("storage.ApiToken", models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=160)
    content_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    at_us = models.BigIntegerField()

    class Meta:
        db_table = "tollbook_idempotent_answer"
        constraints = (
            models.UniqueConstraint(fields=["token", "key"], name="idempotent_answer_once"),
        )
