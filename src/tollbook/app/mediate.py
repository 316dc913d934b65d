"""Mediation: what a PBX recorded becomes a call of the site.

The dial plan gives direction, callee, call type and destination; the extension that is billed
and the trunk are found; each call gets the hash by which the same call is recognised when it
comes again. Pure: it works from `Rules` and pickles, so a worker process can do it.

Source: docs/algorithms/mediation.md.
"""

import itertools
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from tollbook.app.columns import CdrColumns, columns_of
from tollbook.app.draft import Draft
from tollbook.app.rate import PricedCall, Rater
from tollbook.app.rules import Rules
from tollbook.core.calls import Cdr, Outcome, Part, Reject, Skip
from tollbook.core.dialplan import Resolver, unbilled_reason
from tollbook.core.numbers import strip_decoration
from tollbook.storage.batch import BATCH_RECORDS
from tollbook.storage.instants import to_us

CALL, PART, SKIP, REJECT = 1, 2, 3, 4  # The kinds of a raw record.
DIRECTION_CODES = {"": 0, "in": 1, "out": 2, "internal": 3, "transit": 4}
MAX_REASON = 64
MAX_TRUNK = 120
_MINUTE_US = 60_000_000
_REMEMBERED = 200_000


class Way(NamedTuple):
    """How a call went: what its numbers and devices say together."""

    direction: str
    caller: str
    callee: str
    call_type: str
    destination: str
    trunk: str
    extension: str


class Mediator:
    """One PBX's records on their way to calls; remembers the ways of the last ones."""

    def __init__(self, rules: Rules, *, before: "Mediator | None" = None) -> None:
        """*before* is one whose compiled tariffs are taken over."""
        self.rules = rules
        self._resolver = Resolver(rules.plan)
        self._extensions = rules.extensions
        self.rater: Rater = Rater(rules, before=before.rater if before else None)
        self._ways: dict[tuple[str, ...], Way] = {}
        # Records of a joined call, by their line: its last record comes right behind them.
        self._parts: dict[int, tuple[int, int]] = {}

    def drafts(self, outcomes: Sequence[Outcome], *, segment_id: int) -> list[Draft]:
        """Return what *outcomes*, in their order, come to, in steps fit for one bulk write."""
        return [
            self.draft(outcomes[begin : begin + BATCH_RECORDS], segment_id=segment_id)
            for begin in range(0, len(outcomes), BATCH_RECORDS)
        ]

    def draft(self, outcomes: Sequence[Outcome], *, segment_id: int) -> Draft:
        """Return what at most 1,000 *outcomes* come to."""
        draft = Draft(segment_id)
        calls = []
        for outcome in outcomes:
            if isinstance(outcome, Cdr):
                if outcome.start or outcome.answer or outcome.end:
                    calls.append(outcome)
                else:
                    self._add_timeless(draft, outcome)
            else:
                self._add_other(draft, outcome)
        self._add_calls(draft, columns_of(calls))
        return draft

    def way(
        self,
        caller: str,
        caller_device: str,
        dialled: str,
        callee: str,
        callee_device: str,
        trunk: str,
        direction: str,
    ) -> Way:
        """Return how a call went that the record describes so."""
        key = (caller, caller_device, dialled, callee, callee_device, trunk, direction)
        known = self._ways.get(key)
        if known is None:
            if len(self._ways) >= _REMEMBERED:
                self._ways.clear()
            known = self._ways[key] = self._find_way(*key)
        return known

    def _find_way(
        self,
        caller: str,
        caller_device: str,
        dialled: str,
        callee: str,
        callee_device: str,
        trunk: str,
        direction: str,
    ) -> Way:
        caller_phone = self._telephone(caller_device)
        callee_phone = self._telephone(callee_device)
        # A telephone may show another number than its own: the device tells whose it is.
        if caller_phone and not self._is_extension(caller):
            caller = caller_phone
        if callee_phone and direction in ("", "in") and not self._is_extension(callee or dialled):
            callee = callee_phone
        reached = self._resolver.resolve(caller, dialled, callee, direction)
        if not trunk and reached.direction == "in":
            trunk = "" if caller_phone else caller_device
        elif not trunk and reached.direction != "internal":
            trunk = "" if callee_phone else callee_device
        billed = reached.callee if reached.direction == "in" else reached.caller
        return Way(
            reached.direction,
            reached.caller,
            reached.callee,
            reached.call_type,
            reached.destination,
            trunk[:MAX_TRUNK],
            billed if self._is_extension(billed) else "",
        )

    def _is_extension(self, number: str) -> bool:
        return number in self._extensions or self._resolver.is_extension(number)

    def _telephone(self, device: str) -> str:
        """Return the extension whose telephone *device* is, as 101 of "PJSIP/101", else ""."""
        name = device.rpartition("/")[2]
        return name if name and self._is_extension(name) else ""

    def _add_calls(self, draft: Draft, cdrs: CdrColumns) -> None:
        if not len(cdrs):
            return
        ways = list(
            map(
                self.way,
                cdrs.caller,
                cdrs.caller_device,
                cdrs.dialled,
                cdrs.callee,
                cdrs.callee_device,
                cdrs.trunk,
                cdrs.direction,
            )
        )
        first = len(draft.records)
        _extend_records(draft, cdrs)
        calls = draft.calls
        begins = [
            start if start is not None else answer if answer is not None else end
            for start, answer, end in zip(cdrs.start_us, cdrs.answer_us, cdrs.end_us, strict=True)
        ]
        calls.record.extend(range(first, first + len(cdrs)))
        calls.begin_us.extend(begins)  # type: ignore[arg-type]  # timeless calls are rejected
        for name in ("start_us", "answer_us", "end_us", "ring_ms", "talk_ms", "answered"):
            getattr(calls, name).extend(getattr(cdrs, name))
        for name in ("caller_name", "dialled", "callee_name", "account_code", "pulses", "partial"):
            getattr(calls, name).extend(getattr(cdrs, name))
        for name in ("authorisation_code", "pbx_call_id", "source_ip"):
            getattr(calls, name).extend(getattr(cdrs, name))
        calls.direction.extend(DIRECTION_CODES[way.direction] for way in ways)
        calls.caller.extend(way.caller for way in ways)
        calls.callee.extend(way.callee for way in ways)
        calls.call_type.extend(way.call_type for way in ways)
        calls.destination.extend(way.destination for way in ways)
        calls.dedupe_hash.extend(dedupe_hashes(cdrs, begins))
        draft.trunks.extend(way.trunk for way in ways)
        draft.extensions.extend(way.extension for way in ways)
        legs = [1] * len(cdrs)
        for at, of_call in cdrs.legs.items():
            legs[at] = len(of_call)
        calls.legs_count.extend(legs)
        self._add_joined(draft, cdrs)
        _add_legs(draft, cdrs)
        self._price(draft, cdrs, ways)

    def _price(self, draft: Draft, cdrs: CdrColumns, ways: Iterable[Way]) -> None:
        rows = zip(
            itertools.count(),
            ways,
            cdrs.answered,
            cdrs.talk_ms,
            cdrs.answer_us,
            draft.calls.begin_us,
            cdrs.dialled,
            cdrs.account_code,
            cdrs.source_ip,
            cdrs.pulses,
            strict=False,
        )
        for at, way, answered, talk_ms, answer_us, begin_us, dialled, code, ip, pulses in rows:
            if unbilled_reason(way.direction, answered=answered, talk_ms=talk_ms):
                continue
            call = PricedCall(
                answer_us if answer_us is not None else begin_us,
                talk_ms,
                way.callee,
                dialled or way.callee,
                way.caller,
                way.extension,
                way.trunk,
                code,
                ip,
                pulses,
            )
            self.rater.add(draft.charges, at, call)

    def _add_joined(self, draft: Draft, cdrs: CdrColumns) -> None:
        for at, lines in cdrs.lines.items():
            parts = [part for line in lines if (part := self._parts.pop(line, None)) is not None]
            if not parts:
                continue  # Several lines, but one record.
            for segment_id, offset in [*parts, (draft.segment_id, cdrs.offset[at])]:
                draft.joined.call.append(at)
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

    def _add_timeless(self, draft: Draft, call: Cdr) -> None:
        """Put a call with no instant at all into quarantine: it cannot be listed or priced."""
        line = call.lines[-1] if call.lines else 0
        message = (
            f"line {line}: the record names no start, no answer and no end, so the call has no "
            "place in time. It is in quarantine and was not charged."
        )
        _add_reject(
            draft,
            Reject(line, call.last_offset, call.end_offset, b"", "call.no_instant", message),
        )


def dedupe_hashes(cdrs: CdrColumns, begins: Sequence[int | None]) -> list[int]:
    """Return a signed 64-bit number a call, equal where AMB-40 sees the same call again.

    It holds what the record says and nothing that a dial plan adds, so that a plan changed in
    between makes no call new. With the PBX's id for the call: the id and what tells apart the
    records of one id. Without: who called whom, and where the stamp shows no seconds also talk
    and trunk, because two true calls fit into one minute.
    """
    hashes = []
    for at, call_id in enumerate(cdrs.pbx_call_id):
        caller = strip_decoration(cdrs.caller[at])
        callee = strip_decoration(cdrs.callee[at] or cdrs.dialled[at])
        if call_id:
            key = (
                f"{call_id}\x1f{caller}\x1f{callee}\x1f{cdrs.talk_ms[at]}\x1f{cdrs.answer_us[at]}"
                f"\x1f{cdrs.trunk[at]}\x1f{cdrs.caller_device[at]}\x1f{cdrs.callee_device[at]}"
            )
        elif (begins[at] or 0) % _MINUTE_US == 0:
            key = f"\x1f{caller}\x1f{callee}\x1f{cdrs.talk_ms[at]}\x1f{cdrs.trunk[at]}"
        else:
            key = f"\x1f{caller}\x1f{callee}"
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        hashes.append(int.from_bytes(digest, "big", signed=True))
    return hashes


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


def _add_legs(draft: Draft, cdrs: CdrColumns) -> None:
    legs = draft.legs
    for at, of_call in cdrs.legs.items():
        for position, leg in enumerate(of_call):
            legs.call.append(at)
            legs.position.append(position)
            legs.party.append(leg.party or "")
            legs.role.append(leg.role or "")
            legs.start_us.append(None if leg.start is None else to_us(leg.start))
            legs.answer_us.append(None if leg.answer is None else to_us(leg.answer))
            legs.end_us.append(None if leg.end is None else to_us(leg.end))
            legs.talk_ms.append(None if leg.talk_s is None else int(leg.talk_s * 1000))
