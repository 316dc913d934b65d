"""What a filter can be set to."""

from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS

from tollbook.storage.db.sql import fetch

RECENT_CALLS = 20_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that calls can be filtered by; `name` explains the label, or is empty."""

    id: int
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Choices:
    """All choices of the call log's filter, by label; inactive ones too, for their past calls."""

    sites: tuple[Choice, ...]
    pbxs: tuple[Choice, ...]
    sources: tuple[Choice, ...]
    extensions: tuple[Choice, ...]
    departments: tuple[Choice, ...]
    owners: tuple[Choice, ...]
    account_codes: tuple[Choice, ...]
    trunks: tuple[Choice, ...]


def filter_choices(*, using: str = DEFAULT_DB_ALIAS) -> Choices:
    """Return what the calls of this installation can be filtered by."""
    return Choices(
        sites=_choices("tollbook_site", "name", "''", using=using),
        pbxs=_choices("tollbook_pbx", "name", "brand", using=using),
        sources=_choices("tollbook_source", "name", "format", using=using),
        extensions=_choices("tollbook_extension", "number", "name", using=using),
        departments=_choices("tollbook_department", "name", "''", using=using),
        owners=_choices("tollbook_owner", "name", "''", using=using),
        account_codes=_choices("tollbook_account_code", "code", "description", using=using),
        trunks=_choices("tollbook_trunk", "name", "label", using=using),
    )


def _choices(table: str, label: str, name: str, *, using: str) -> tuple[Choice, ...]:
    rows = fetch(f"SELECT id, {label}, {name} FROM {table} ORDER BY 2, 1", (), using=using)
    return tuple(Choice(*row) for row in rows)


def recent_codes(*, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return the account codes of recent calls, entered or not: what callers typed, once each."""
    rows = fetch(
        "SELECT DISTINCT recent.account_code FROM (SELECT account_code FROM tollbook_call "
        "ORDER BY id DESC LIMIT %s) recent WHERE recent.account_code <> '' ORDER BY 1",
        (RECENT_CALLS,),
        using=using,
    )
    return [code for (code,) in rows]
