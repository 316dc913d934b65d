"""What billing reads and writes of stored calls: who pays, fees.

Only what is asked for by the ids of a batch is read, so that a batch costs the same whatever
else is stored. Source: docs/algorithms/ledger.md, "Records and money".
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from tollbook.core.ledger import CallToBill
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.sql import charge_in_force, chunks, fetch, fetch_one, marks

_VALUES_A_STATEMENT = 500


class Switches(NamedTuple):
    """What of billing is in use at all; queries for what is unused are skipped."""

    payers: bool
    budgets: bool
    fees: bool
    holds: bool


class CodeFee(NamedTuple):
    """What an account code asks an hour, in millionths, by the unit in seconds."""

    hourly_micros: int
    unit_s: int


class RunPrice(NamedTuple):
    """What a re-rating made of a call's price, in millionths; nothing is "" as a currency.

    `was_priced` says whether there was a charge before, be it without an amount.
    """

    call_id: int
    begin_us: int
    talk_s: int
    extension_id: int | None
    department_id: int | None
    owner_id: int | None
    new_micros: int
    new_currency: str
    was_priced: bool
    old_micros: int
    old_currency: str


class FeeRow(NamedTuple):
    """A fee as it is stored, less its id."""

    call_id: int
    run: int
    account_code_id: int | None
    hourly_micros: int
    unit_s: int
    units: int
    amount_micros: int
    currency: str


_SWITCHES = (
    "SELECT EXISTS (SELECT 1 FROM tollbook_extension WHERE billing) "
    "OR EXISTS (SELECT 1 FROM tollbook_owner WHERE billing) "
    "OR EXISTS (SELECT 1 FROM tollbook_department WHERE billing), "
    "EXISTS (SELECT 1 FROM tollbook_budget), "
    "EXISTS (SELECT 1 FROM tollbook_account_code WHERE fee_micros IS NOT NULL), "
    "EXISTS (SELECT 1 FROM tollbook_hold WHERE call_id IS NULL)"
)


def switches() -> Switches:
    """Return what is in use: one statement, to be asked once a batch."""
    row = fetch_one(_SWITCHES, ()) or (False,) * 4
    return Switches(*map(bool, row))


def calls_to_bill(ids: Sequence[int]) -> list[CallToBill]:
    """Return the calls with their charges in force, by id."""
    in_force = charge_in_force("h", call="c.id")
    return [
        CallToBill(*row)
        for some in chunks(sorted(ids), _VALUES_A_STATEMENT)
        for row in fetch(
            "SELECT c.id, c.pbx_id, c.begin_us, c.answer_us, c.end_us, c.ring_ms, "
            "c.talk_ms, c.answered, c.direction, c.caller, c.dialled, c.callee, c.extension_id, "
            "coalesce(x.number, ''), c.department_id, c.account_code, c.account_code_ref_id, "
            "c.owner_id, c.pbx_call_id, s.currency, h.id, h.amount_micros, "
            "coalesce(h.currency, '') FROM tollbook_call c "
            "JOIN tollbook_site s ON s.id = c.site_id "
            "LEFT JOIN tollbook_extension x ON x.id = c.extension_id "
            f"LEFT JOIN tollbook_charge h ON {in_force} "
            f"WHERE c.id IN ({marks(some)}) ORDER BY c.id",
            some,
        )
    ]


def prices_of_run(ids: Sequence[int], *, run: int) -> list[RunPrice]:
    """Return the calls of which *run* has stored a charge, with that and the one before it."""
    return [
        RunPrice(*row)
        for some in chunks(sorted(set(ids)), _VALUES_A_STATEMENT)
        for row in fetch(
            "SELECT c.id, c.begin_us, (coalesce(c.talk_ms, 0) + 999) / 1000, c.extension_id, "
            "c.department_id, c.owner_id, coalesce(n.amount_micros, 0), n.currency, "
            "o.id IS NOT NULL, coalesce(o.amount_micros, 0), coalesce(o.currency, '') "
            "FROM tollbook_call c "
            "JOIN tollbook_charge n ON n.call_id = c.id AND n.kind = 'charge' AND n.run = %s "
            "LEFT JOIN tollbook_charge o ON o.call_id = c.id AND o.kind = 'charge' "
            "AND o.run = (SELECT max(p.run) FROM tollbook_charge p WHERE p.call_id = c.id "
            "AND p.kind = 'charge' AND p.run < %s) "
            f"WHERE c.id IN ({marks(some)}) ORDER BY c.id",
            (run, run, *some),
        )
    ]


def fees_are_used() -> bool:
    """Say whether any code asks a fee, or any call ever owed one."""
    row = fetch_one(
        "SELECT EXISTS (SELECT 1 FROM tollbook_account_code WHERE fee_micros IS NOT NULL) "
        "OR EXISTS (SELECT 1 FROM tollbook_fee)",
        (),
    )
    return bool(row and row[0])


def set_codes(codes: Mapping[int, tuple[int | None, str, int | None]]) -> None:
    """Give calls an account code: its id, its text and its owner's id, by the call's id."""
    with current_connection().cursor() as cursor:
        cursor.executemany(
            "UPDATE tollbook_call SET account_code_ref_id = %s, account_code = %s, owner_id = %s "
            "WHERE id = %s",
            [(*code, call_id) for call_id, code in sorted(codes.items())],
        )


def codes_by_id(ids: Collection[int]) -> dict[int, tuple[int, str, int | None]]:
    """Return id, text and owner's id of account codes."""
    return {
        row[0]: (row[0], row[1], row[2])
        for some in chunks(sorted(ids), _VALUES_A_STATEMENT)
        for row in fetch(
            f"SELECT id, code, owner_id FROM tollbook_account_code WHERE id IN ({marks(some)})",
            some,
        )
    }


def fees_of_codes(ids: Collection[int]) -> dict[int, CodeFee]:
    """Return what these account codes ask an hour; codes without a fee are left out."""
    return {
        code_id: CodeFee(hourly_micros, unit_s)
        for some in chunks(sorted(ids), _VALUES_A_STATEMENT)
        for code_id, hourly_micros, unit_s in fetch(
            "SELECT id, fee_micros, fee_unit_s FROM tollbook_account_code "
            f"WHERE fee_micros IS NOT NULL AND id IN ({marks(some)})",
            some,
        )
    }


def fees_in_force(call_ids: Sequence[int]) -> dict[int, FeeRow]:
    """Return the newest fee of each of these calls that ever had one."""
    # In ascending order of runs: the last one is in force.
    return {
        row[0]: FeeRow(*row)
        for some in chunks(call_ids, _VALUES_A_STATEMENT)
        for row in fetch(
            f"SELECT {', '.join(FeeRow._fields)} FROM tollbook_fee "
            f"WHERE call_id IN ({marks(some)}) ORDER BY call_id, run",
            some,
        )
    }


def insert_fees(fees: Sequence[FeeRow]) -> None:
    """Store new fees."""
    if not fees:
        return
    engine = bulk_engine()
    columns = dict(zip(FeeRow._fields, zip(*fees, strict=True), strict=True))
    engine.insert("tollbook_fee", {"id": engine.take_ids("tollbook_fee", len(fees)), **columns})


def mark_recorded(call_of: Mapping[int, int]) -> None:
    """Note, for holds that have ended, which call's record has come for them."""
    with current_connection().cursor() as cursor:
        cursor.executemany(
            "UPDATE tollbook_hold SET call_id = %s WHERE id = %s AND call_id IS NULL",
            [(call_id, hold_id) for hold_id, call_id in sorted(call_of.items())],
        )


def entry_amounts(entry_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Return what customers paid by each of these entries: millionths and currency."""
    return {
        entry_id: (-micros, currency)
        for some in chunks(sorted(set(entry_ids)), _VALUES_A_STATEMENT)
        for entry_id, micros, currency in fetch(
            "SELECT p.entry_id, p.amount_micros, a.currency FROM tollbook_posting p "
            "JOIN tollbook_account a ON a.id = p.account_id "
            f"WHERE a.kind <> 'system' AND p.entry_id IN ({marks(some)})",
            some,
        )
    }


def credits_of(holders: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Return the credit in millionths of extensions, departments and owners, by kind and id."""
    return {
        (kind, holder_id): credit_micros
        for kind in ("extension", "department", "owner")
        for some in chunks(
            sorted(holder for of_kind, holder in holders if of_kind == kind), _VALUES_A_STATEMENT
        )
        for holder_id, credit_micros in fetch(
            f"SELECT id, credit_micros FROM tollbook_{kind} WHERE id IN ({marks(some)})", some
        )
    }
