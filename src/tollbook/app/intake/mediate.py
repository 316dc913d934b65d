"""Mediation: what a PBX recorded becomes a call of the site.

The dial plan gives direction, callee, call type and destination; the extension that is billed
and the trunk are found; each call gets the hash by which the same call is recognised when it
comes again. Pure: it works from `Rules`, so a worker process can do it.

Source: docs/algorithms/mediation.md.
"""

from collections.abc import Sequence
from hashlib import blake2b
from struct import unpack
from typing import NamedTuple

from tollbook.app.intake.cdr_columns import columns_of
from tollbook.app.pricing.pbx_rules import Rules
from tollbook.core.batch import BATCH_RECORDS, CallBatch, CallColumns
from tollbook.core.calls import (
    DIRECTION_CODES,
    Cdr,
    CdrColumns,
    Outcome,
    Part,
    RejectedRecord,
    Skip,
)
from tollbook.core.dialplan import CallerNumber, Resolver
from tollbook.core.instants import to_us
from tollbook.core.numbers import strip_decoration

CALL, PART, SKIP, REJECT = 1, 2, 3, 4  # The kinds of a raw record.
MAX_REASON = 64
MAX_TRUNK = 120
_MINUTE_US = 60_000_000
_REMEMBERED = 100_000
# What a stored call takes over from the record; the dial plan decides the other three.
_AS_RECORDED = tuple(
    name
    for name in CallColumns.names()
    if name in CdrColumns.__slots__ and name not in {"direction", "caller", "callee"}
)


# How calls went, what their numbers and devices say together, a list each: direction, caller,
# callee, call type, destination, trunk and billed extension; "" is unknown.
RouteColumns = tuple[Sequence[str], ...]


class CalledParty(NamedTuple):
    """What a call reached, whoever called.

    `extension` is billed if the call came in; `line` is the trunk over which it went out.
    """

    direction: str
    callee: str
    call_type: str
    destination: str
    extension: str
    line: str


class Mediator:
    """Turns one PBX's records into calls; memoises callers and goals by their numbers."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._resolver = Resolver(rules.plan, telephones=rules.extensions)
        # Who called, and the trunk over which they call if they call in.
        self._callers: dict[tuple[str, str], tuple[CallerNumber, str]] = {}
        self._goals: dict[tuple[str, str, str, str, str], CalledParty] = {}
        # Records of a joined call, by their line: its last record comes right behind them.
        self._parts: dict[int, tuple[int, int]] = {}

    def drafts(self, outcomes: Sequence[Outcome], *, segment_id: int) -> list[CallBatch]:
        """Return what *outcomes*, in their order, come to, in steps fit for one bulk write."""
        return [
            self.draft(outcomes[begin : begin + BATCH_RECORDS], segment_id=segment_id)
            for begin in range(0, len(outcomes), BATCH_RECORDS)
        ]

    def draft(self, outcomes: Sequence[Outcome], *, segment_id: int) -> CallBatch:
        """Return what *outcomes* come to, at most 500 records."""
        draft = CallBatch(segment_id)
        calls = []
        for outcome in outcomes:
            if not isinstance(outcome, Cdr):
                self._add_other(draft, outcome)
            elif outcome.start or outcome.answer or outcome.end:
                calls.append(outcome)
            else:
                _add_reject(draft, _timeless(outcome))
        if calls:
            cdrs = columns_of(calls)
            self.add_calls(draft, cdrs, self.ways(cdrs))
        return draft

    def ways(self, cdrs: CdrColumns) -> RouteColumns:
        """Return how the calls went; there must be some."""
        callers, goals, shown = self._callers, self._goals, self._resolver.shown
        found: list[tuple[str, ...]] = []
        for caller, near, dialled, callee, far, trunk, said in zip(
            cdrs.caller,
            cdrs.caller_device,
            cdrs.dialled,
            cdrs.callee,
            cdrs.callee_device,
            cdrs.trunk,
            cdrs.direction,
            strict=True,
        ):
            who, way_in = callers.get((caller, near)) or self.who(caller, near)
            goal = goals.get((dialled, callee, far, said, who.kind)) or self.goal(
                who, dialled, callee, far, said
            )
            direction, reached, call_type, destination, inside, way_out = goal
            if direction == "in":
                number, line, extension = shown(who, "in"), trunk or way_in, inside
            else:
                number, line, extension = who.own, trunk or way_out, who.extension
            found.append((direction, number, reached, call_type, destination, line, extension))
        return tuple(zip(*found, strict=True))

    def shown_in(self, who: CallerNumber) -> str:
        """Return the number by which somebody is known who calls from outside."""
        return self._resolver.shown(who, "in")

    def who(self, number: str, device: str) -> tuple[CallerNumber, str]:
        """Return who called, and the trunk over which they call if they call in.

        A telephone may show another number than its own: the device tells whose it is.
        """
        phone = self.telephone(device)
        at_desk = phone and not self._resolver.is_extension(number)
        found = self._resolver.caller(phone if at_desk else number), "" if phone else device
        if len(self._callers) >= _REMEMBERED:
            self._callers.clear()
        self._callers[number, device] = found
        return found

    def goal(
        self, who: CallerNumber, dialled: str, callee: str, device: str, said: str
    ) -> CalledParty:
        """Return what callers of the kind of *who* reached; *said* is the record's direction.

        Seen from inside, the telephone that rang counts.
        """
        phone = self.telephone(device)
        target = self._resolver.target(dialled, callee)
        rang = said in ("", "in") and phone and not self._resolver.is_extension(callee or dialled)
        if rang:
            target = self._resolver.target(dialled, phone)
        direction, reached, call_type, destination, _ = self._resolver.way(who, target, said)
        found = CalledParty(
            direction=direction,
            callee=reached,
            call_type=call_type,
            destination=destination,
            extension=target.extension,
            line="" if phone or direction == "internal" else device,
        )
        if len(self._goals) >= _REMEMBERED:
            self._goals.clear()
        self._goals[dialled, callee, device, said, who.kind] = found
        return found

    def telephone(self, device: str) -> str:
        """Return the extension whose telephone *device* is, as 101 of "PJSIP/101", else ""."""
        name = device.rpartition("/")[2]
        return name if name and self._resolver.is_extension(name) else ""

    def add_calls(self, draft: CallBatch, cdrs: CdrColumns, ways: RouteColumns) -> None:
        """Add calls that went so to *draft*."""
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
        directions, callers, callees, call_types, destinations, trunks, extensions = ways
        calls.direction.extend(map(DIRECTION_CODES.__getitem__, directions))
        calls.caller.extend(callers)
        calls.callee.extend(callees)
        calls.call_type.extend(call_types)
        calls.destination.extend(destinations)
        calls.dedupe_hash.extend(dedupe_hashes(cdrs, begins))
        draft.trunks.extend([trunk[:MAX_TRUNK] for trunk in trunks])
        draft.extensions.extend(extensions)
        calls.legs_count.extend([1] * len(cdrs))
        for at, of_call in cdrs.legs.items():
            calls.legs_count[first_call + at] = len(of_call)
        _add_legs(draft, cdrs, first_call)
        self._add_joined(draft, cdrs, first_call)

    def _add_joined(self, draft: CallBatch, cdrs: CdrColumns, first_call: int) -> None:
        for at, lines in cdrs.lines.items():
            parts = [part for line in lines if (part := self._parts.pop(line, None)) is not None]
            if not parts:
                continue  # Several lines, but one record.
            for segment_id, offset in [*parts, (draft.segment_id, cdrs.offset[at])]:
                draft.joined.call.append(first_call + at)
                draft.joined.segment_id.append(segment_id)
                draft.joined.offset.append(offset)

    def _add_other(self, draft: CallBatch, outcome: Part | Skip | RejectedRecord) -> None:
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
    digests = []
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
        digests.append(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    return list(unpack(f">{len(digests)}q", b"".join(digests)))


def _timeless(call: Cdr) -> RejectedRecord:
    """Return the reject for a call with no instant at all: it cannot be listed or priced."""
    line = call.lines[-1] if call.lines else 0
    message = (
        f"line {line}: the record names no start, no answer and no end, so the call has no "
        "place in time. It is in quarantine and was not charged."
    )
    return RejectedRecord(line, call.last_offset, call.end_offset, b"", "call.no_instant", message)


def _extend_records(draft: CallBatch, cdrs: CdrColumns) -> None:
    records = draft.records
    records.offset.extend(cdrs.offset)
    records.length.extend(cdrs.length)
    records.line.extend(cdrs.line)
    records.kind.extend([CALL] * len(cdrs))
    records.reason.extend([""] * len(cdrs))


def _add_record(
    draft: CallBatch, outcome: Part | Skip | RejectedRecord, kind: int, reason: str
) -> None:
    records = draft.records
    records.offset.append(outcome.offset)
    records.length.append(outcome.end_offset - outcome.offset)
    records.line.append(outcome.line)
    records.kind.append(kind)
    records.reason.append(reason[:MAX_REASON])


def _add_reject(draft: CallBatch, reject: RejectedRecord) -> None:
    draft.rejects.record.append(len(draft.records))
    draft.rejects.raw.append(reject.raw)
    draft.rejects.reason.append(reject.reason)
    draft.rejects.message.append(reject.message)
    _add_record(draft, reject, REJECT, reject.reason)


def _add_legs(draft: CallBatch, cdrs: CdrColumns, first_call: int) -> None:
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
