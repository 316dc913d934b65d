"""The calls that nobody pays: counted by reason, listed, as files."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.reports.call_criteria import Selection
from tollbook.app.reports.period import TimeRange
from tollbook.app.reports.unbilled import (
    REASON_WORDS,
    REASONS,
    UnbilledCall,
    unbilled_calls,
    unbilled_counts,
    unbilled_table,
)
from tollbook.core.instants import from_us
from tollbook.core.money import from_micros
from tollbook.web.frame.files import table_file
from tollbook.web.frame.permissions import needs, reach_of, visible_calls
from tollbook.web.frame.request import instant, site_facts
from tollbook.web.frame.row_ids import row_id
from tollbook.web.reports.pages.log_choices import load_choices
from tollbook.web.reports.pages.log_query import KEYS, LogQuery, read_query

ROWS = 50
USUAL_PERIOD, ANY_TIME = "month", "all"
PERIODS = (
    ("today", "Today"),
    ("7days", "Last 7 days"),
    ("month", "This month"),
    ("last-month", "Last month"),
    (ANY_TIME, "Any time"),
)
TITLES = {
    "billing_off": "Billing off",
    "unrated": "Unrated",
    "internal": "Internal",
    "incoming": "Incoming",
    "unanswered": "Unanswered",
}


@dataclass(frozen=True, slots=True)
class ReasonTab:
    """A reason with how many calls have it, and the address of its list."""

    title: str
    explained: str
    calls: int
    talk_ms: int
    href: str
    is_chosen: bool


@needs(Permission.SEE_DIRECTORY)
@require_safe
def unbilled(request: HttpRequest) -> HttpResponse:
    """Show the calls that nobody pays in the period, by reason, the latest first."""
    query, reason = _query(request), _reason(request)
    wanted = visible_calls(request, query.filter)
    counts = {one.reason: one for one in unbilled_counts(wanted)}
    rows = list(unbilled_calls(wanted, reason=reason, before=_cursor(request), limit=ROWS + 1))
    tabs = [
        ReasonTab(
            TITLES[key],
            REASON_WORDS[key],
            counts[key].calls if key in counts else 0,
            counts[key].talk_ms if key in counts else 0,
            _address(request, reason="" if key == reason else key),
            key == reason,
        )
        for key in REASONS
    ]
    context = {
        "rows": [_shown(row) for row in rows[:ROWS]],
        "tabs": tabs,
        "total": sum(one.calls for one in counts.values()),
        "older": _older(request, rows[ROWS - 1]) if len(rows) > ROWS else "",
        "newest": _address(request) if _cursor(request) else "",
        "files": _address(request),
        "periods": [
            (words, _address(request, period=key), _period(request) == key)
            for key, words in PERIODS
        ],
        "faults": query.faults,
        "reason": TITLES[reason] if reason else "",
    }
    return render(request, "tollbook/reports/unbilled.html", context)


@needs(Permission.SEE_DIRECTORY)
@require_safe
def unbilled_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all of them as CSV or as a workbook."""
    query = _query(request)
    wanted = visible_calls(request, query.filter)
    zone = site_facts().zone
    start, end = (None if us is None else from_us(us) for us in (wanted.from_us, wanted.to_us))
    table = unbilled_table(
        Selection(wanted, TimeRange(start, end, zone), tuple(query.words.values())),
        reason=_reason(request),
    )
    return table_file(table, name="unbilled", kind=kind)


def _query(request: HttpRequest) -> LogQuery:
    given = {**request.GET.dict(), "period": _period(request)}
    if given["period"] == ANY_TIME:
        del given["period"]
    return read_query(
        given, choices=load_choices(reach_of(request)), zone=site_facts().zone, now=instant()
    )


def _period(request: HttpRequest) -> str:
    """Return the period that is asked for: this month, unless the address says otherwise."""
    if request.GET.get("from") or request.GET.get("to"):
        return ANY_TIME
    period = request.GET.get("period", "")
    return period if period in dict(PERIODS) else USUAL_PERIOD


def _reason(request: HttpRequest) -> str | None:
    reason = request.GET.get("reason", "")
    return reason if reason in REASONS else None


def _cursor(request: HttpRequest) -> tuple[int, int] | None:
    begin, _, last = request.GET.get("at", "")[:40].partition("-")
    begin_us, call_id = row_id(begin), row_id(last)
    return None if begin_us is None or call_id is None else (begin_us, call_id)


def _address(request: HttpRequest, **changes: str) -> str:
    """Return this list's address with *changes*, on its first page."""
    kept = {key: request.GET[key] for key in (*KEYS, "reason") if request.GET.get(key)}
    return "?" + urlencode({key: text for key, text in {**kept, **changes}.items() if text})


def _older(request: HttpRequest, last: UnbilledCall) -> str:
    return _address(request, at=f"{last.begin_us}-{last.id}")


def _shown(row: UnbilledCall) -> dict[str, object]:
    return {
        "id": row.id,
        "begin": from_us(row.begin_us),
        "caller": row.caller,
        "callee": row.callee,
        "destination": row.destination,
        "extension": row.extension,
        "talk_ms": row.talk_ms,
        "charge": None if row.charge_micros is None else from_micros(row.charge_micros),
        "currency": row.currency,
        "reason": TITLES[row.reason],
        "explained": REASON_WORDS[row.reason],
    }
