"""Django's settings, derived from Tollbook's own.

Django is a shell here: what an installation may set is in `tollbook.wiring.settings`, and nothing
is set twice.
"""

from tollbook.storage.db.address import database_settings
from tollbook.wiring.settings import current_settings

_settings = current_settings()

SECRET_KEY = _settings.secret_key
DEBUG = False
ALLOWED_HOSTS = list(_settings.allowed_hosts)

# Django's own commands use it; Tollbook opens its installations itself (storage.db.installation).
DATABASES = {"default": database_settings(_settings)}
DATABASE_ROUTERS = ["tollbook.storage.db.current.CurrentDatabase"]
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
