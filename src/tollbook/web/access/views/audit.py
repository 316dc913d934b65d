"""The audit log: who changed what, when and from where. It only grows, and nobody edits it."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from tollbook.app.access.audit_diff import FieldChange, changes, parsed
from tollbook.app.access.audit_log import (
    AuditFilter,
    AuditRow,
    audit_choices,
    audit_row,
    audit_rows,
    stream_audit,
)
from tollbook.app.access.roles import Permission
from tollbook.app.reports.period import PeriodError, moment
from tollbook.core.instants import from_us, to_us
from tollbook.documents.table import Cell, Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.forms import present
from tollbook.web.frame.periods import NAMED, named_days
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import instant, site_facts
from tollbook.web.frame.row_ids import row_id

PAGE = 50
LONGEST = 150
CHANGES_SHOWN = 3
KEYS = ("q", "period", "from", "to", "actor", "action", "type", "object")
COLUMNS = (
    Column("at", "When", Kind.INSTANT, width_chars=20),
    Column("actor", "Who"),
    Column("action", "What", width_chars=20),
    Column("object_type", "Object"),
    Column("object_id", "Object's id"),
    Column("changes", "Changes", width_chars=60),
    Column("address", "From where"),
    Column("before", "Before (JSON)", width_chars=40),
    Column("after", "After (JSON)", width_chars=40),
)


@dataclass(frozen=True, slots=True)
class ShownAuditLine:
    """One line of the log; `changes` are the first few, `more` says how many are left out."""

    row: AuditRow
    at: datetime
    what: str
    object_type: str
    changes: tuple[FieldChange, ...]
    more: int


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What the address asks for: `given` as typed, `filter` for the database."""

    given: dict[str, str]
    filter: AuditFilter
    faults: tuple[str, ...]
    oldest_first: bool

    def address(self, **changed: str) -> str:
        """Return this as an address, with *changed*; an empty value takes a key out."""
        kept = {**self.given, "sort": "oldest" if self.oldest_first else "", **changed}
        return "?" + urlencode({key: value for key, value in kept.items() if value})


@needs(Permission.SEE_AUDIT)
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Show one page of the log, newest first."""
    asked = _asked(request)
    beyond = request.GET.get("at", "")
    rows = audit_rows(
        asked.filter,
        beyond_id=row_id(beyond),
        limit=PAGE + 1,
        descending=not asked.oldest_first,
    )
    shown = rows[:PAGE]
    context = {
        "asked": asked,
        "lines": [shown_line(row) for row in shown],
        "periods": NAMED,
        "choices": audit_choices(),
        "is_narrowed": any(asked.given.values()),
        "everything": asked.address(),
        "turned": asked.address(sort="" if asked.oldest_first else "oldest"),
        "first": asked.address() if beyond else "",
        "next": asked.address(at=str(shown[-1].id)) if len(rows) > PAGE else "",
    }
    return render(request, "tollbook/access/audit.html", context)


@needs(Permission.SEE_AUDIT)
@require_safe
def audit_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all lines that the filter holds."""
    asked = _asked(request)
    rows = map(_cells, stream_audit(asked.filter, descending=not asked.oldest_first))
    return list_file("Audit log", COLUMNS, rows, kind=kind)


@needs(Permission.SEE_AUDIT)
@require_safe
def audit_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """Show one change whole: every field that differs, before and after."""
    row = present(audit_row(line_id), "line")
    found = changes(parsed(row.before), parsed(row.after))
    same = reverse("audit") + "?" + urlencode({"type": row.object_type, "object": row.object_id})
    context = {"line": shown_line(row), "changes": found, "row": row, "same_object": same}
    return render(request, "tollbook/access/audit_line.html", context)


def shown_line(row: AuditRow) -> ShownAuditLine:
    """Return a line with what it changed."""
    found = changes(parsed(row.before), parsed(row.after))
    return ShownAuditLine(
        row,
        at=from_us(row.at_us),
        what=_words(row.action),
        object_type=row.object_type.replace("_", " "),
        changes=tuple(found[:CHANGES_SHOWN]),
        more=max(0, len(found) - CHANGES_SHOWN),
    )


def _words(action: str) -> str:
    """Return an action as people read it: `user.reset_password` is "user: reset password"."""
    return action.replace(".", ": ").replace("_", " ")


def _asked(request: HttpRequest) -> AuditQuery:
    given = {key: request.GET.get(key, "").strip()[:LONGEST] for key in KEYS}
    zone = site_facts().zone
    bounds: dict[str, int] = {}
    faults: list[str] = []
    days = named_days(given["period"], today=instant().astimezone(zone).date())
    if days is not None:
        bounds["from_us"], bounds["to_us"] = days.bounds_us(zone)
    for key, column in (("from", "from_us"), ("to", "to_us")):
        if not given[key]:
            continue
        try:
            bounds[column] = to_us(moment(given[key], zone=zone))
        except PeriodError as fault:
            faults.append(str(fault))
    wanted = AuditFilter(
        actor=given["actor"],
        action=given["action"],
        object_type=given["type"],
        object_id=given["object"],
        keyword=given["q"],
        **bounds,
    )
    return AuditQuery(given, wanted, tuple(faults), request.GET.get("sort") == "oldest")


def _cells(row: AuditRow) -> tuple[Cell, ...]:
    found = changes(parsed(row.before), parsed(row.after))
    words = "; ".join(f"{one.place or 'value'}: {one.before} → {one.after}" for one in found)
    return (
        from_us(row.at_us),
        row.actor,
        row.action,
        row.object_type,
        row.object_id,
        words,
        row.address,
        row.before,
        row.after,
    )
