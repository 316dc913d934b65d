"""Who may pay a call: extensions, departments and owners with their rules of money.

All of them, or only those that some calls concern; four statements either way.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tollbook.core.ledger import AccountRef
from tollbook.storage.db.sql import Row, chunks, fetch

_IDS_A_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class Holder:
    """A holder of an account and its rules of money; limits that are None do not limit.

    `kind` is extension, department or owner, `name` what people call it. Amounts are millionths
    of `currency`: the site's, an owner's that of the first site.
    """

    kind: str
    id: int
    name: str
    currency: str
    billing: bool = False
    prepaid: bool = True
    credit_micros: int = 0
    locked: bool = False
    active: bool = True
    call_limit_micros: int | None = None
    call_limit_s: int | None = None
    floor_micros: int | None = None
    concurrent_limit: int | None = None

    @property
    def account(self) -> AccountRef:
        """The account in the ledger: it keeps the holder's number, whatever he is called."""
        return AccountRef(self.kind, str(self.id))

    @property
    def words(self) -> str:
        """The holder as an answer names him: `extension 101`."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class PayerRows:
    """Holders; the department of each extension that has one, the owner of each account code."""

    holders: tuple[Holder, ...]
    department_of: Mapping[int, int]
    owner_of: Mapping[int, int]


def holder_rows(
    *, extensions: Collection[int] | None = None, codes: Collection[int] | None = None
) -> PayerRows:
    """Return the holders that calls of these extensions and account codes concern; None: all."""
    of_extensions = _rows(
        f"SELECT h.department_id, h.id, h.number, s.currency, {_money('h.active')} "
        "FROM tollbook_extension h JOIN tollbook_site s ON s.id = h.site_id",
        extensions,
    )
    department_of = {row[1]: row[0] for row in of_extensions if row[0] is not None}
    owner_of: dict[int, int] = dict(
        row
        for row in _rows("SELECT h.id, h.owner_id FROM tollbook_account_code h", codes)
        if row[1] is not None
    )
    of_departments = _rows(
        f"SELECT h.id, h.name, s.currency, {_money('true')} "
        "FROM tollbook_department h JOIN tollbook_site s ON s.id = h.site_id",
        None if extensions is None else set(department_of.values()),
    )
    of_owners = _rows(
        f"SELECT h.id, h.name, {_FIRST_CURRENCY}, {_money('h.active')} FROM tollbook_owner h",
        None if codes is None else set(owner_of.values()),
    )
    holders = (
        *(_holder("extension", *row[1:]) for row in of_extensions),
        *(_holder("department", *row) for row in of_departments),
        *(_holder("owner", *row) for row in of_owners),
    )
    return PayerRows(holders, department_of, owner_of)


def _holder(kind: str, *row: Any) -> Holder:
    """Return the holder of *row*: yes and no come as numbers from SQLite."""
    row_id, name, currency, billing, prepaid, credit_micros, locked, active, *limits = row
    return Holder(
        kind,
        row_id,
        name,
        currency,
        bool(billing),
        bool(prepaid),
        credit_micros,
        bool(locked),
        bool(active),
        *limits,
    )


def _rows(statement: str, ids: Collection[int] | None) -> list[Row]:
    """Return the rows of `h` with *ids*, or all."""
    if ids is None:
        return fetch(statement, ())
    return [
        row
        for some in chunks(sorted(ids), _IDS_A_STATEMENT)
        for row in fetch(f"{statement} WHERE h.id IN ({', '.join(['%s'] * len(some))})", some)
    ]


def _money(active: str) -> str:
    """Return the columns of `Holder` behind its currency; *active* is an expression."""
    return (
        f"h.billing, h.payment_type = 'prepaid', h.credit_micros, h.locked, {active}, "
        "h.call_limit_micros, h.call_limit_s, h.floor_micros, h.concurrent_limit"
    )


_FIRST_CURRENCY = "(SELECT currency FROM tollbook_site ORDER BY id LIMIT 1)"
