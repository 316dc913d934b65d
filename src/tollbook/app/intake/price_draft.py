"""Prices a draft's calls one by one: each gets a charge, and a cost where that is asked."""

from collections.abc import Iterable, Iterator
from itertools import compress

from tollbook.app.pricing.rater import Billable, Rater
from tollbook.core.batch import CallBatch, ChargeColumns, ChargeValues
from tollbook.core.calls import DIRECTIONS
from tollbook.core.dialplan import unbilled_reason

# What a call's direction, whether it was answered and whether nobody talked say of its price.
_PRICED = frozenset(
    (code, answered, silent)
    for code, direction in enumerate(DIRECTIONS)
    for answered in (True, False, None)
    for silent in (True, False)
    if not unbilled_reason(direction, answered=answered, talk_ms=0 if silent else 1)
)


def price_draft(rater: Rater, draft: CallBatch) -> None:
    """Add to *draft* what each of its calls is charged, and costs where that is asked."""
    calls = draft.calls
    wanted = [
        (direction, answered, talk_ms == 0) in _PRICED
        for direction, answered, talk_ms in zip(
            calls.direction, calls.answered, calls.talk_ms, strict=True
        )
    ]
    found: list[tuple[int, ChargeValues]] = []
    for at, call in billables(rater, draft, wanted):
        found += [(at, rater.charge(call, kind)) for kind in rater.kinds]
    _extend(draft.charges, found)


def billables(
    rater: Rater, draft: CallBatch, wanted: Iterable[bool]
) -> Iterator[tuple[int, Billable]]:
    """Yield the calls that are *wanted*, one a call, as pricing sees them, with their index."""
    calls = draft.calls
    department_of = rater.department_of  # Bound once: this loop is the import's.
    columns = zip(
        calls.talk_ms,
        calls.answer_us,
        calls.begin_us,
        calls.callee,
        calls.dialled,
        calls.caller,
        draft.extensions,
        draft.trunks,
        calls.account_code,
        calls.source_ip,
        calls.pulses,
        strict=True,
    )
    for at, (
        talk_ms, answer_us, begin_us, callee, dialled, caller, extension, trunk, code, ip, pulses
    ) in compress(enumerate(columns), wanted):  # fmt: skip
        yield (
            at,
            Billable(
                begin_us if answer_us is None else answer_us,
                talk_ms,
                callee,
                dialled or callee,
                caller,
                extension,
                department_of(extension),
                trunk,
                code,
                ip,
                pulses,
            ),
        )


def _extend(charges: ChargeColumns, found: list[tuple[int, ChargeValues]]) -> None:
    if found:
        indexes, priced = zip(*found, strict=True)
        charges.call.extend(indexes)
        for column, values in zip(charges.lists()[1:], zip(*priced, strict=True), strict=True):
            column.extend(values)
