"""What is stored in the end: every table row by row, and every file of the data folder.

Read by plain SQL, so that nothing of Tollbook stands between the rows and who compares them.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from keep import slug
from world import World

# Hashes are salted by the system's own chance, and sessions and migrations say nothing of Tollbook.
LEFT_OUT_TABLES: Final = frozenset(("django_migrations", "django_session", "sqlite_sequence"))
LEFT_OUT_COLUMNS: Final = frozenset(
    (
        ("auth_user", "password"),
        ("tollbook_api_token", "sha256"),
        ("tollbook_user_session", "key"),
        ("tollbook_extension_pin", "hash"),
    )
)
# Databases and locks have no fixed bytes, what is in them is compared as rows; tail.json holds
# the number of a file on this disk.
LEFT_OUT_FILES: Final = ("*.sqlite3*", "*.lock", "secret.key", "columns/*", "tail.json")


def dump(world: World) -> None:
    """Keep every table as JSON Lines with sorted keys, and the list of stored files."""
    database_file = world.data / "tollbook.sqlite3"
    with closing(sqlite3.connect(f"file:{database_file}?mode=ro", uri=True)) as database:
        for table in _tables(database):
            lines = sorted(_rows(database, table))
            world.keeper.keep(f"tables/{table}", f"{len(lines)} rows", {"rows": _joined(lines)})
    world.keeper.keep("tables/files", "files of the data folder", {"files": _files(world)})
    for file in sorted(world.data.glob("raw/**/*")):
        if file.is_file() and not _is_left_out(file.relative_to(world.data)):
            name = slug(str(file.relative_to(world.data)))
            world.keeper.keep(f"tables/{name}", str(file.name), {"bytes": file.read_bytes()})
    away = world.data / "policy-while-away.json"
    if away.exists():
        world.keeper.keep("tables/policy-while-away", away.name, {"bytes": away.read_bytes()})


def _tables(database: sqlite3.Connection) -> list[str]:
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if name not in LEFT_OUT_TABLES]


def _rows(database: sqlite3.Connection, table: str) -> Iterator[str]:
    described = database.execute(f'PRAGMA table_info("{table}")').fetchall()
    columns = [row[1] for row in described if (table, row[1]) not in LEFT_OUT_COLUMNS]
    listed = ", ".join(f'"{column}"' for column in columns)
    for row in database.execute(f'SELECT {listed} FROM "{table}"'):
        values = dict(zip(columns, map(_value, row), strict=True))
        yield json.dumps(values, sort_keys=True, ensure_ascii=False)


def _value(value: object) -> object:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def _joined(lines: list[str]) -> bytes:
    return "\n".join(lines).encode()


def _files(world: World) -> bytes:
    lines = [
        f"{file.relative_to(world.data)} {file.stat().st_size}"
        f" {hashlib.sha256(file.read_bytes()).hexdigest()}"
        for file in sorted(world.data.rglob("*"))
        if file.is_file() and not _is_left_out(file.relative_to(world.data))
    ]
    return "\n".join(lines).encode()


def _is_left_out(file: Path) -> bool:
    return any(file.match(pattern) for pattern in LEFT_OUT_FILES) or file.parts[0] == "columns"
