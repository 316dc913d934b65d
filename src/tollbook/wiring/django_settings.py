"""Django's settings, derived from Tollbook's own.

Django is a shell here: what an installation may set is in `tollbook.wiring.settings`, and nothing
is set twice.
"""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tollbook.wiring.clock import now
from tollbook.wiring.settings import Settings, current_settings


def database_settings(settings: Settings) -> dict[str, Any]:
    """Return Django's description of the database that *settings* name.

    The embedded database gets its pragmas and its write lock from `tollbook.storage.db.sqlite`.
    `COLUMNS` is ours: where the columnar copy of this database lies.
    """
    columns = {"COLUMNS": str(settings.data_dir / "columns")}
    if not settings.uses_postgresql:
        return {
            "ENGINE": "tollbook.storage.db.sqlite",
            "NAME": str(settings.database_file),
            **columns,
            "CONN_MAX_AGE": None,  # Opening costs more than a page; a file does not go away.
        }
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
        **columns,
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
    "django.contrib.staticfiles",
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
CSRF_FAILURE_VIEW = "tollbook.web.frame.views.errors.forged"
CSRF_TRUSTED_ORIGINS = [_settings.base_url.rstrip("/")] if _settings.base_url else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _settings.trusted_proxy else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

ROOT_URLCONF = "tollbook.wiring.urls"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "tollbook.api.errors.in_one_shape",
    "tollbook.web.frame.middleware.guard_pages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tollbook.web.frame.middleware.require_sign_in",
    "tollbook.web.frame.permissions.CheckPermission",
    "tollbook.web.frame.site_choice.follow_site",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csrf",
                "tollbook.web.frame.context.frame",
            ],
            "builtins": ["tollbook.web.templatetags.tollbook"],
        },
    }
]

# Static files are served by the application under hashed names: tollbook.web.frame.assets.
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "tollbook.web.frame.assets.HashedFiles"},
}
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# What the edges may know of the installation: they do not import wiring.
TOLLBOOK = _settings
TOLLBOOK_CLOCK = now
