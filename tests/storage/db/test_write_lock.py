"""The embedded database: durable by pragma, and one writer by the folder's lock."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError

from support.databases import Database, connection, door
from support.locks import is_free
from tollbook.storage.db.write_lock import WriteLock
from tollbook.storage.models import Meta


def sign_in() -> None:
    session = SessionStore()
    session["user"] = 1
    session.save()


def insert_returning() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO tollbook_meta (key, value) VALUES ('k', '') RETURNING key")
        assert cursor.fetchone() == ("k",)
        assert cursor.fetchone() is None


def insert_many() -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tollbook_meta (key, value) VALUES (%s, %s)", [("a", ""), ("b", "")]
        )


def delete_with_a_common_table_expression() -> None:
    with connection.cursor() as cursor:
        cursor.execute("WITH gone AS (SELECT 'x' AS key) DELETE FROM tollbook_meta")


WRITES: list[Callable[[], object]] = [
    sign_in,
    lambda: User.objects.create_user("anna", password="unusable"),
    lambda: User.objects.update(first_name="Anna"),
    lambda: User.objects.all().delete(),
    lambda: Meta.objects.create(key="k"),
    lambda: Meta.objects.bulk_create([Meta(key="a"), Meta(key="b")]),
    lambda: door.decide(lambda: Meta.objects.create(key="k")),
    insert_returning,
    insert_many,
    delete_with_a_common_table_expression,
]


@pytest.mark.parametrize("write", WRITES)
def test_every_write_waits_for_the_lock_and_gives_it_back(
    sqlite: Database, write: Callable[[], object]
) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            write()
        except BaseException as fault:  # noqa: BLE001 - shown by the assertion below
            failed.append(fault)
        finally:
            connection.close()

    with WriteLock(sqlite.data_dir):
        writer = threading.Thread(target=run)
        writer.start()
        writer.join(0.15)
        assert writer.is_alive()
    writer.join(10)

    assert not writer.is_alive()
    assert failed == []
    assert is_free(sqlite)


def test_reading_waits_for_nobody(sqlite: Database) -> None:
    with WriteLock(sqlite.data_dir):
        assert Meta.objects.count() == 0
        assert User.objects.filter(username="anna").first() is None


def fail_to_commit() -> None:
    with door.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tollbook_department (site_id, name) VALUES (999, 'no such site')"
        )


def fail_in_the_middle() -> None:
    with door.transaction():
        Meta.objects.create(key="a")
        Meta.objects.create(key="a")


def fail_alone() -> None:
    Meta.objects.create(key="a")
    Meta.objects.create(key="a")


def fail_many() -> None:
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO tollbook_meta (key) VALUES (%s)", [("a",), ("a",)])


def lose_the_connection() -> None:
    with door.transaction():
        Meta.objects.create(key="a")
        connection.close()


@pytest.mark.parametrize(
    "failing", [fail_to_commit, fail_in_the_middle, fail_alone, fail_many, lose_the_connection]
)
def test_a_write_that_fails_gives_the_lock_back(
    sqlite: Database, failing: Callable[[], None]
) -> None:
    with suppress(IntegrityError):
        failing()

    assert is_free(sqlite)
    assert not connection.in_atomic_block
    Meta.objects.create(key="afterwards")


def test_a_commit_that_has_nothing_left_to_commit_is_not_believed(sqlite: Database) -> None:
    with pytest.raises(Exception, match="gave up the transaction"):
        lose_the_transaction()
    assert not Meta.objects.exists()
    assert is_free(sqlite)


def lose_the_transaction() -> None:
    with door.transaction():
        Meta.objects.create(key="a")
        connection.connection.execute("ROLLBACK")  # as SQLite does on a full disk


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("busy_timeout", 20_000),
    ],
)
def test_every_connection_is_durable_and_guarded(
    sqlite: Database, pragma: str, value: object
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (value,)


def test_the_lock_is_not_taken_twice_through_one_connection(sqlite: Database) -> None:
    write_lock = WriteLock(sqlite.data_dir)
    with write_lock, pytest.raises(RuntimeError, match="already holds"):
        write_lock.acquire()
    write_lock.close()
