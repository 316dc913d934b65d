"""Which calls, in the words people use: names instead of ids, days instead of microseconds.

The command line, the API and the reports read their filters here, so that a filter means the same
everywhere. A name that nobody knows is refused: an empty answer would look like a quiet month.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from tollbook.app.reports.period import PeriodError, TimeRange, microseconds, period
from tollbook.core.calls import DIRECTION_CODES, Direction
from tollbook.core.money import parse_amount, to_micros
from tollbook.documents.table import Cell, Column, Table
from tollbook.storage.models import (
    Department,
    Extension,
    Owner,
    Pbx,
    Site,
    Source,
    Trunk,
)
from tollbook.storage.reports.call_filter import CallFilter

MAX_KEYWORD_CHARS = 100


class CriteriaError(ValueError):
    """A filter that cannot be used; `field` names it, the message says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Criteria:
    """A filter as it was written; None is not given. `start` and `end` are moments."""

    start: str | None = None
    end: str | None = None
    site: str | None = None
    pbx: str | None = None
    source: str | None = None
    extension: str | None = None
    department: str | None = None
    owner: str | None = None
    account_code: str | None = None
    trunk: str | None = None
    direction: str | None = None
    call_type: str | None = None
    keyword: str | None = None
    cost_min: str | None = None
    cost_max: str | None = None
    answered: bool | None = None
    unrated: bool = False
    below_cost: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter that can be used: for the database, and in words."""

    filter: CallFilter
    period: TimeRange
    words: tuple[str, ...]

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the site, in which days begin and instants are shown."""
        return self.period.zone

    def table(
        self, title: str, columns: tuple[Column, ...], rows: Iterable[Sequence[Cell]]
    ) -> Table:
        """Return *rows* of what was selected as a table that says so."""
        period = self.period.words()
        return Table(title, columns, rows, self.zone, period=period, filters=self.words)


def select(criteria: Criteria) -> Selection:
    """Return what *criteria* select.

    Raises CriteriaError for a name that is not known or not unique, an amount or a direction
    that is none, a period that cannot be read or runs backwards.
    """
    _require_text(criteria)
    site = _site(criteria.site)
    try:
        when = period(criteria.start, criteria.end, zone=ZoneInfo(site.zone))
    except PeriodError as fault:
        field = "from" if fault.side == "start" else "to"
        raise CriteriaError(field, str(fault)) from fault
    chosen = CallFilter(
        from_us=microseconds(when.start) if when.start else None,
        to_us=microseconds(when.end) if when.end else None,
        keyword=_keyword(criteria.keyword),
        site_id=site.pk if criteria.site is not None else None,
        direction=_direction(criteria.direction),
        call_type=criteria.call_type,
        # As written: calls carry codes that nobody has entered yet.
        account_code=criteria.account_code,
        answered=criteria.answered,
        charge_min_micros=_micros("cost_min", criteria.cost_min),
        charge_max_micros=_micros("cost_max", criteria.cost_max),
        unrated=criteria.unrated,
        below_cost=criteria.below_cost,
        **_named(criteria),
    )
    return Selection(chosen, when, _words(criteria))


def _require_text(criteria: Criteria) -> None:
    """Refuse what no database keeps as text: NULs, and halves of characters."""
    for field in fields(criteria):
        value = getattr(criteria, field.name)
        if isinstance(value, str) and ("\0" in value or _has_halves(value)):
            name = {"start": "from", "end": "to"}.get(field.name, field.name)
            raise CriteriaError(name, "it holds a character that no name has.")


def _has_halves(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _site(name: str | None) -> Site:
    sites = Site.objects.order_by("id")
    if name is not None:
        sites = sites.filter(name=name)
    site = sites.first()
    if site is None:
        raise _unknown("site", name or "", Site.objects.all(), "name")
    return site


def _named(criteria: Criteria) -> Mapping[str, Any]:
    """Return the ids of everything that *criteria* name."""
    site, pbx = criteria.site, criteria.pbx
    at_site = {} if site is None else {"site__name": site}
    of_pbx: dict[str, str] = {} if site is None else {"pbx__site__name": site}
    if pbx is not None:
        of_pbx["pbx__name"] = pbx
    return {
        "pbx_id": _id("pbx", pbx, Pbx.objects.filter(**at_site), "name"),
        "source_id": _id("source", criteria.source, Source.objects.filter(**of_pbx), "name"),
        "extension_id": _id(
            "extension", criteria.extension, Extension.objects.filter(**at_site), "number"
        ),
        "department_id": _id(
            "department", criteria.department, Department.objects.filter(**at_site), "name"
        ),
        "owner_id": _id("owner", criteria.owner, Owner.objects.all(), "name"),
        "trunk_id": _id("trunk", criteria.trunk, Trunk.objects.filter(**of_pbx), "name"),
    }


def _id(field: str, name: str | None, rows: QuerySet[Any], column: str) -> int | None:
    """Return the id of the one row that is called *name*."""
    if name is None:
        return None
    ids = list(rows.filter(**{column: name}).values_list("pk", flat=True)[:2])
    if len(ids) == 1:
        return int(ids[0])
    if ids:
        narrower = "pbx" if field in {"trunk", "source"} else "site"
        raise CriteriaError(
            field,
            f'several {_plain(field)}s are called "{name[:64]}". Nothing was read; '
            f"say which {narrower}.",
        )
    raise _unknown(field, name, rows, column)


def _unknown(field: str, name: str, rows: QuerySet[Any], column: str) -> CriteriaError:
    known = list(rows.order_by(column).values_list(column, flat=True)[:6])
    words = ", ".join(f'"{one}"' for one in known[:5]) + (", …" if len(known) > 5 else "")
    return CriteriaError(
        field,
        f'there is no {_plain(field)} "{name[:64]}". Nothing was read. Known: {words or "none"}.',
    )


def _keyword(word: str | None) -> str:
    if word is not None and len(word) > MAX_KEYWORD_CHARS:
        raise CriteriaError(
            "keyword", f"the keyword has {len(word)} characters, at most {MAX_KEYWORD_CHARS}."
        )
    return (word or "").strip()


def _direction(name: str | None) -> int | None:
    if name is None:
        return None
    if name not in list(Direction):
        known = ", ".join(Direction)
        raise CriteriaError("direction", f'"{name[:20]}" is no direction. Known: {known}.')
    return DIRECTION_CODES[name]


def _micros(field: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return to_micros(parse_amount(text))
    except ValueError as fault:
        raise CriteriaError(field, f"{fault}.") from fault


def _words(criteria: Criteria) -> tuple[str, ...]:
    """Return the filters in words, one each; the period has words of its own."""
    named = (
        ("Site", criteria.site),
        ("PBX", criteria.pbx),
        ("Source", criteria.source),
        ("Extension", criteria.extension),
        ("Department", criteria.department),
        ("Owner", criteria.owner),
        ("Account code", criteria.account_code),
        ("Trunk", criteria.trunk),
        ("Direction", criteria.direction),
        ("Call type", criteria.call_type),
        ("Any number or name with", criteria.keyword),
        ("Charged at least", criteria.cost_min),
        ("Charged at most", criteria.cost_max),
    )
    words = [f"{what} {value}" for what, value in named if value is not None]
    if criteria.answered is not None:
        words.append("Answered" if criteria.answered else "Not answered")
    if criteria.unrated:
        words.append("No rate matched")
    return tuple(words)


def _plain(field: str) -> str:
    return "PBX" if field == "pbx" else field.replace("_", " ")
