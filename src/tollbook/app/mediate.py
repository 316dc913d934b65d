"""Mediation: what a PBX recorded becomes a call of the site.

The dial plan gives direction, callee, call type and destination; the extension that is billed
and the trunk are found; each call gets the hash by which the same call is recognised when it
comes again. Pure: it works from `Rules`, so a worker process can do it.

Source: docs/algorithms/mediation.md.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from tollbook.app.columns import CdrColumns, columns_of, columns_of_block
from tollbook.app.draft import Draft
from tollbook.app.rules import Rules
from tollbook.core.calls import Cdr, Outcome, Part, Reject, Skip
from tollbook.core.dialplan import Caller, Resolver, Target
from tollbook.core.numbers import strip_decoration
from tollbook.formats.blocks import Block
from tollbook.storage.batch import BATCH_RECORDS
from tollbook.storage.instants import to_us

CALL, PART, SKIP, REJECT = 1, 2, 3, 4  # The kinds of a raw record.
DIRECTION_CODES = {"": 0, "in": 1, "out": 2, "internal": 3, "transit": 4}
MAX_REASON = 64
MAX_TRUNK = 120
_MINUTE_US = 60_000_000
_REMEMBERED = 100_000
_AS_RECORDED = (
    *("start_us", "answer_us", "end_us", "ring_ms", "talk_ms", "answered", "caller_name"),
    *("dialled", "callee_name", "account_code", "authorisation_code", "pbx_call_id"),
    *("source_ip", "pulses", "partial"),
)


# How a call went, what its numbers and devices say together: direction, caller, callee,
# call type, destination, trunk and billed extension; "" is unknown.
Way = tuple[str, str, str, str, str, str, str]


class _Who(NamedTuple):
    """Who called, and the extension whose telephone was used, if any."""

    caller: Caller
    phone: str


class _Goal(NamedTuple):
    """Who was called, for a call that came in and for others, and the extension that rang."""

    inside: Target
    outside: Target
    phone: str


class Mediator:
    """One PBX's records on their way to calls; remembers the numbers of the last ones."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._resolver = Resolver(rules.plan, telephones=rules.extensions)
        self._callers: dict[tuple[str, str], _Who] = {}
        self._goals: dict[tuple[str, str, str], _Goal] = {}
        # Records of a joined call, by their line: its last record comes right behind them.
        self._parts: dict[int, tuple[int, int]] = {}

    def drafts(self, outcomes: Sequence[Outcome], *, segment_id: int) -> list[Draft]:
        """Return what *outcomes*, in their order, come to, in steps fit for one bulk write."""
        return [
            self.draft(outcomes[begin : begin + BATCH_RECORDS], segment_id=segment_id)
            for begin in range(0, len(outcomes), BATCH_RECORDS)
        ]

    def draft(
        self, outcomes: Sequence[Outcome], *, segment_id: int, block: Block | None = None
    ) -> Draft:
        """Return what *outcomes* and the calls of *block* come to, at most 500 records."""
        draft = Draft(segment_id)
        calls = []
        for outcome in outcomes:
            if not isinstance(outcome, Cdr):
                self._add_other(draft, outcome)
            elif outcome.start or outcome.answer or outcome.end:
                calls.append(outcome)
            else:
                _add_reject(draft, _timeless(outcome))
        if calls:
            self._add_calls(draft, columns_of(calls))
        if block is not None and len(block):
            self._add_calls(draft, columns_of_block(block))
        return draft

    def ways(self, cdrs: CdrColumns) -> list[Way]:
        """Return how each call went."""
        callers, goals, reach = self._callers, self._goals, self._resolver.reach
        found: list[Way] = []
        for caller, caller_device, dialled, callee, callee_device, trunk, direction in zip(
            cdrs.caller,
            cdrs.caller_device,
            cdrs.dialled,
            cdrs.callee,
            cdrs.callee_device,
            cdrs.trunk,
            cdrs.direction,
            strict=True,
        ):
            who = callers.get((caller, caller_device)) or self._caller(caller, caller_device)
            key = (dialled, callee, callee_device)
            goal = goals.get(key) or self._goal(*key)
            target = goal.inside if direction in ("", "in") else goal.outside
            reached = reach(who.caller, target, direction)
            went, near, far, call_type, destination, _ = reached
            if went == "in":
                line = trunk or ("" if who.phone else caller_device)
                extension = target.extension
            else:
                over_line = not (trunk or goal.phone or went == "internal")
                line = callee_device if over_line else trunk
                extension = near if who.caller.is_extension else ""
            found.append((went, near, far, call_type, destination, line[:MAX_TRUNK], extension))
        return found

    def _caller(self, number: str, device: str) -> "_Who":
        """Return who called.

        A telephone may show another number than its own: the device tells whose it is.
        """
        phone = self._telephone(device)
        shown = phone if phone and not self._resolver.is_extension(number) else number
        found = _Who(self._resolver.caller(shown), phone)
        if len(self._callers) >= _REMEMBERED:
            self._callers.clear()
        self._callers[number, device] = found
        return found

    def _goal(self, dialled: str, callee: str, device: str) -> "_Goal":
        """Return who was called, seen from inside, where the telephone that rang counts."""
        phone = self._telephone(device)
        outside = inside = self._resolver.target(dialled, callee)
        if phone and not self._resolver.is_extension(callee or dialled):
            inside = self._resolver.target(dialled, phone)
        found = _Goal(inside, outside, phone)
        if len(self._goals) >= _REMEMBERED:
            self._goals.clear()
        self._goals[dialled, callee, device] = found
        return found

    def _telephone(self, device: str) -> str:
        """Return the extension whose telephone *device* is, as 101 of "PJSIP/101", else ""."""
        name = device.rpartition("/")[2]
        return name if name and self._resolver.is_extension(name) else ""

    def _add_calls(self, draft: Draft, cdrs: CdrColumns) -> None:
        ways = self.ways(cdrs)
        calls = draft.calls
        first_call, first_record = len(calls), len(draft.records)
        _extend_records(draft, cdrs)
        begins = [
            start if start is not None else answer if answer is not None else end
            for start, answer, end in zip(cdrs.start_us, cdrs.answer_us, cdrs.end_us, strict=True)
        ]
        calls.record.extend(range(first_record, first_record + len(cdrs)))
        calls.begin_us.extend(begins)  # type: ignore[arg-type]  # timeless calls are rejected
        for name in _AS_RECORDED:
            getattr(calls, name).extend(getattr(cdrs, name))
        directions, callers, callees, call_types, destinations, trunks, extensions = zip(
            *ways, strict=True
        )
        calls.direction.extend(map(DIRECTION_CODES.__getitem__, directions))
        calls.caller.extend(callers)
        calls.callee.extend(callees)
        calls.call_type.extend(call_types)
        calls.destination.extend(destinations)
        calls.dedupe_hash.extend(dedupe_hashes(cdrs, begins))
        draft.trunks.extend(trunks)
        draft.extensions.extend(extensions)
        calls.legs_count.extend([1] * len(cdrs))
        for at, of_call in cdrs.legs.items():
            calls.legs_count[first_call + at] = len(of_call)
        _add_legs(draft, cdrs, first_call)
        self._add_joined(draft, cdrs, first_call)

    def _add_joined(self, draft: Draft, cdrs: CdrColumns, first_call: int) -> None:
        for at, lines in cdrs.lines.items():
            parts = [part for line in lines if (part := self._parts.pop(line, None)) is not None]
            if not parts:
                continue  # Several lines, but one record.
            for segment_id, offset in [*parts, (draft.segment_id, cdrs.offset[at])]:
                draft.joined.call.append(first_call + at)
                draft.joined.segment_id.append(segment_id)
                draft.joined.offset.append(offset)

    def _add_other(self, draft: Draft, outcome: Part | Skip | Reject) -> None:
        if isinstance(outcome, Part):
            self._parts[outcome.line] = (draft.segment_id, outcome.offset)
            _add_record(draft, outcome, PART, "")
        elif isinstance(outcome, Skip):
            _add_record(draft, outcome, SKIP, outcome.why)
        else:
            _add_reject(draft, outcome)


def dedupe_hashes(cdrs: CdrColumns, begins: Sequence[int | None]) -> list[int]:
    """Return a signed 64-bit number a call, equal where AMB-40 sees the same call again.

    It holds what the record says and nothing that a dial plan adds, so that a plan changed in
    between makes no call new. With the PBX's id for the call: the id and what tells apart the
    records of one id. Without: who called whom, and where the stamp shows no seconds also talk
    and trunk, because two true calls fit into one minute.
    """
    hashes = []
    for call_id, begin_us, caller, callee, dialled, talk_ms, answer_us, trunk, near, far in zip(
        cdrs.pbx_call_id,
        begins,
        cdrs.caller,
        cdrs.callee,
        cdrs.dialled,
        cdrs.talk_ms,
        cdrs.answer_us,
        cdrs.trunk,
        cdrs.caller_device,
        cdrs.callee_device,
        strict=True,
    ):
        whom = callee or dialled
        if call_id:
            key = f"{call_id}\0{caller}\0{whom}\0{talk_ms}\0{answer_us}\0{trunk}\0{near}\0{far}"
        else:
            key = f"\0{strip_decoration(caller)}\0{strip_decoration(whom)}"
            if begin_us is not None and begin_us % _MINUTE_US == 0:
                key = f"{key}\0{talk_ms}\0{trunk}"
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        hashes.append(int.from_bytes(digest, "big", signed=True))
    return hashes


def _timeless(call: Cdr) -> Reject:
    """Return the reject for a call with no instant at all: it cannot be listed or priced."""
    line = call.lines[-1] if call.lines else 0
    message = (
        f"line {line}: the record names no start, no answer and no end, so the call has no "
        "place in time. It is in quarantine and was not charged."
    )
    return Reject(line, call.last_offset, call.end_offset, b"", "call.no_instant", message)


def _extend_records(draft: Draft, cdrs: CdrColumns) -> None:
    records = draft.records
    records.offset.extend(cdrs.offset)
    records.length.extend(cdrs.length)
    records.line.extend(cdrs.line)
    records.kind.extend([CALL] * len(cdrs))
    records.reason.extend([""] * len(cdrs))


def _add_record(draft: Draft, outcome: Part | Skip | Reject, kind: int, reason: str) -> None:
    records = draft.records
    records.offset.append(outcome.offset)
    records.length.append(outcome.end_offset - outcome.offset)
    records.line.append(outcome.line)
    records.kind.append(kind)
    records.reason.append(reason[:MAX_REASON])


def _add_reject(draft: Draft, reject: Reject) -> None:
    draft.rejects.record.append(len(draft.records))
    draft.rejects.raw.append(reject.raw)
    draft.rejects.reason.append(reject.reason)
    draft.rejects.message.append(reject.message)
    _add_record(draft, reject, REJECT, reject.reason)


def _add_legs(draft: Draft, cdrs: CdrColumns, first_call: int) -> None:
    legs = draft.legs
    for at, of_call in cdrs.legs.items():
        for position, leg in enumerate(of_call):
            legs.call.append(first_call + at)
            legs.position.append(position)
            legs.party.append(leg.party or "")
            legs.role.append(leg.role or "")
            legs.start_us.append(None if leg.start is None else to_us(leg.start))
            legs.answer_us.append(None if leg.answer is None else to_us(leg.answer))
            legs.end_us.append(None if leg.end is None else to_us(leg.end))
            legs.talk_ms.append(None if leg.talk_s is None else int(leg.talk_s * 1000))
