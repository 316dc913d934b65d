"""Who has an account: extensions, owners and departments with what they hold and may spend.

The recharges of a holder are few beside its charges; `entry_by_hand` is the index by which they
are found without reading the rest of its postings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tollbook.storage.db.sql import Clause, Row, both, chunks, contains, fetch, fetch_one

HolderKind = Literal["extension", "owner", "department"]
KINDS: tuple[HolderKind, ...] = ("extension", "owner", "department")
SORTS = ("number", "name", "recharged", "balance", "credit", "payment", "billing", "status")
_IDS_A_STATEMENT = 500
_FEW = 10  # Holders whose own postings are read; beyond, those by hand of all are fewer.


@dataclass(frozen=True, slots=True)
class HolderFilter:
    """Holders of one kind for which everything given holds.

    `site_id` is theirs (owners have none); `keyword` is part of a number or a name. `only_id`
    narrows to one holder.
    """

    kind: HolderKind = "extension"
    site_id: int | None = None
    keyword: str = ""
    locked: bool | None = None
    payment_type: str | None = None
    billing: bool | None = None
    department_id: int | None = None
    only_id: int | None = None


@dataclass(frozen=True, slots=True)
class HolderRow:
    """A holder with its money in millionths of `currency`.

    `number` is what it is called by: an extension's number, another's name; `name` is empty for
    those. `recharged_micros` counts recharges since `recharged_since_us`, less those undone.
    """

    kind: HolderKind
    id: int
    number: str
    name: str
    department: str
    active: bool
    billing: bool
    payment_type: str
    locked: bool
    credit_micros: int
    recharged_micros: int
    balance_micros: int
    held_micros: int
    currency: str
    site_id: int | None
    department_id: int | None
    recharged_since_us: int | None

    @property
    def label(self) -> str:
        """The holder in a word: `Amir[101]`, or its name."""
        return f"{self.name}[{self.number}]" if self.name else self.number

    @property
    def available_micros(self) -> int:
        """What may still be spent: the balance less what is held, and the credit."""
        return self.balance_micros - self.held_micros + self.credit_micros


def list_holders(
    wanted: HolderFilter,
    *,
    sort: str = "number",
    descending: bool = False,
    first: int = 0,
    count: int | None = None,
) -> list[HolderRow]:
    """Return the holders that *wanted* admits, in order, *count* from the *first* on (0-based).

    *sort* is one of `SORTS`; numbers sort as numbers do, "99" before "100".
    """
    if sort == "recharged":
        return _by_recharged(wanted, descending=descending, first=first, count=count)
    way = "DESC" if descending else "ASC"
    by_number = _by_number(wanted.kind)
    columns = by_number if sort == "number" else (*_ORDERS[sort], *by_number)
    order = ", ".join(f"{column} {way}" for column in columns)
    limit = "" if count is None else f" LIMIT {int(count)} OFFSET {int(first)}"
    condition = _condition(wanted)
    rows = fetch(
        f"SELECT * FROM ({_select(wanted.kind)} WHERE {condition.text}) r "
        f"ORDER BY {order}, r.id{limit}",
        condition.values,
    )
    return _holders(wanted.kind, rows)


def count_holders(wanted: HolderFilter) -> int:
    """Return how many holders *wanted* admits."""
    condition = _condition(wanted)
    table = f"tollbook_{wanted.kind}"
    found = fetch_one(f"SELECT count(*) FROM {table} h WHERE {condition.text}", condition.values)
    return int(found[0]) if found else 0


def holder_ids(wanted: HolderFilter, *, limit: int) -> list[int]:
    """Return the ids of at most *limit* holders that *wanted* admits, in the order of ids."""
    condition = _condition(wanted)
    rows = fetch(
        f"SELECT h.id FROM tollbook_{wanted.kind} h WHERE {condition.text} "
        f"ORDER BY h.id LIMIT {int(limit)}",
        condition.values,
    )
    return [row[0] for row in rows]


def holders_by_id(kind: HolderKind, ids: Sequence[int]) -> list[HolderRow]:
    """Return the holders with these ids, by number; ids that nobody has are left out."""
    rows = _rows_of(kind, sorted(set(ids)))
    return sorted(_holders(kind, rows), key=lambda one: (len(one.number), one.number, one.id))


def holder_of(account: str, kind: HolderKind) -> str:
    """Return the expression for the id of the *kind* whose account it is; null for another's.

    The test comes first: a system account is named by a word, and a server refuses to cast it.
    """
    return f"CASE WHEN {account}.kind = '{kind}' THEN CAST({account}.name AS bigint) END"


def _condition(wanted: HolderFilter) -> Clause:
    exact: dict[str, object] = {
        "h.id": wanted.only_id,
        "h.locked": wanted.locked,
        "h.payment_type": wanted.payment_type,
        "h.billing": wanted.billing,
    }
    if wanted.kind != "owner":
        exact["h.site_id"] = wanted.site_id
    if wanted.kind == "extension":
        exact["h.department_id"] = wanted.department_id
    clauses = [
        Clause(f"{column} = %s", (value,)) for column, value in exact.items() if value is not None
    ]
    if wanted.keyword:
        names = ["h.number", "h.name"] if wanted.kind == "extension" else ["h.name"]
        clauses.append(contains(names, wanted.keyword))
    return both(clauses)


def _by_recharged(
    wanted: HolderFilter, *, descending: bool, first: int, count: int | None
) -> list[HolderRow]:
    """Return a page by Total Recharges, then by number: the one order that is added up first."""
    condition = _condition(wanted)
    way = "DESC" if descending else "ASC"
    order = ", ".join(f"{column} {way}" for column in _by_number(wanted.kind))
    holders: list[tuple[int, str]] = fetch(
        f"SELECT r.id, r.currency FROM ({_select(wanted.kind)} WHERE {condition.text}) r "
        f"ORDER BY {order}, r.id",
        condition.values,
    )
    totals = _recharged(wanted.kind, None)
    holders.sort(key=lambda one: totals.get(one, 0), reverse=descending)
    page = [
        holder_id
        for holder_id, _ in (holders[first:] if count is None else holders[first:][:count])
    ]
    rows = {row[0]: row for row in _rows_of(wanted.kind, page)}
    return [_holder(wanted.kind, rows[one], totals) for one in page if one in rows]


def _rows_of(kind: HolderKind, ids: Sequence[int]) -> list[Row]:
    """Return the rows of `_select` of these holders, in any order."""
    return [
        row
        for some in chunks(ids, _IDS_A_STATEMENT)
        for row in fetch(f"{_select(kind)} WHERE h.id IN ({', '.join(['%s'] * len(some))})", some)
    ]


def _holders(kind: HolderKind, rows: Sequence[Row]) -> list[HolderRow]:
    """Return the rows of `_select` as holders, with what was recharged."""
    ids = [row[0] for row in rows]
    totals = _recharged(kind, ids if len(ids) <= _IDS_A_STATEMENT else None)
    return [_holder(kind, row, totals) for row in rows]


def _holder(kind: HolderKind, row: Row, totals: Mapping[tuple[int, str], int]) -> HolderRow:
    holder_id, number, name, department, active, billing, payment_type, locked, *rest = row
    credit, balance, held, currency, site_id, department_id, since_us = rest
    return HolderRow(
        kind=kind,
        id=holder_id,
        number=number,
        name=name,
        department=department,
        active=bool(active),
        billing=bool(billing),
        payment_type=payment_type,
        locked=bool(locked),
        credit_micros=credit,
        recharged_micros=totals.get((holder_id, currency), 0),
        balance_micros=balance,
        held_micros=held,
        currency=currency,
        site_id=site_id,
        department_id=department_id,
        recharged_since_us=since_us,
    )


def _recharged(kind: HolderKind, ids: Sequence[int] | None) -> dict[tuple[int, str], int]:
    """Return Total Recharges by holder and currency, of *ids* (one statement's) or of all.

    CROSS JOIN keeps the order of the tables on SQLite. Of a few holders their own postings are
    read; of many, what was posted by hand to anybody, because charges are many times more.
    """
    if ids is not None and not ids:
        return {}
    own = f"o.kind = '{kind}' AND x.id = {holder_of('o', kind)}"
    if ids is not None and len(ids) <= _FEW:
        tables = (
            f"tollbook_{kind} x CROSS JOIN tollbook_account o CROSS JOIN tollbook_posting p "
            "CROSS JOIN tollbook_entry e LEFT JOIN tollbook_entry u ON u.id = e.reverses_id"
        )
        own += " AND o.name = CAST(x.id AS text)"
    else:
        tables = (
            "tollbook_entry e LEFT JOIN tollbook_entry u ON u.id = e.reverses_id "
            "CROSS JOIN tollbook_posting p CROSS JOIN tollbook_account o "
            f"CROSS JOIN tollbook_{kind} x"
        )
    among = "" if ids is None else f" AND x.id IN ({', '.join(['%s'] * len(ids))})"
    # Grouped by a number, and named afterwards: half the time of grouping by holder and currency.
    rows = fetch(
        f"SELECT {holder_of('a', kind)}, a.currency, g.micros FROM (SELECT p.account_id AS id, "
        f"CAST(sum(p.amount_micros) AS bigint) AS micros FROM {tables} "
        f"WHERE {BY_HAND} AND coalesce(u.kind, e.kind) = 'recharge' "
        f"AND p.entry_id = e.id AND o.id = p.account_id AND {own} "
        f"AND coalesce(u.at_us, e.at_us) > coalesce(x.recharged_since_us, -1){among} "
        "GROUP BY p.account_id) g JOIN tollbook_account a ON a.id = g.id",
        ids or (),
    )
    return {(holder_id, currency): micros for holder_id, currency, micros in rows}


def _by_number(kind: HolderKind) -> tuple[str, ...]:
    """Return the order of numbers, "99" before "100"; of names, as they are spelt."""
    return ("length(r.number)", "r.number") if kind == "extension" else ("lower(r.number)",)


_ORDERS = {
    "name": ("lower(r.name)",),
    "balance": ("r.balance",),
    "credit": ("r.credit_micros",),
    "payment": ("r.payment_type",),
    "billing": ("r.billing",),
    "status": ("r.locked",),
}
# The site whose currency owners have: they belong to none.
_FIRST_CURRENCY = "(SELECT currency FROM tollbook_site ORDER BY id LIMIT 1)"
_OWN = {
    "extension": (
        "h.number, h.name, coalesce(d.name, '') AS department, h.active",
        "s.currency, h.site_id, h.department_id, h.recharged_since_us",
        (
            "JOIN tollbook_site s ON s.id = h.site_id "
            "LEFT JOIN tollbook_department d ON d.id = h.department_id"
        ),
        "s.currency",
    ),
    "owner": (
        "h.name AS number, '' AS name, '' AS department, h.active",
        (
            f"{_FIRST_CURRENCY} AS currency, NULL AS site_id, NULL AS department_id, "
            "h.recharged_since_us"
        ),
        "",
        _FIRST_CURRENCY,
    ),
    "department": (
        "h.name AS number, '' AS name, '' AS department, true AS active",
        "s.currency, h.site_id, NULL AS department_id, h.recharged_since_us",
        "JOIN tollbook_site s ON s.id = h.site_id",
        "s.currency",
    ),
}
# What is posted by hand, in the words of the index that finds it.
BY_HAND = "e.kind IN ('recharge', 'adjustment', 'reversal') AND e.call_id IS NULL"


def _select(kind: HolderKind) -> str:
    """Return the query for holders `h` with their money, less its condition."""
    names, places, joins, currency = _OWN[kind]
    return (
        f"SELECT h.id, {names}, h.billing, h.payment_type, h.locked, h.credit_micros, "
        "coalesce(b.balance_micros, 0) AS balance, "
        f"coalesce(b.held_micros, 0) AS held, {places} "
        f"FROM tollbook_{kind} h {joins} "
        f"LEFT JOIN tollbook_account a ON a.kind = '{kind}' "
        f"AND a.name = CAST(h.id AS text) AND a.currency = {currency} "
        "LEFT JOIN tollbook_balance b ON b.account_id = a.id"
    )
