"""Migrations: complete, repeatable, and impatient with locks."""

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError

from support.databases import Database, connection
from tollbook.storage.db import migrate
from tollbook.storage.db.immutability import missing_guards
from tollbook.storage.db.migrate import bring_up_to_date


def test_the_migrations_make_what_the_models_say(sqlite: Database) -> None:
    call_command("makemigrations", "storage", check=True, dry_run=True, skip_checks=True)


def test_migrating_again_changes_nothing_and_keeps_the_guards(database: Database) -> None:
    bring_up_to_date()

    assert missing_guards(connection) == []


def test_a_guard_that_a_rebuilt_table_lost_is_put_back(sqlite: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT * FROM tollbook_charge")
        cursor.execute("DROP TABLE tollbook_charge")
        cursor.execute("ALTER TABLE kept RENAME TO tollbook_charge")
    assert len(missing_guards(connection)) == 2

    bring_up_to_date()

    assert missing_guards(connection) == []


@pytest.mark.postgresql
def test_a_migration_gives_up_on_a_lock_that_is_not_free(
    postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT_S", 1)
    with psycopg.connect(postgresql.settings.database) as other:
        other.execute("LOCK TABLE tollbook_charge IN ACCESS EXCLUSIVE MODE")

        with pytest.raises(OperationalError, match="lock timeout"):
            bring_up_to_date()

    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)
