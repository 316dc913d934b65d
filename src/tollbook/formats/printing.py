"""Outcomes as plain dictionaries, with exactly the keys that `tollbook parse` prints.

Source: docs/manual/formats.md, "What comes out".
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from tollbook.core.calls import Cdr, CdrLeg, Outcome, Part, QueueVisit, RejectedRecord, Skip

Plain = dict[str, Any]


def outcome_to_plain(outcome: Outcome) -> Plain:
    """Return *outcome* as one object whose only key says what it is."""
    match outcome:
        case Cdr():
            return {"call": call_to_plain(outcome)}
        case Skip():
            return {"skip": {"line": outcome.line, "why": outcome.why}}
        case Part():
            return {"part": {"line": outcome.line}}
        case RejectedRecord():
            return {
                "reject": {
                    "line": outcome.line,
                    "offset": outcome.offset,
                    "raw": outcome.raw.decode("latin-1"),
                    "reason": outcome.reason,
                    "message": outcome.message,
                }
            }


def call_to_plain(call: Cdr) -> Plain:
    """Return a call with instants as ISO 8601 and lengths as numbers."""
    return {
        "start": _instant(call.start),
        "answer": _instant(call.answer),
        "end": _instant(call.end),
        "ring_s": _number(call.ring_s),
        "talk_s": _number(call.talk_s),
        "answered": call.answered,
        "direction": None if call.direction is None else str(call.direction),
        "caller": call.caller,
        "dialled": call.dialled,
        "callee": call.callee,
        "trunk": call.trunk,
        "account_code": call.account_code,
        "authorisation_code": call.authorisation_code,
        "pbx_call_id": call.pbx_call_id,
        "partial": call.partial,
        "source_ip": call.source_ip,
        "pulses": call.pulses,
        "queue": None if call.queue is None else _queue_to_plain(call.queue),
        "legs": [_leg_to_plain(leg) for leg in call.legs],
        "lines": list(call.lines),
    }


def _leg_to_plain(leg: CdrLeg) -> Plain:
    return {
        "party": leg.party,
        "role": leg.role,
        "start": _instant(leg.start),
        "answer": _instant(leg.answer),
        "end": _instant(leg.end),
        "talk_s": _number(leg.talk_s),
    }


def _queue_to_plain(queue: QueueVisit) -> Plain:
    return {
        "number": queue.number,
        "wait_s": _number(queue.wait_s),
        "agent": queue.agent,
        "outcome": None if queue.outcome is None else str(queue.outcome),
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _number(length_s: int | Decimal | None) -> int | float | None:
    # JSON has one kind of number; a float prints these few digits as the Decimal holds them.
    return float(length_s) if isinstance(length_s, Decimal) else length_s
