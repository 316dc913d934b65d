"""What a filter can be set to."""

from dataclasses import dataclass

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


def filter_choices() -> Choices:
    """Return what the calls of this installation can be filtered by."""
    return Choices(
        sites=_choices("tollbook_site", "name", "''"),
        pbxs=_choices("tollbook_pbx", "name", "brand"),
        sources=_choices("tollbook_source", "name", "format"),
        extensions=_choices("tollbook_extension", "number", "name"),
        departments=_choices("tollbook_department", "name", "''"),
        owners=_choices("tollbook_owner", "name", "''"),
        account_codes=_choices("tollbook_account_code", "code", "description"),
        trunks=_choices("tollbook_trunk", "name", "label"),
    )


def _choices(table: str, label: str, name: str) -> tuple[Choice, ...]:
    rows = fetch(f"SELECT id, {label}, {name} FROM {table} ORDER BY 2, 1", ())
    return tuple(Choice(*row) for row in rows)


def recent_codes() -> list[str]:
    """Return the account codes of recent calls, entered or not: what callers typed, once each."""
    rows = fetch(
        "SELECT DISTINCT recent.account_code FROM (SELECT account_code FROM tollbook_call "
        "ORDER BY id DESC LIMIT %s) recent WHERE recent.account_code <> '' ORDER BY 1",
        (RECENT_CALLS,),
    )
    return [code for (code,) in rows]
