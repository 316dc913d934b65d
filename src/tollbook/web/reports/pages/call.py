"""One call as its page shows it: what happened, why this price, what the PBX wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from tollbook.app.pricing.explain_call import ExplainedCall, StoredCharge
from tollbook.app.reports.call_detail import CallDetail, LegRow, RawPlace
from tollbook.app.reports.call_log import CallRow
from tollbook.core.calls import DIRECTIONS
from tollbook.core.instants import from_us
from tollbook.core.money import format_amount, from_micros
from tollbook.documents.cells import clock
from tollbook.documents.charts import TimelineRow, time_line
from tollbook.web.pricing.pages.why import Why, reason_words
from tollbook.web.reports.pages.log_page import ShownCall
from tollbook.web.reports.pages.log_query import DIRECTION_WORDS
from tollbook.web.reports.pages.raw_record import ShownRecord, shown_record
from tollbook.web.templatetags.tollbook import call_type_words

TICKS = 4


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what is known of a call."""

    name: str
    value: str
    href: str = ""
    is_digits: bool = False


@dataclass(frozen=True, slots=True)
class ShownCharge:
    """One generation of the call's charge."""

    run_words: str
    tariff: str
    tariff_href: str
    amount: Decimal | None
    currency: str
    reason_words: str


@dataclass(frozen=True, slots=True)
class CallDetailPage:
    """Everything on the page beside the frame."""

    id: int
    begin: datetime
    from_words: str
    to_words: str
    summary: str
    time_line: SafeString
    legs: Sequence[LegRow]
    why: Why
    facts: Sequence[Fact]
    charges: Sequence[ShownCharge]
    raw: Sequence[ShownRecord]
    raw_place: str
    raw_missing: str


def call_page(
    detail: CallDetail,
    call: ShownCall,
    *,
    explained: ExplainedCall,
    why: Why,
    zone: ZoneInfo,
    data_dir: Path,
    sees_costs: bool = False,
) -> CallDetailPage:
    """Return the page of one call; its raw bytes are read from the log in *data_dir*."""
    row, raw = detail.row, detail.records
    shown = detail.legs or (_only_leg(row),)
    records = [shown_record(place, data_dir=data_dir) for place in raw]
    return CallDetailPage(
        id=row.id,
        begin=call.begin,
        from_words=call.from_words,
        to_words=call.to_words,
        summary=_summary(row),
        time_line=_time_line(row, shown, zone),
        legs=shown,
        why=why,
        facts=_facts(row, call, sees_costs=sees_costs),
        charges=[_charge(charge) for charge in reversed(explained.history)],
        raw=[record for record in records if record is not None],
        raw_place=_raw_place(raw),
        raw_missing="The raw log of this call is not on this machine."
        if raw
        else "This call has no raw record.",
    )


def _summary(row: CallRow) -> str:
    if row.answered is False:
        return "not answered"
    talk = f"{clock(row.talk_ms)} talk" if row.talk_ms is not None else "talk time unknown"
    ring = f", {clock(row.ring_ms)} ring" if row.ring_ms is not None else ""
    missing = ", incomplete: a record that belongs to it did not come" if row.partial else ""
    return f"{talk}{ring}{missing}"


def _only_leg(row: CallRow) -> LegRow:
    """Return a call of one leg as that leg: it has no row of its own."""
    party = row.callee or row.dialled or "the other side"
    start_us = row.start_us or row.begin_us
    return LegRow(0, party, "", start_us, row.answer_us, row.end_us, row.talk_ms)


def _time_line(row: CallRow, legs: Sequence[LegRow], zone: ZoneInfo) -> SafeString:
    origin = from_us(row.begin_us)
    lanes = []
    for leg in legs:
        start = leg.start or leg.answer or origin
        end = leg.end or leg.answer or start
        answer = leg.answer
        if answer is None and leg.talk_ms:
            answer = start
        says = f"{leg.party or 'unknown'}: {clock(leg.talk_ms or 0)} talk"
        lanes.append(
            TimelineRow(
                leg.party or "unknown",
                max(0, _ms(start, origin)),
                None if answer is None else max(0, _ms(answer, origin)),
                max(0, _ms(end, origin)),
                says,
            )
        )
    span = max(lane.end_ms for lane in lanes)
    ticks = [
        (span * index // TICKS, f"{_after(origin, span * index // TICKS, zone):%H:%M:%S}")
        for index in range(TICKS + 1)
    ]
    title = f"Time line of the call: {len(lanes)} {'leg' if len(lanes) == 1 else 'legs'}"
    # The drawing escapes every word itself: documents.charts.
    return mark_safe(time_line(lanes, ticks, title=title))  # noqa: S308


def _facts(row: CallRow, call: ShownCall, *, sees_costs: bool) -> list[Fact]:
    direction = DIRECTION_WORDS[DIRECTIONS[row.direction] or "unknown"]
    facts = [
        Fact("Call from", call.from_words, _log(q=row.caller) if row.caller else ""),
        Fact("Dialled", row.dialled, is_digits=True),
        Fact("Call to", call.to_words, _log(q=row.callee) if row.callee else ""),
        Fact("Direction", direction),
        *(_cost_facts(row) if sees_costs else ()),
        Fact("Call type", call_type_words(row.call_type)),
        Fact("Destination", row.destination),
        Fact("Extension", row.extension, _log(extension=row.extension)),
        Fact("Department", row.department, _log(department=row.department_id)),
        Fact("Trunk", call.trunk, _log(trunk=row.trunk_id)),
        Fact("Account code", row.account_code, _code_link(row), is_digits=True),
        Fact("Owner", row.owner, _log(owner=row.owner_id)),
        Fact("Authorisation code", "given" if row.authorisation_code else ""),
        Fact("PBX", row.pbx, _log(pbx=row.pbx_id)),
        Fact("PBX's call id", row.pbx_call_id, is_digits=True),
        Fact("Source address", row.source_ip, is_digits=True),
        Fact("Pulses", "" if row.pulses is None else str(row.pulses)),
    ]
    return [fact for fact in facts if fact.value]


def _money(micros: int | None, currency: str) -> str:
    return "" if micros is None else f"{format_amount(from_micros(micros))} {currency}"


def _cost_facts(row: CallRow) -> list[Fact]:
    return [
        Fact("Cost", _money(row.cost_micros, row.cost_currency)),
        Fact("Margin", _margin_words(row), _log(below_cost=1) if _is_below_cost(row) else ""),
    ]


def _is_below_cost(row: CallRow) -> bool:
    return row.margin_micros is not None and row.margin_micros < 0


def _margin_words(row: CallRow) -> str:
    words = _money(row.margin_micros, row.currency)
    return f"{words}, sold below cost" if _is_below_cost(row) else words


def _code_link(row: CallRow) -> str:
    return _log(account_code=row.account_code) if row.account_code_id else ""


def _log(**filters: object) -> str:
    return f"{reverse('calls')}?{urlencode({key: str(value) for key, value in filters.items()})}"


def _charge(charge: StoredCharge) -> ShownCharge:
    version = f", version {charge.version_number}" if charge.version_number else ""
    href = ""
    if charge.tariff_id is not None and charge.version_number is not None:
        href = reverse("tariff_version", args=[charge.tariff_id, charge.version_number])
    return ShownCharge(
        run_words="on arrival" if charge.run == 0 else f"re-rating {charge.run}",
        tariff=f"{charge.tariff_name}{version}",
        tariff_href=href,
        amount=charge.amount,
        currency=charge.currency,
        reason_words=reason_words(charge.unrated_reason),
    )


def _raw_place(raw: Sequence[RawPlace]) -> str:
    if not raw:
        return ""
    first = raw[0]
    return f"{first.source}, line {first.line:,}, byte {first.offset:,} of {first.path}"


def _ms(instant: datetime, origin: datetime) -> int:
    return int((instant - origin).total_seconds() * 1000)


def _after(origin: datetime, ms: int, zone: ZoneInfo) -> datetime:
    return from_us(int(origin.timestamp() * 1_000_000) + ms * 1000).astimezone(zone)
