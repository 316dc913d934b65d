"""Columns that need more than Django gives them."""

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class RowId(models.BigAutoField):  # type: ignore[type-arg]  # generic in the stubs only
    """The id of a table that is written by the million.

    On SQLite it is the plain row id, without AUTOINCREMENT and its bookkeeping a row (measured:
    2.4 of 27 µs a call): only the newest rows' ids could ever be given out again, and these
    tables lose their oldest rows or none.
    """

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return what follows the type: on PostgreSQL the identity, on SQLite nothing."""
        return None if connection.vendor == "sqlite" else super().db_type_suffix(connection)
