"""Immutable tables: the database itself refuses, whoever asks."""

from datetime import date

import pytest
from django.db import Error

from support.batches import calls_batch, make_office
from support.databases import Database, connection, door
from tollbook.core.instants import from_us
from tollbook.core.ledger import AccountRef, EntryKind, SystemAccount, transfer
from tollbook.core.money import Money
from tollbook.storage.billing.ledger import post_entries
from tollbook.storage.db.immutability import (
    IMMUTABLE_TABLES,
    install_immutability,
    missing_immutability,
)
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.models import (
    Account,
    AuditLog,
    BalanceSnapshot,
    Call,
    Charge,
    ChargeParts,
    CodeChange,
    ExchangeRate,
    Fee,
    PlanVersion,
    Refusal,
)


@pytest.fixture
def filled(database: Database) -> Database:
    fill()
    return database


def fill() -> None:
    """Put a row into every immutable table."""
    here = make_office()
    recharge = transfer(
        Money(5, "EUR"),
        key="till-1",
        kind=EntryKind.RECHARGE,
        at=from_us(0),
        source=AccountRef("system", SystemAccount.CASH),
        target=AccountRef("extension", "1"),
    )
    with door.transaction():
        store_calls(calls_batch(here, 0, 2))
        AuditLog.objects.create(at_us=0, actor="a", action="b", object_type="c")
        post_entries([recharge])
        fill_around_charges()


def fill_around_charges() -> None:
    call, account = Call.objects.earliest("id"), Account.objects.earliest("id")
    plan = PlanVersion.objects.create(
        number=1, document="{}", sha256="0" * 64, valid_from_us=0, created_us=0
    )
    charge = Charge.objects.filter(call=call).earliest("id")
    ChargeParts.objects.create(charge=charge, plan_version=plan, parts="[]")
    ExchangeRate.objects.create(
        source="USD", target="EUR", day=date(2026, 1, 1), rate="0.9", origin="hand", created_us=0
    )
    Fee.objects.create(
        call=call, hourly_micros=1, unit_s=360, units=1, amount_micros=1, currency="EUR"
    )
    CodeChange.objects.create(call=call, at_us=0, by="a")
    Refusal.objects.create(
        key="k", content_hash="h", at_us=0, caller="101", number="1", reason="locked", answer="{}"
    )
    BalanceSnapshot.objects.create(
        account=account, day=date(2026, 1, 1), last_posting=0, balance_micros=0, taken_us=0
    )


def rows(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        return cursor.fetchall()


@pytest.mark.parametrize("table", IMMUTABLE_TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}"])
def test_change_is_refused_by_the_database(filled: Database, table: str, statement: str) -> None:
    before = rows(table)

    with pytest.raises(Error, match="only grows"), connection.cursor() as cursor:
        cursor.execute(statement.format(table))

    assert before
    assert rows(table) == before


@pytest.mark.parametrize("table", IMMUTABLE_TABLES)
def test_insert_or_replace_cannot_pass_either(sqlite: Database, table: str) -> None:
    fill()

    with pytest.raises(Error, match="only grows"), connection.cursor() as cursor:
        cursor.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.postgresql
@pytest.mark.parametrize("table", IMMUTABLE_TABLES)
def test_truncate_is_refused(postgresql: Database, table: str) -> None:
    with pytest.raises(Error, match="only grows"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.postgresql
def test_a_session_that_pretends_to_be_a_replica_is_refused_too(postgresql: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        with pytest.raises(Error, match="only grows"):
            cursor.execute("DELETE FROM tollbook_charge")


def test_a_fresh_database_misses_no_guard(database: Database) -> None:
    assert missing_immutability(connection) == []


def test_a_dropped_guard_is_noticed_and_put_back(sqlite: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER tollbook_charge_only_grows_delete")

    assert missing_immutability(connection) == ["tollbook_charge_only_grows_delete"]
    install_immutability(connection)
    assert missing_immutability(connection) == []


def test_a_weakened_guard_is_noticed(sqlite: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER tollbook_charge_only_grows_delete")
        cursor.execute(
            "CREATE TRIGGER tollbook_charge_only_grows_delete BEFORE DELETE ON tollbook_charge "
            "BEGIN SELECT 1; END"
        )

    assert missing_immutability(connection) == ["tollbook_charge_only_grows_delete"]


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "weakening",
    [
        "DROP TRIGGER tollbook_charge_only_grows ON tollbook_charge",
        "ALTER TABLE tollbook_charge DISABLE TRIGGER tollbook_charge_only_grows",
    ],
)
def test_a_weakened_guard_is_noticed_on_the_server(postgresql: Database, weakening: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(weakening)

    assert missing_immutability(connection) == ["tollbook_charge_only_grows"]
    install_immutability(connection)
    assert missing_immutability(connection) == []


@pytest.mark.postgresql
def test_a_guard_that_does_nothing_is_noticed(postgresql: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION tollbook_refuse_change() RETURNS trigger "
            "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )

    assert len(missing_immutability(connection)) == len(IMMUTABLE_TABLES)


def test_a_guard_lifted_in_a_transaction_that_fails_is_still_there(sqlite: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        lift_a_guard_and_fail()

    assert missing_immutability(connection) == []


def lift_a_guard_and_fail() -> None:
    with door.transaction(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER tollbook_charge_only_grows_delete")
        raise ZeroDivisionError
