"""Fees of account codes: a line of its own for each call that bears a code with one (EBC-41).

A fee is written with its call. When the code of a call is corrected, or the calls are rated again
after a fee was changed, a new generation is written beside it; the newest holds.

Source: docs/algorithms/fees.md.
"""

from collections.abc import Iterable

from tollbook.core.charging.fees import HourlyFee, fee_of
from tollbook.core.ledger import CallToBill
from tollbook.storage.billing.calls_to_bill import (
    CodeFee,
    FeeRow,
    fees_in_force,
    fees_of_codes,
    insert_fees,
)
from tollbook.storage.models.calls import DirectionCode


def write_fees(calls: Iterable[CallToBill]) -> int:
    """Write the fee of each call that owes one, or owes another than before; return how many."""
    asked = list(calls)
    codes = fees_of_codes({call.account_code_id for call in asked if call.account_code_id})
    before = fees_in_force([call.id for call in asked])
    new = []
    for call in asked:
        old = before.get(call.id)
        fee = _fee(call, codes.get(call.account_code_id or 0), run=old.run + 1 if old else 0)
        if old is None and fee.units == 0:
            continue
        if old is None or old[2:] != fee[2:]:
            new.append(fee)
    insert_fees(new)
    return len(new)


def _fee(call: CallToBill, code: CodeFee | None, *, run: int) -> FeeRow:
    """Return what *call* owes now; a fee of no units where it owes none."""
    owes = call.answered is not False and call.direction != DirectionCode.INTERNAL and call.talk_ms
    if code is None or not owes:
        return FeeRow(call.id, run, call.account_code_id, 0, 1, 0, 0, call.site_currency)
    owed = fee_of(call.talk_ms or 0, HourlyFee(code.hourly_micros, code.unit_s))
    return FeeRow(
        call.id,
        run,
        call.account_code_id,
        code.hourly_micros,
        code.unit_s,
        owed.units,
        owed.amount_micros,
        call.site_currency,
    )
