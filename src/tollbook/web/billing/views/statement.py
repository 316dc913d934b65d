"""The statement of an extension, owner, department or account code over a period, and its files."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tollbook.app.access.roles import Permission
from tollbook.app.billing.money_tables import statement_table
from tollbook.app.billing.statements import KINDS_OF_LINES, Book, LineFilter, Statement, book_of
from tollbook.app.directory.choices import code_within
from tollbook.app.directory.currency import sign_of
from tollbook.app.directory.holders import KINDS
from tollbook.app.reports.period import PeriodError, TimeRange, moment
from tollbook.core.instants import from_us, to_us
from tollbook.web.billing.pages.statement_lines import shown_line
from tollbook.web.directory.pages.holders import TITLES, holder_of, list_address, page_address
from tollbook.web.frame.files import table_file
from tollbook.web.frame.forms import present
from tollbook.web.frame.listing import Head, ListQuery, asked_of, page_by
from tollbook.web.frame.money import four
from tollbook.web.frame.periods import named_days
from tollbook.web.frame.permissions import access_of, needs, reach_of
from tollbook.web.frame.request import instant, site_facts

USUAL_PERIOD, ANY_TIME = "month", "all"
PERIODS = (
    ("month", "This month"),
    ("last-month", "Last month"),
    ("year", "This year"),
    (ANY_TIME, "Any time"),
)
FILTERS = ("period", "from", "to", "kind", "currency")
NEWEST_FIRST = "-time"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose statement it is; `is_code`: an account code's, which adds up what it cost."""

    whose: str
    book: Book
    href: str
    trail: tuple[tuple[str, str], ...]
    is_code: bool


@dataclass(frozen=True, slots=True)
class StatementQuery:
    """What the address asks: the list's own part, the filter, words, what could not be read."""

    asked: ListQuery
    period: str
    wanted: LineFilter
    words: tuple[str, ...]
    faults: tuple[str, ...]


@needs(Permission.SEE_MONEY)
@require_safe
def holder_statement(request: HttpRequest, kind: str, holder_id: int) -> HttpResponse:
    """Show a holder's statement."""
    return _page(request, _holder(request, kind, holder_id))


@needs(Permission.SEE_MONEY)
@require_safe
def holder_statement_file(
    request: HttpRequest, kind: str, holder_id: int, file: str
) -> HttpResponseBase:
    """Send a holder's statement."""
    return _file(request, _holder(request, kind, holder_id), file)


@needs(Permission.SEE_MONEY)
@require_safe
def code_statement(request: HttpRequest, code_id: int) -> HttpResponse:
    """Show what an account code's calls came to."""
    return _page(request, _code(request, code_id))


@needs(Permission.SEE_MONEY)
@require_safe
def code_statement_file(request: HttpRequest, code_id: int, file: str) -> HttpResponseBase:
    """Send what an account code's calls came to."""
    return _file(request, _code(request, code_id), file)


def _page(request: HttpRequest, subject: Subject) -> HttpResponse:
    asked, book = _asked(request, subject.book), subject.book
    found = book.statement(asked.wanted)
    newest_first = asked.asked.sort == NEWEST_FIRST
    shown = page_by(
        asked.asked,
        _heads(subject),
        total=found.fitting,
        read=lambda *, first, count: [
            shown_line(line)
            for line in book.lines(found, newest_first=newest_first, first=first, count=count)
        ],
    )
    context = {
        "list": shown,
        "subject": subject,
        "sums": _sums(found, is_code=subject.is_code),
        "opening": four(found.opening_micros),
        "closing": four(found.closing_micros),
        "is_debt": not subject.is_code and found.closing_micros < 0,
        "period": asked.period,
        "periods": [
            (words, asked.asked.address(period=key, page=1, **{"from": "", "to": ""}), key)
            for key, words in PERIODS
        ],
        "kinds": [(kind, KINDS_OF_LINES[kind]) for kind in book.kinds],
        "currencies": _currencies(book),
        "sign": sign_of(book.currency),
        "period_words": _period(asked).words(),
        "is_narrowed": asked.wanted.narrows,
        "faults": asked.faults,
    }
    return render(request, "tollbook/billing/statement.html", context)


def _file(request: HttpRequest, subject: Subject, kind: str) -> HttpResponseBase:
    asked = _asked(request, subject.book)
    table = statement_table(
        subject.book,
        subject.book.statement(asked.wanted),
        whose=subject.whose,
        zone=site_facts().zone,
        period=_period(asked).words(),
        filters=asked.words,
    )
    day = instant().astimezone(site_facts().zone)
    return table_file(table, name=f"statement-{day:%Y-%m-%d}", kind=kind)


def _holder(request: HttpRequest, kind: str, holder_id: int) -> Subject:
    if kind not in KINDS:
        raise Http404("no such kind")
    row = holder_of(request, kind, holder_id)
    page = page_address(kind, row.id)
    book = book_of(kind, row.id, currency=_currency(request, row.currency))
    return Subject(
        row.label,
        book,
        reverse("statement", args=[kind, row.id]),
        ((TITLES[kind], list_address(kind)), (row.label, page)),
        is_code=False,
    )


def _code(request: HttpRequest, code_id: int) -> Subject:
    code = present(code_within(reach_of(request), code_id), "account code")
    book = book_of("account_code", code.id, currency=_currency(request, site_facts().currency))
    words = f"{code.label} {code.name}".strip()
    access = access_of(request)
    trail = [("Account codes", reverse("codes"))] if access.may(Permission.SEE_DIRECTORY) else []
    if access.may(Permission.CHANGE_DIRECTORY):
        trail.append((code.label, reverse("code", args=[code.id])))
    return Subject(
        words,
        book,
        reverse("code_statement", args=[code.id]),
        tuple(trail),
        is_code=True,
    )


def _currency(request: HttpRequest, usual: str) -> str:
    given = request.GET.get("currency", "")
    return given if len(given) == 3 and given.isascii() and given.isupper() else usual


def _currencies(book: Book) -> list[str]:
    """Return the currencies to choose from; none where there is no choice."""
    found = sorted({*book.currencies(), book.currency})
    return found if len(found) > 1 else []


def _asked(request: HttpRequest, book: Book) -> StatementQuery:
    asked = asked_of(request, filters=FILTERS, sort="time")
    given, zone = asked.filters, site_facts().zone
    words, faults = [], []
    edges: dict[str, int] = {}
    for key in ("from", "to"):
        if given[key]:
            try:
                edges[key] = to_us(moment(given[key], zone=zone))
            except PeriodError as fault:
                faults.append(str(fault))
    if len(edges) == 2 and edges["to"] < edges["from"]:
        faults.append(f"The period ends ({given['to']}) before it begins ({given['from']}).")
    period = given["period"] if given["period"] in dict(PERIODS) else USUAL_PERIOD
    if given["from"] or given["to"]:
        period = ""
    elif (days := named_days(period, today=instant().astimezone(zone).date())) is not None:
        edges["from"], edges["to"] = days.bounds_us(zone)
    kind = given["kind"] if given["kind"] in book.kinds else ""
    if kind:
        words.append(f"Only: {KINDS_OF_LINES[kind]}")
    if asked.q:
        words.append(f"Reason, number or destination with {asked.q}")
    wanted = LineFilter(edges.get("from"), edges.get("to"), kind=kind, keyword=asked.q)
    return StatementQuery(asked, period, wanted, tuple(words), tuple(faults))


def _period(asked: StatementQuery) -> TimeRange:
    edges = (asked.wanted.from_us, asked.wanted.to_us)
    start, end = (None if edge is None else from_us(edge) for edge in edges)
    return TimeRange(start, end, site_facts().zone)


def _heads(subject: Subject) -> tuple[Head, ...]:
    sign = sign_of(subject.book.currency)
    return (
        Head("Time", "time"),
        Head("Entry"),
        Head("Destination"),
        Head("Duration", is_number=True),
        Head(f"Amount({sign})", is_number=True),
        Head(f"{'Total' if subject.is_code else 'Balance'}({sign})", is_number=True),
    )


def _sums(statement: Statement, *, is_code: bool) -> Sequence[tuple[str, str]]:
    """Return what the period came to, in words: the figures between opening and closing."""
    if is_code:
        return (("Charged", four(statement.up_micros + statement.down_micros)),)
    return (("Paid in", four(statement.up_micros)), ("Spent", four(statement.down_micros)))
