"""The embedded database as Django sees it."""

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A SQLite connection."""
