"""Exchange rates as rows that only grow: of several for one pair and day the latest given holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Exists, F, FloatField, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.sql import fetch_one
from tollbook.storage.models import ExchangeRate

_AT_A_TIME = 1_000


class ExchangeRateRow(NamedTuple):
    """One *source* is *rate* (plain decimal text) of *target* on a day."""

    source: str
    target: str
    day: date
    rate: str


@dataclass(frozen=True, slots=True)
class StoredRate:
    """A row with where it came from; `in_force` is false once a later one corrects it."""

    id: int
    source: str
    target: str
    day: date
    rate: str
    origin: str
    created_us: int
    created_by: str
    in_force: bool


def add_rates(rows: Sequence[ExchangeRateRow], *, origin: str, at_us: int, by: str) -> int:
    """Store those of *rows* that say something new, in the open transaction; return how many."""
    known: dict[tuple[str, str, date], str] = {}
    for pair in {(row.source, row.target) for row in rows}:
        known.update(((*pair, day), rate) for day, rate in rates_of_pair(*pair).items())
    fresh = [row for row in rows if known.get(row[:3]) != row.rate]
    for begin in range(0, len(fresh), _AT_A_TIME):
        some = fresh[begin : begin + _AT_A_TIME]
        sources, targets, days, rates = zip(*some, strict=True)
        bulk_engine().insert(
            "tollbook_exchange_rate",
            {
                "source": sources,
                "target": targets,
                "day": [day.isoformat() for day in days],
                "rate": rates,
                "origin": [origin] * len(some),
                "created_us": [at_us] * len(some),
                "created_by": [by] * len(some),
            },
        )
    return len(fresh)


def rates_of_pair(source: str, target: str) -> dict[date, str]:
    """Return the rates in force of a pair by day, ascending."""
    rows = ExchangeRate.objects.filter(source=source, target=target)
    return dict(rows.order_by("day", "id").values_list("day", "rate"))


def newest_rate_id() -> int:
    """Return a number that changes whenever a rate is added; 0 without any."""
    row = fetch_one("SELECT max(id) FROM tollbook_exchange_rate", ())
    return int(row[0] or 0) if row else 0


@dataclass(frozen=True, slots=True)
class RateQuery:
    """Which rates a list shows; "" and None leave everything in.

    `word` is part of either currency, `to_day` is the last day. `sort` is a column, with "-"
    before it for the largest first.
    """

    word: str = ""
    source: str = ""
    target: str = ""
    from_day: date | None = None
    to_day: date | None = None
    origin: str = ""
    superseded: bool = False
    sort: str = "-day"


_COLUMNS = ("id", "source", "target", "day", "rate", "origin", "created_us", "created_by")
SORTS = ("day", "source", "target", "rate", "origin", "created_us")


def find_rates(wanted: RateQuery, *, first: int = 0, count: int | None = None) -> list[StoredRate]:
    """Return the rates that *wanted* admits, *count* of them from number *first* on."""
    rows = _wanted(wanted).values_list(*_COLUMNS, "corrected")
    found = rows[first:] if count is None else rows[first : first + count]
    return [
        StoredRate(
            row_id, source, target, day, rate, origin, created_us, by, in_force=not corrected
        )
        for row_id, source, target, day, rate, origin, created_us, by, corrected in found
    ]


def count_rates(wanted: RateQuery) -> int:
    """Return how many rates *wanted* admits."""
    return int(_wanted(wanted).count())


def known_currencies() -> tuple[str, ...]:
    """Return all currencies that a rate names, in order."""
    rows = ExchangeRate.objects
    named = set(rows.values_list("source", flat=True).distinct())
    return tuple(sorted(named | set(rows.values_list("target", flat=True).distinct())))


def each_rate(wanted: RateQuery) -> Iterator[StoredRate]:
    """Yield all rates that *wanted* admits, some at a time."""
    first = 0
    while some := find_rates(wanted, first=first, count=_AT_A_TIME):
        yield from some
        first += len(some)


def _wanted(wanted: RateQuery) -> "QuerySet[ExchangeRate]":
    newer = ExchangeRate.objects.filter(
        source=OuterRef("source"), target=OuterRef("target"), day=OuterRef("day"),
        id__gt=OuterRef("id"),
    )  # fmt: skip
    rows = ExchangeRate.objects.annotate(corrected=Exists(newer))
    if not wanted.superseded:
        rows = rows.filter(corrected=False)
    given = {
        "source": wanted.source,
        "target": wanted.target,
        "day__gte": wanted.from_day,
        "day__lte": wanted.to_day,
        "origin": wanted.origin,
    }
    rows = rows.filter(**{key: value for key, value in given.items() if value})
    if wanted.word:
        rows = rows.filter(Q(source__contains=wanted.word) | Q(target__contains=wanted.word))
    column = wanted.sort.removeprefix("-")
    if column not in SORTS:
        raise ValueError(f'"{column}" is no column of exchange rates')
    key = Cast("rate", FloatField()) if column == "rate" else F(column)
    order = key.desc() if wanted.sort.startswith("-") else key.asc()
    return rows.order_by(order, "-day", "source", "target", "-id")
