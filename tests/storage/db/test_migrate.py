"""Migrations: complete, repeatable, and impatient with locks."""

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder

from support.databases import Database, connection
from tollbook.storage.db import migrate
from tollbook.storage.db.immutability import missing_immutability
from tollbook.storage.db.migrate import bring_up_to_date
from tollbook.wiring.start import StartError, open_installation


def test_the_migrations_make_what_the_models_say(sqlite: Database) -> None:
    call_command("makemigrations", "storage", check=True, dry_run=True, skip_checks=True)


def test_migrating_again_changes_nothing_and_keeps_the_guards(database: Database) -> None:
    bring_up_to_date()

    assert missing_immutability(connection) == []


def test_a_guard_that_a_rebuilt_table_lost_is_put_back(sqlite: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT * FROM tollbook_charge")
        cursor.execute("DROP TABLE tollbook_charge")
        cursor.execute("ALTER TABLE kept RENAME TO tollbook_charge")
    assert len(missing_immutability(connection)) == 2

    bring_up_to_date()

    assert missing_immutability(connection) == []


@pytest.mark.parametrize("applied", [["0001_initial"], ["0001_initial", "0013_calls_at_once"]])
def test_a_database_from_before_the_first_version_is_refused_in_words(
    database: Database, applied: list[str]
) -> None:
    recorder = MigrationRecorder(connection)
    recorder.migration_qs.filter(app="storage").delete()
    for name in applied:
        recorder.record_applied("storage", name)
    before = recorder.applied_migrations().keys()

    with pytest.raises(StartError) as refused:
        open_installation(data_dir=database.data_dir)

    anew = "folder" if database.engine == "sqlite" else "folder and a new database"
    assert str(refused.value) == (
        f"{database.data_dir}: its database was made by a Tollbook before 0.1.0 (it has "
        f"storage.{applied[-1]}), which this one cannot read. Nothing was changed. Start with a "
        f"new data {anew} and import the raw files again (they lie in {database.data_dir}/raw)."
    )
    assert recorder.applied_migrations().keys() == before


def test_a_newer_database_is_told_apart_from_one_of_before(database: Database) -> None:
    MigrationRecorder(connection).record_applied("storage", "9999_future")

    with pytest.raises(StartError, match=r"by a newer Tollbook \(it has storage\.9999_future"):
        open_installation(data_dir=database.data_dir)


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
