"""Django's settings, derived from Tollbook's own.

Django is a shell here: what an installation may set is in `tollbook.wiring.settings`, and nothing
is set twice.
"""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tollbook.wiring.settings import Settings, current_settings


def database_settings(settings: Settings) -> dict[str, Any]:
    """Return Django's description of the database that *settings* name.

    The embedded database gets its pragmas and its write lock from `tollbook.storage.sqlite`.
    """
    if not settings.uses_postgresql:
        return {"ENGINE": "tollbook.storage.sqlite", "NAME": str(settings.database_file)}
    address = urlsplit(settings.database)
    options = dict(parse_qsl(address.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(address.path.lstrip("/")),
        "USER": unquote(address.username or ""),
        "PASSWORD": unquote(address.password or ""),
        "HOST": options.pop("host", None) or address.hostname or "",
        "PORT": options.pop("port", None) or str(address.port or ""),
        "OPTIONS": {"application_name": "tollbook", **options},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


_settings = current_settings()

SECRET_KEY = _settings.secret_key
DEBUG = False
ALLOWED_HOSTS = list(_settings.allowed_hosts)

DATABASES = {"default": database_settings(_settings)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django_htmx",
    "ninja",
    "tollbook.storage",
    "tollbook.web",
]

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"

_https = _settings.base_url.startswith("https://")
SESSION_COOKIE_AGE = _settings.session_hours * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _https
