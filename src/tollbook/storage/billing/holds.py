"""Holds of money: placed, extended, captured, released and expired in the transaction that is open.

    with door.transaction():
        accounts = lock_accounts({("extension", "7", "EUR")}, at_us=now_us)
        place_holds([Hold(...)], accounts)          # the caller has checked the funds
        capture_holds([Capture(hold, charge, at=...)])

Whoever moves held money locks the balances first (`lock_accounts`), in the order of their ids: a
fixed lock order, so there is no deadlock. What a hold sets aside beside money (budgets, free
minutes) moves with it; on a capture the budgets' use moves too: held becomes used, at the amount
of the charge. A hold ends once: ending one that has ended raises `HoldEnded`.

Source: docs/algorithms/ledger.md, "Holds".
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, product
from typing import Any

from tollbook.core.instants import to_us
from tollbook.core.ledger import (
    REVENUE,
    AccountKey,
    AccountState,
    BudgetPart,
    Capture,
    Hold,
    HoldEnded,
    Reserved,
)
from tollbook.storage.billing.ledger import accounts_of, post_entries
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import chunks, fetch, marks, run_many_inside

_VALUES_A_STATEMENT = 512
_PLACED = Hold._fields[: Hold._fields.index("reserved") + 1]  # What a new hold says itself.
_PAIRS_A_STATEMENT = 2_000  # Of either kind: one statement may hold some 30,000 values.


@dataclass(slots=True)
class Moves:
    """What a transaction moves beside balances, added up and written once."""

    held: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    budgets: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    counters: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def set_aside(self, account_id: int, micros: int, reserved: Reserved, *, sign: int = 1) -> None:
        """Count *micros* and *reserved* as held, or with *sign* -1 as no longer held."""
        self.held[account_id] += sign * micros
        if not reserved:
            return
        for part in reserved.budgets:
            moved = self._budget(part)
            moved[2] += sign * part.micros
            moved[3] += sign * part.seconds
        for key, seconds in reserved.bundles:
            self.counters[key] += sign * seconds

    def use(self, capture: Capture) -> None:
        """Count a call's charge and talk as used in its budgets, and keep what it spent."""
        for part in capture.hold.reserved.budgets:
            moved = self._budget(part)
            moved[0] += capture.used
            moved[1] += capture.talk_s
        for key, seconds in capture.spent:
            self.counters[key] += seconds

    def write(self) -> None:
        """Write everything; balances must be locked, and the budgets' periods open."""
        held = {account_id: micros for account_id, micros in self.held.items() if micros}
        if held:
            engine = bulk_engine()
            engine.add_to("tollbook_balance", "held_micros", key="account_id", amounts=held)
        if self.budgets:
            keys = sorted(self.budgets)
            run_many_inside(
                "UPDATE tollbook_budget_use SET used_micros = used_micros + %s, "
                "used_s = used_s + %s, held_micros = held_micros + %s, held_s = held_s + %s "
                "WHERE budget_id = %s AND from_us = %s",
                [(*self.budgets[key], *key) for key in keys],
            )
        if self.counters:
            run_many_inside(
                "INSERT INTO tollbook_counter (key, seconds, micros, held_s) "
                "VALUES (%s, 0, 0, 0) ON CONFLICT (key) DO NOTHING",
                [(key,) for key in sorted(self.counters)],
            )
            run_many_inside(
                "UPDATE tollbook_counter SET held_s = held_s + %s WHERE key = %s",
                sorted((seconds, key) for key, seconds in self.counters.items()),
            )

    def _budget(self, part: BudgetPart) -> list[int]:
        return self.budgets.setdefault((part.budget_id, part.from_us), [0, 0, 0, 0])


def lock_accounts(
    holders: Collection[AccountKey], *, at_us: int, known: dict[AccountKey, int] | None = None
) -> dict[AccountKey, AccountState]:
    """Return the accounts of *holders*, opened where missing, locked in order until the commit.

    *known* are ids found before in a transaction that was committed: an account keeps its own.
    Raises RuntimeError outside a transaction.
    """
    if not current_connection().in_atomic_block:
        raise RuntimeError("money is held inside a transaction: use the door")
    ids = {holder: known[holder] for holder in holders if holder in known} if known else {}
    if len(ids) < len(set(holders)):
        ids |= accounts_of(set(holders) - ids.keys(), at_us=at_us)
    rows = bulk_engine().numbers(
        "tollbook_balance",
        ("account_id", "balance_micros", "held_micros"),
        key="account_id",
        ids=sorted(ids.values()),
    )
    found = {row[0]: AccountState(*row) for row in rows}
    return {holder: found[account_id] for holder, account_id in ids.items()}


def read_accounts(holders: Collection[AccountKey]) -> dict[AccountKey, AccountState]:
    """Return the accounts of *holders* that exist, as they stand at this moment."""
    found: dict[AccountKey, AccountState] = {}
    for kind, name, currency in sorted(holders):
        for row in fetch(
            "SELECT a.id, b.balance_micros, b.held_micros FROM tollbook_account a "
            "JOIN tollbook_balance b ON b.account_id = a.id "
            "WHERE a.kind = %s AND a.name = %s AND a.currency = %s",
            (kind, name, currency),
        ):
            found[kind, name, currency] = AccountState(*row)
    return found


def place_holds(
    new: Sequence[Hold],
    accounts: Mapping[AccountKey, AccountState],
    *,
    moves: Moves | None = None,
) -> Sequence[int]:
    """Store *new* holds and set aside what they hold; return their ids in order.

    The caller has checked the funds of *accounts* under the same lock. With *moves* the
    writing of moves is left to the caller. Raises IntegrityError for a key that is known.
    """
    if not new:
        return ()
    engine = bulk_engine()
    ids = engine.take_ids("tollbook_hold", len(new))
    columns = dict(zip(_PLACED, zip(*new, strict=True), strict=False))
    count, holders, reserves = len(new), columns.pop("account"), columns.pop("reserved")
    engine.insert(
        "tollbook_hold",
        {
            "id": ids,
            "account_id": [accounts[holder].id for holder in holders],
            **columns,
            "captured_micros": [0] * count,
            "state": ["pending"] * count,
            "reserved": [reserved.as_json() for reserved in reserves],
            "estimated": [False] * count,
        },
    )
    moving = moves or Moves()
    for hold in new:
        moving.set_aside(accounts[hold.account].id, hold.amount_micros, hold.reserved)
    if moves is None:
        moving.write()
    return ids


def extend_hold(
    hold: Hold,
    *,
    by_micros: int,
    reserved: Reserved,
    limit_s: int | None,
    expires_us: int,
    answer: str,
    moves: Moves,
) -> None:
    """Let *hold* hold *by_micros* more, and *reserved* in place of what it set aside before.

    Raises HoldEnded, ValueError for a negative amount.
    """
    _require_pending([hold])
    if by_micros < 0:
        raise ValueError(f"hold {hold.key!r} cannot grow by {by_micros} millionths")
    moves.set_aside(hold.account_id, 0, hold.reserved, sign=-1)
    moves.set_aside(hold.account_id, by_micros, reserved)
    with current_connection().cursor() as cursor:
        cursor.execute(
            "UPDATE tollbook_hold SET amount_micros = amount_micros + %s, reserved = %s, "
            "limit_s = %s, expires_us = %s, answer = %s WHERE id = %s AND state = 'pending'",
            (by_micros, reserved.as_json(), limit_s, expires_us, answer, hold.id),
        )


def capture_holds(captures: Sequence[Capture]) -> None:
    """Charge exactly what each call cost and let the rest of its hold go.

    A charge above its hold is posted whole: the account may go below. The entry's key is
    `hold:` and the hold's key unless the capture names another. Raises HoldEnded, KeyConflict.
    """
    if not captures:
        return
    _require_pending([capture.hold for capture in captures])
    lock_accounts(_accounts_moved(captures), at_us=to_us(captures[0].at))
    entry_ids = _post(captures)
    moves = Moves()
    for capture in captures:
        hold = capture.hold
        moves.set_aside(hold.account_id, hold.amount_micros, hold.reserved, sign=-1)
        moves.use(capture)
    _end(
        [
            (
                "captured",
                to_us(one.ended or one.at),
                one.captured_micros,
                entry_id,
                one.call_id,
                one.answered_us if one.answered_us is not None else one.hold.answered_us,
                one.talk_s,
                one.estimated,
                one.hold.id,
            )
            for one, entry_id in zip(captures, entry_ids, strict=True)
        ]
    )
    _note_used([(one.hold, one.used, one.talk_s, one.spent) for one in captures])
    moves.write()


def charge_late(captures: Sequence[Capture]) -> None:
    """Charge calls whose holds expired before their end was told: nothing is left to capture."""
    if not captures:
        return
    lock_accounts(_accounts_moved(captures), at_us=to_us(captures[0].at))
    entry_ids = _post(captures)
    moves = Moves()
    for capture in captures:
        moves.use(capture)
    rows = [
        (entry_id, one.answered_us, one.talk_s, one.hold.id)
        for one, entry_id in zip(captures, entry_ids, strict=True)
    ]
    with current_connection().cursor() as cursor:
        cursor.executemany(
            "UPDATE tollbook_hold SET entry_id = %s, answered_us = %s, talk_s = %s WHERE id = %s",
            rows,
        )
    _note_used([(one.hold, one.used, one.talk_s, one.spent) for one in captures])
    moves.write()


def let_spent_go(holds: Iterable[Hold]) -> None:
    """Release bundle seconds of ended calls; their records count them now."""
    moves = Moves()
    for hold in holds:
        for key, seconds in hold.reserved.spent:
            moves.counters[key] -= seconds
    moves.write()


def charged_of(entry_id: int, account_id: int) -> int:
    """Return what an entry charged an account, in millionths."""
    rows = fetch(
        "SELECT -sum(amount_micros) FROM tollbook_posting WHERE entry_id = %s AND account_id = %s",
        (entry_id, account_id),
    )
    return int(rows[0][0] or 0)


def release_holds(
    holds: Sequence[Hold],
    *,
    at_us: int,
    expired: bool = False,
    talk_s: int | None = None,
    call_id: int | None = None,
) -> None:
    """Let whole holds go: nothing was used, or (*expired*) their time is over. Raises HoldEnded."""
    if not holds:
        return
    _require_pending(holds)
    lock_accounts({hold.account for hold in holds}, at_us=at_us)
    moves = Moves()
    for hold in holds:
        moves.set_aside(hold.account_id, hold.amount_micros, hold.reserved, sign=-1)
    state = "expired" if expired else "released"
    _end(
        [
            (state, at_us, 0, None, call_id, hold.answered_us, talk_s, False, hold.id)
            for hold in holds
        ]
    )
    _note_used([(hold, 0, 0, ()) for hold in holds])
    moves.write()


def holds_by_key(keys: Iterable[str]) -> dict[str, Hold]:
    """Return the holds of these keys."""
    return {hold.key: hold for hold in _stored("h.key", sorted(set(keys)))}


def holds_by_id(ids: Iterable[int]) -> dict[int, Hold]:
    """Return the holds of these ids."""
    return {hold.id: hold for hold in _stored("h.id", sorted(set(ids)))}


def waiting_holds(
    *,
    switch_ids: Collection[str],
    ways: Collection[tuple[str, str]],
    times: Collection[tuple[int, int]],
) -> dict[int, Hold]:
    """Return the holds without a record that have one of these ids, or caller, number and time.

    *ways* are pairs of caller and number. *times* are spans that do not meet, first and last
    instant: each is one step into the index, and costs as much as was asked during it.

    More may come than belong to the calls: `app.billing.hold_matching` decides which of them do.
    """
    found: set[int] = set()
    # The words of the partial indexes `hold_of_switch_call` and `hold_without_record`.
    for some in chunks(sorted(switch_ids), _VALUES_A_STATEMENT):
        for row in fetch(
            "SELECT id FROM tollbook_hold WHERE NOT (switch_call_id = '') "
            f"AND call_id IS NULL AND switch_call_id IN ({marks(some)})",
            some,
        ):
            found.add(row[0])
    for some, spans in product(
        chunks(sorted(ways), _PAIRS_A_STATEMENT), chunks(sorted(times), _PAIRS_A_STATEMENT)
    ):
        # CROSS JOIN keeps SQLite to this order; PostgreSQL chooses its own.
        for row in fetch(
            f"WITH way (caller, number) AS (VALUES {_pairs(some)}), "
            f"span (from_us, to_us) AS (VALUES {_pairs(spans)}) "
            "SELECT h.id FROM span CROSS JOIN tollbook_hold h WHERE h.call_id IS NULL "
            "AND h.placed_us BETWEEN span.from_us AND span.to_us "
            "AND (h.caller, h.number) IN (SELECT caller, number FROM way)",
            (*chain.from_iterable(some), *chain.from_iterable(spans)),
        ):
            found.add(row[0])
    return holds_by_id(found)


def mark_estimated(before_us: int) -> int:
    """Mark what was settled before an instant and has no record yet; return how many."""
    with current_connection().cursor() as cursor:
        cursor.execute(
            "UPDATE tollbook_hold SET estimated = %s WHERE call_id IS NULL AND state = 'captured' "
            "AND NOT estimated AND ended_us <= %s",
            (True, before_us),
        )
        return int(cursor.rowcount)


def holds_with_reserves() -> list[Hold]:
    """Return the holds that budgets count and no call does: pending ones, and those that ended
    before their record came."""
    ids = fetch(
        "SELECT id FROM tollbook_hold WHERE reserved <> '' "
        "AND (state = 'pending' OR call_id IS NULL) ORDER BY id",
        (),
    )
    return list(holds_by_id([row[0] for row in ids]).values())


def overdue_holds(at_us: int, *, limit: int = 500) -> list[Hold]:
    """Return the pending holds whose time is over at *at_us*, the oldest first."""
    ids = [
        row[0]
        for row in fetch(
            "SELECT id FROM tollbook_hold WHERE state = 'pending' AND expires_us <= %s "
            "ORDER BY expires_us, id LIMIT %s",
            (at_us, limit),
        )
    ]
    found = holds_by_id(ids)
    return [found[hold_id] for hold_id in ids]


_COLUMNS = (
    "h.key, h.content_hash, a.kind, a.name, a.currency, h.amount_micros, h.placed_us, "
    "h.expires_us, h.switch_call_id, h.pbx_id, h.extension_id, h.account_code_id, h.caller, "
    "h.number, h.limit_s, h.answer, h.reserved, h.id, h.account_id, h.captured_micros, h.state, "
    "h.entry_id, h.call_id, h.answered_us, h.talk_s"
)


def _stored(column: str, values: Sequence[Any]) -> list[Hold]:
    return [
        Hold._make((*row[:2], row[2:5], *row[5:16], Reserved.read(row[16]), *row[17:]))
        for some in chunks(values, _VALUES_A_STATEMENT)
        for row in fetch(
            f"SELECT {_COLUMNS} FROM tollbook_hold h JOIN tollbook_account a "
            f"ON a.id = h.account_id WHERE {column} IN ({marks(some)})",
            some,
        )
    ]


def _accounts_moved(captures: Sequence[Capture]) -> set[AccountKey]:
    """Return every account that *captures* move, the system's too: all are locked in one order."""
    moved = {capture.hold.account for capture in captures}
    for capture in captures:
        if capture.charge is not None and capture.charge.micros:
            kind, name, _ = capture.hold.account
            moved |= {REVENUE.key(capture.charge.currency), (kind, name, capture.charge.currency)}
    return moved


def _post(captures: Sequence[Capture]) -> list[int | None]:
    """Post the entries of the charges; return their ids, None where no money moves."""
    entries = [capture.entry() for capture in captures]
    posted = iter(post_entries([one for one in entries if one is not None]))
    return [next(posted).entry_id if entry else None for entry in entries]


def _end(rows: Sequence[tuple[Any, ...]]) -> None:
    with current_connection().cursor() as cursor:
        cursor.executemany(
            "UPDATE tollbook_hold SET state = %s, ended_us = %s, captured_micros = %s, "
            "entry_id = %s, call_id = %s, answered_us = %s, talk_s = %s, estimated = %s "
            "WHERE id = %s",
            rows,
        )


def _note_used(ended: Iterable[tuple[Hold, int, int, tuple[tuple[str, int], ...]]]) -> None:
    """Let ended holds say what they used of budgets, in millionths and seconds, and spent of
    bundles, not what they set aside: a record that comes later corrects exactly that."""
    rows = [
        (
            replace(
                hold.reserved,
                budgets=tuple(
                    part._replace(micros=micros, seconds=seconds) for part in hold.reserved.budgets
                ),
                spent=spent,
            ).as_json(),
            hold.id,
        )
        for hold, micros, seconds, spent in ended
        if hold.reserved.budgets or spent
    ]
    if rows:
        with current_connection().cursor() as cursor:
            cursor.executemany("UPDATE tollbook_hold SET reserved = %s WHERE id = %s", rows)


def _require_pending(holds: Iterable[Hold]) -> None:
    for hold in holds:
        if hold.state != "pending":
            raise HoldEnded(hold.key, hold.state)


def _pairs(values: Collection[object]) -> str:
    return ", ".join(["(%s, %s)"] * len(values))
