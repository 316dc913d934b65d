"""Django's description of the database that an installation's settings name."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tollbook.storage.settings import Settings


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
