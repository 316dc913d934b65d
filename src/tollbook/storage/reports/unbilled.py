"""Calls that no account pays, with the reason why not; fees that calls owe."""

from collections.abc import Iterator
from dataclasses import dataclass

from tollbook.storage.db.sql import Clause, both, charge_in_force, fetch
from tollbook.storage.models.calls import DirectionCode
from tollbook.storage.reports.call_filter import CallFilter

REASONS = ("billing_off", "unrated", "internal", "incoming", "unanswered")

_REASON = f"""CASE WHEN c.direction = {DirectionCode.INTERNAL.value} THEN 'internal'
    WHEN c.direction = {DirectionCode.IN.value} THEN 'incoming'
    WHEN h.id IS NULL THEN 'unanswered'
    WHEN h.amount_micros IS NULL THEN 'unrated' ELSE 'billing_off' END"""


@dataclass(frozen=True, slots=True)
class UnbilledCount:
    """How many calls no account pays for one reason; talk in milliseconds."""

    reason: str
    calls: int
    talk_ms: int


@dataclass(frozen=True, slots=True)
class UnbilledCall:
    """A call that no account pays; its price, in millionths, is null where it has none."""

    id: int
    begin_us: int
    caller: str
    callee: str
    destination: str
    extension: str
    account_code: str
    owner: str
    talk_ms: int | None
    charge_micros: int | None
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeeTotal:
    """What the calls of one owner's account code owe for talk: begun units, millionths."""

    owner: str
    account_code: str
    description: str
    currency: str
    calls: int
    talk_ms: int
    units: int
    amount_micros: int


def unbilled_counts(wanted: CallFilter) -> list[UnbilledCount]:
    """Return the reasons for which calls are paid by nobody, in the order of `REASONS`."""
    source = _unbilled(wanted, None)
    rows = fetch(
        f"SELECT {_REASON}, count(*), CAST(coalesce(sum(c.talk_ms), 0) AS bigint) "
        f"{source.text} GROUP BY 1",
        source.values,
    )
    found = {row[0]: UnbilledCount(*row) for row in rows}
    return [found[reason] for reason in REASONS if reason in found]


def unbilled_calls(
    wanted: CallFilter,
    *,
    reason: str | None = None,
    before: tuple[int, int] | None = None,
    limit: int | None = None,
) -> Iterator[UnbilledCall]:
    """Yield calls that nobody pays, the latest first; *before* is the last one's begin and id."""
    source = _unbilled(wanted, reason, before=before)
    end = "" if limit is None else f" LIMIT {int(limit)}"
    for row in fetch(
        "SELECT c.id, c.begin_us, c.caller, coalesce(nullif(c.callee, ''), c.dialled), "
        "c.destination, coalesce(x.number, ''), c.account_code, coalesce(o.name, ''), c.talk_ms, "
        f"h.amount_micros, coalesce(h.currency, ''), {_REASON} {source.text} "
        f"ORDER BY c.begin_us DESC, c.id DESC{end}",
        source.values,
    ):
        yield UnbilledCall(*row)


def fee_totals(wanted: CallFilter) -> list[FeeTotal]:
    """Return what the calls that *wanted* admits owe for talk, by owner and code of the fee."""
    condition = both([wanted.of_calls(), wanted.of_charges()])
    rows = fetch(
        "SELECT coalesce(o.name, ''), coalesce(a.code, ''), coalesce(a.description, ''), "
        "f.currency, count(*), CAST(coalesce(sum(c.talk_ms), 0) AS bigint), "
        "CAST(sum(f.units) AS bigint), CAST(sum(f.amount_micros) AS bigint) "
        "FROM tollbook_fee f JOIN tollbook_call c ON c.id = f.call_id "
        "LEFT JOIN tollbook_account_code a ON a.id = f.account_code_id "
        "LEFT JOIN tollbook_owner o ON o.id = c.owner_id "
        f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id')} "
        "WHERE f.units > 0 AND f.run = (SELECT max(n.run) FROM tollbook_fee n "
        f"WHERE n.call_id = f.call_id) AND {condition.text} "
        "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 4",
        condition.values,
    )
    return [FeeTotal(*row) for row in rows]


def _unbilled(
    wanted: CallFilter, reason: str | None, *, before: tuple[int, int] | None = None
) -> Clause:
    """Return FROM and WHERE of the calls that nobody pays."""
    clauses = [
        wanted.of_calls(),
        wanted.of_charges(),
        Clause("p.call_id IS NULL OR h.amount_micros IS NULL"),
    ]
    if reason is not None:
        clauses.append(Clause(f"{_REASON} = %s", (reason,)))
    if before is not None:
        clauses.append(
            Clause(
                "c.begin_us < %s OR (c.begin_us = %s AND c.id < %s)",
                (before[0], before[0], before[1]),
            )
        )
    condition = both(clauses)
    return Clause(
        "FROM tollbook_call c "
        f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id')} "
        "LEFT JOIN tollbook_call_payer p ON p.call_id = c.id "
        "LEFT JOIN tollbook_extension x ON x.id = c.extension_id "
        "LEFT JOIN tollbook_owner o ON o.id = c.owner_id "
        f"WHERE {condition.text}",
        condition.values,
    )
