"""The database itself keeps what must not change: no UPDATE, no DELETE, no TRUNCATE.

A migration that rebuilds a table on SQLite silently drops its triggers, so they are installed
after every migrate and checked at every start (docs/decisions/0006). Triggers are part of a
transaction on both engines: a purge by retention rule will drop the triggers of a table, delete
and create them again in one transaction, and a crash leaves them in place.
"""

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

IMMUTABLE_TABLES = (
    "tollbook_raw_record",
    "tollbook_charge",
    "tollbook_tariff_version",
    "tollbook_audit_log",
    "tollbook_entry",
    "tollbook_posting",
    "tollbook_balance_snapshot",
    "tollbook_plan_version",
    "tollbook_exchange_rate",
    "tollbook_charge_parts",
    "tollbook_fee",
    "tollbook_code_change",
    "tollbook_refusal",
)

_FUNCTION = "tollbook_refuse_change"
_FUNCTION_BODY = """
BEGIN
    RAISE EXCEPTION '% only grows: % is refused; write a new row that supersedes this one',
        TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END
"""


def install_immutability(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers of every immutable table; existing ones are replaced."""
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor):
            cursor.execute(statement)


def missing_immutability(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that are absent, altered or disabled."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
                "WHERE tgenabled = 'A' AND proname = %s AND prosrc = %s "
                "AND tgrelid = to_regclass(replace(tgname, '_only_grows', ''))",
                (_FUNCTION, _FUNCTION_BODY),
            )
            found = {name for (name,) in cursor.fetchall()}
            return [name for name in map(_trigger_name, IMMUTABLE_TABLES) if name not in found]
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        present = dict(cursor.fetchall())
    return [name for name, sql in _sqlite_triggers() if present.get(name) != sql]


def _trigger_name(table: str) -> str:
    return f"{table}_only_grows"


def _statements(vendor: str) -> Iterator[str]:
    if vendor == "postgresql":
        yield (
            f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql "
            f"AS $body${_FUNCTION_BODY}$body$"
        )
        for table in IMMUTABLE_TABLES:
            name = _trigger_name(table)
            yield (
                f"CREATE OR REPLACE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE "
                f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()"
            )
            # ALWAYS: also while a session pretends to be a replica.
            yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"
        return
    for name, sql in _sqlite_triggers():
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield sql


def _sqlite_triggers() -> Iterator[tuple[str, str]]:
    """Yield name and text, as SQLite keeps it, of each trigger."""
    for table in IMMUTABLE_TABLES:
        for verb in ("UPDATE", "DELETE"):
            name = f"{_trigger_name(table)}_{verb.lower()}"
            refusal = (
                f"{table} only grows: {verb} is refused; write a new row that supersedes this one"
            )
            yield (
                name,
                (
                    f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
                ),
            )
