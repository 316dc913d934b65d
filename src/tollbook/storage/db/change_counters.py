"""Counts changes to what decisions look up, so that a process may cache it.

Who may call what, and at which price, is cached; it is valid while two version counters are
unchanged, which are read in every transaction that decides. Triggers increment them, so no writer
can forget to, be it a screen, an import or somebody's own tool. Balances, budgets and holds are
never cached.

Like those of immutable tables, the triggers are reinstalled after every migrate and checked at
every start.
"""

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from tollbook.storage.db.sql import fetch_inside

DIRECTORY, TARIFFS = "changed:directory", "changed:tariffs"
_WATCHED = {
    DIRECTORY: (
        "tollbook_site",
        "tollbook_pbx",
        "tollbook_department",
        "tollbook_owner",
        "tollbook_extension",
        "tollbook_account_code",
        "tollbook_account_code_number",
        "tollbook_service_class",
        "tollbook_budget",
    ),
    TARIFFS: (
        "tollbook_site",
        "tollbook_pbx",
        "tollbook_tariff_version",
        "tollbook_tariff_assignment",
        "tollbook_plan_version",
        "tollbook_exchange_rate",
    ),
}
# An import meets new telephones by the hundred. They change nothing for anybody else, so they are
# not counted: a decision looks up a caller that is not cached (`current_state.known_telephones`).
_NOT_COUNTED = {"tollbook_extension": "INSERT"}
_VERBS = ("INSERT", "UPDATE", "DELETE")
_FUNCTION = "tollbook_count_change"
_FUNCTION_BODY = """
BEGIN
    INSERT INTO tollbook_meta (key, value) VALUES (TG_ARGV[0], '1')
    ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(tollbook_meta.value AS bigint) + 1 AS text);
    RETURN NULL;
END
"""


def change_counts() -> tuple[int, int]:
    """Return how often the directory and the tariffs have changed."""
    found: dict[str, str] = dict(
        fetch_inside(
            "SELECT key, value FROM tollbook_meta WHERE key IN (%s, %s)", (DIRECTORY, TARIFFS)
        )
    )
    return int(found.get(DIRECTORY, 0)), int(found.get(TARIFFS, 0))


def install_counters(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on every watched table; existing ones are replaced."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql "
                f"AS $body${_FUNCTION_BODY}$body$"
            )
            for name, table, counter in _triggers():
                verbs = " OR ".join(_counted(table))
                cursor.execute(
                    f"CREATE OR REPLACE TRIGGER {name} AFTER {verbs} ON {table} "
                    f"FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}('{counter}')"
                )
            return
        for name, sql in _sqlite_triggers().items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(sql)


def missing_counters(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that are absent, altered or switched off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
                "WHERE tgenabled <> 'D' AND proname = %s AND prosrc = %s",
                (_FUNCTION, _FUNCTION_BODY),
            )
            found = {name for (name,) in cursor.fetchall()}
            return [name for name, _, _ in _triggers() if name not in found]
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        present = dict(cursor.fetchall())
    return [name for name, sql in _sqlite_triggers().items() if present.get(name) != sql]


def _counted(table: str) -> list[str]:
    return [verb for verb in _VERBS if verb != _NOT_COUNTED.get(table)]


def _triggers() -> Iterator[tuple[str, str, str]]:
    """Yield name, table and counter of each trigger."""
    for counter, tables in _WATCHED.items():
        for table in tables:
            yield f"{table}_{counter.replace(':', '_')}", table, counter


def _sqlite_triggers() -> dict[str, str]:
    """Return the text of each trigger, as SQLite keeps it, by name."""
    triggers = {}
    for stem, table, counter in _triggers():
        for verb in _counted(table):
            name = f"{stem}_{verb.lower()}"
            triggers[name] = (
                f"CREATE TRIGGER {name} AFTER {verb} ON {table} BEGIN "
                f"INSERT INTO tollbook_meta (key, value) VALUES ('{counter}', '1') "
                "ON CONFLICT (key) DO UPDATE SET "
                "value = CAST(CAST(tollbook_meta.value AS integer) + 1 AS text); END"
            )
    return triggers
