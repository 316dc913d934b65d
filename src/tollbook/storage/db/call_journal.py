"""Notes which stored calls were changed or deleted: the columnar copy must read those again.

New calls and new charges are found by their ids; an update or a delete leaves no such trace, so
a trigger writes the call's id down. Like those of immutable tables, the triggers are reinstalled
after every migrate and checked at every start.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

_NAME = "tollbook_call_changed"
_FUNCTION_BODY = """
BEGIN
    INSERT INTO tollbook_changed_call (call_id) VALUES (OLD.id);
    RETURN NULL;
END
"""


def install_journal(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on the calls' table; existing ones are replaced."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql "
                f"AS $body${_FUNCTION_BODY}$body$"
            )
            cursor.execute(
                f"CREATE OR REPLACE TRIGGER {_NAME} AFTER UPDATE OR DELETE ON tollbook_call "
                f"FOR EACH ROW EXECUTE FUNCTION {_NAME}()"
            )
            return
        for name, sql in _sqlite_triggers().items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(sql)


def missing_journal(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that are absent or altered."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
                "WHERE tgenabled <> 'D' AND tgname = %s AND prosrc = %s "
                "AND tgrelid = to_regclass('tollbook_call')",
                (_NAME, _FUNCTION_BODY),
            )
            return [] if cursor.fetchall() else [_NAME]
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        present = dict(cursor.fetchall())
    return [name for name, sql in _sqlite_triggers().items() if present.get(name) != sql]


def _sqlite_triggers() -> dict[str, str]:
    """Return the text of each trigger, as SQLite keeps it, by name."""
    triggers = {}
    for verb in ("UPDATE", "DELETE"):
        name = f"{_NAME}_{verb.lower()}"
        triggers[name] = (
            f"CREATE TRIGGER {name} AFTER {verb} ON tollbook_call "
            "BEGIN INSERT INTO tollbook_changed_call (call_id) VALUES (OLD.id); END"
        )
    return triggers
