"""Brings a database up to date, and never waits long for somebody else's lock to do so."""

from django.core.management import call_command

from tollbook.storage.db.call_journal import install_journal
from tollbook.storage.db.change_counters import install_counters
from tollbook.storage.db.current import current_alias, current_connection
from tollbook.storage.db.immutability import install_immutability

LOCK_TIMEOUT_S = 10  # A migration that waits for a lock makes everybody behind it wait too.
STATEMENT_TIMEOUT_S = 900


def bring_up_to_date() -> None:
    """Apply the migrations that the current database misses, and reinstall its triggers.

    Raises OperationalError on PostgreSQL if a lock is not free within `LOCK_TIMEOUT_S` or one
    statement takes longer than `STATEMENT_TIMEOUT_S`; what was applied before it stays.
    """
    connection = current_connection()
    limited = connection.vendor == "postgresql"
    if limited:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'")
            cursor.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT_S}s'")
    try:
        call_command(
            "migrate", database=current_alias(), verbosity=0, interactive=False, skip_checks=True
        )
        install_immutability(connection)
        install_journal(connection)
        install_counters(connection)
    finally:
        if limited and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
                cursor.execute("RESET statement_timeout")
