"""What the calls of an account code cost, by date: charges in force, and fees beside them.

A code has no account in the ledger: whoever pays its calls has. What it cost adds up all the same.
"""

from collections.abc import Iterator, Sequence

from tollbook.storage.billing.statements import StatementLine
from tollbook.storage.db.sql import charge_in_force, chunks, fetch, fetch_one
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_log import call_ids
from tollbook.storage.reports.spend import call_totals

_IDS_A_STATEMENT = 500
_OF_CALL = "c.id, c.begin_us, coalesce(c.callee, ''), coalesce(c.destination, ''), c.talk_ms"
_FEE_IN_FORCE = (
    "f.units > 0 AND f.run = (SELECT max(n.run) FROM tollbook_fee n WHERE n.call_id = f.call_id)"
)


def code_lines(
    code_id: int, currency: str, *, from_us: int | None, to_us: int | None, opening_micros: int
) -> list[StatementLine]:
    """Return what the code's calls of the period cost in a currency, the oldest first.

    A call's fee follows its charge. Each line leaves what all before it and it come to.
    """
    wanted = CallFilter(from_us=from_us, to_us=to_us, account_code_id=code_id)
    found = sorted(_priced(code_id, currency, call_ids(wanted)))
    lines, total = [], opening_micros
    for begin_us, call_id, nth, callee, destination, talk_ms, amount in found:
        total += amount
        lines.append(
            StatementLine(
                line_id=2 * call_id + nth,
                entry_id=None,
                at_us=begin_us,
                kind="fee" if nth else "charge",
                reason="",
                call_id=call_id,
                callee=callee,
                destination=destination,
                talk_ms=talk_ms,
                amount_micros=amount,
                after_micros=total,
            )
        )
    return lines


def code_total_before(code_id: int, currency: str, before_us: int) -> int:
    """Return what the code's calls that began before an instant cost, in millionths."""
    earlier = CallFilter(to_us=before_us, account_code_id=code_id)
    charged = dict(call_totals(earlier).charges).get(currency, 0)
    fees = fetch_one(
        "SELECT CAST(coalesce(sum(f.amount_micros), 0) AS bigint) FROM tollbook_fee f "
        "JOIN tollbook_call c ON c.id = f.call_id WHERE f.account_code_id = %s "
        f"AND f.currency = %s AND c.begin_us < %s AND {_FEE_IN_FORCE}",
        (code_id, currency, before_us),
    )
    return charged + int(fees[0] if fees else 0)


def code_currencies(code_id: int) -> list[str]:
    """Return the currencies in which the code's calls were charged, by their codes."""
    charged = call_totals(CallFilter(account_code_id=code_id)).charges
    return sorted({currency for currency, _ in charged})


def _priced(
    code_id: int, currency: str, ids: Sequence[int]
) -> Iterator[tuple[int, int, int, str, str, int | None, int]]:
    """Yield (begin, call, 0 for its charge or 1 for its fee, callee, destination, talk, amount)."""
    in_force = charge_in_force("h", call="c.id")
    for some in chunks(ids, _IDS_A_STATEMENT):
        marks = ", ".join(["%s"] * len(some))
        charges = (
            f"SELECT {_OF_CALL}, h.amount_micros FROM tollbook_call c "
            f"JOIN tollbook_charge h ON {in_force} "
            f"WHERE h.currency = %s AND h.amount_micros IS NOT NULL AND c.id IN ({marks})"
        )
        fees = (
            f"SELECT {_OF_CALL}, f.amount_micros FROM tollbook_fee f "
            "JOIN tollbook_call c ON c.id = f.call_id "
            f"WHERE f.currency = %s AND {_FEE_IN_FORCE} AND f.account_code_id = %s "
            f"AND c.id IN ({marks})"
        )
        values: tuple[tuple[object, ...], ...] = ((currency, *some), (currency, code_id, *some))
        for nth, statement in enumerate((charges, fees)):
            for call_id, begin_us, callee, destination, talk_ms, amount in fetch(
                statement, values[nth]
            ):
                yield begin_us, call_id, nth, callee, destination, talk_ms, amount
