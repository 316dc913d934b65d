"""Signing in: failures, sessions and tokens, beside Django's own user and session tables."""

from django.db import models


class LoginFailure(models.Model):
    """A sign-in that was refused; enough of them lock the name out for a while."""

    name = models.CharField(max_length=150)
    at_us = models.BigIntegerField()
    address = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        db_table = "tollbook_login_failure"
        indexes = (models.Index(fields=["name", "at_us"], name="login_failure_recent"),)


class ApiToken(models.Model):
    """A key to the API. Only the SHA-256 of its secret is kept; scopes are a JSON list."""

    name = models.CharField(max_length=120, unique=True)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.TextField(default="[]")
    created_us = models.BigIntegerField()
    created_by = models.TextField(blank=True, default="")
    last_used_us = models.BigIntegerField(null=True)
    expires_us = models.BigIntegerField(null=True)
    revoked_us = models.BigIntegerField(null=True)

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
