"""Statistics by day, month or year: calls, talk, average and cost (ZYC-44, ZYC-45).

They count answered outgoing calls, which are the billed ones: an average over calls that nobody
answered would say nothing. The average is rounded half up to a second (RUL-02), the cost once, to
two decimals, after exact addition.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from tollbook.core.instants import from_us, to_us
from tollbook.core.money import Rounding, from_micros
from tollbook.documents.table import Cell, Column, Kind, Table
from tollbook.storage.models import Extension
from tollbook.storage.models.calls import DirectionCode
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.statistics import IntervalSum, calls_between, sums_by_interval

StatisticsInterval = Literal["day", "month", "year"]
EVERY: tuple[StatisticsInterval, ...] = ("day", "month", "year")
ALL = "All"
CENTS = Rounding("half_up", 2)
_FORMATS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


@dataclass(frozen=True, slots=True)
class Statistic:
    """One line: `date` reads 2026-10-01, 2026-10 or 2026; `from_us` is where it begins.

    `costs` are (currency, amount of two decimals), by currency.
    """

    date: str
    extension: str
    calls: int
    talk_s: int
    costs: tuple[tuple[str, Decimal], ...]
    from_us: int
    to_us: int

    @property
    def average_s(self) -> int:
        """Talk per call, in seconds, half up."""
        return average_s(self.talk_s, self.calls)


def average_s(total_s: int, calls: int) -> int:
    """Return total ÷ calls rounded half up to a second; 0 of no calls.

    >>> average_s(742, 5), average_s(277, 2), average_s(0, 0)
    (148, 139, 0)
    """
    return (2 * total_s + calls) // (2 * calls) if calls else 0


def hours_text(duration_s: int) -> str:
    """Return a duration as statistics print it, hours unpadded.

    >>> [hours_text(seconds) for seconds in (742, 148, 277, 360_000)]
    ['0:12:22', '0:02:28', '0:04:37', '100:00:00']
    """
    return f"{duration_s // 3600}:{duration_s // 60 % 60:02d}:{duration_s % 60:02d}"


def statistics(wanted: CallFilter, *, every: StatisticsInterval, zone: ZoneInfo) -> list[Statistic]:
    """Return a line for each day, month or year of *zone* with calls, the oldest first."""
    counted = replace(wanted, direction=int(DirectionCode.OUT), answered=True)
    edges = calls_between(counted)
    if edges is None:
        return []
    boundaries = _boundaries(every, *edges, zone=zone)
    words = _extension_words(wanted.extension_id)
    return [
        _line(one, words, every=every, zone=zone)
        for one in sums_by_interval([to_us(edge) for edge in boundaries], counted)
    ]


def total_of(lines: Sequence[Statistic]) -> Statistic:
    """Return the sum of *lines*; costs are the sums of the rounded ones, as printed."""
    costs: dict[str, Decimal] = {}
    for line in lines:
        for currency, amount in line.costs:
            costs[currency] = costs.get(currency, Decimal(0)) + amount
    return Statistic(
        date="",
        extension=lines[0].extension if lines else ALL,
        calls=sum(line.calls for line in lines),
        talk_s=sum(line.talk_s for line in lines),
        costs=tuple(sorted(costs.items())),
        from_us=lines[0].from_us if lines else 0,
        to_us=lines[-1].to_us if lines else 0,
    )


COLUMNS = (
    Column("date", "Date", width_chars=12),
    Column("extension", "Extension", width_chars=24),
    Column("calls", "Calls", Kind.NUMBER, width_chars=9),
    Column("total_time", "Total Call Time", width_chars=15),
    Column("average_time", "Average Call Time", width_chars=17),
    Column("total_cost", "Total Cost", width_chars=14),
    Column("currency", "Currency", width_chars=9),
)


def statistics_table(
    lines: Sequence[Statistic], *, zone: ZoneInfo, period: str, filters: tuple[str, ...] = ()
) -> Table:
    """Return *lines* as a table; a date with costs in two currencies has a row for each."""
    return Table(
        title="Statistics",
        columns=COLUMNS,
        rows=(cells for line in lines for cells in _cells(line)),
        zone=zone,
        period=period,
        filters=filters,
    )


def statistic_object(line: Statistic) -> dict[str, object]:
    """Return a line for programs; costs are text with two decimals."""
    return {
        "date": line.date,
        "extension": line.extension,
        "calls": line.calls,
        "total_time": hours_text(line.talk_s),
        "average_time": hours_text(line.average_s),
        "total_s": line.talk_s,
        "average_s": line.average_s,
        "costs": [
            {"currency": currency, "total_cost": f"{amount:.2f}"} for currency, amount in line.costs
        ],
    }


def _cells(line: Statistic) -> Iterator[Sequence[Cell]]:
    costs: Sequence[tuple[str, Decimal | None]] = line.costs or (("", None),)
    for nth, (currency, amount) in enumerate(costs):
        # Calls are counted once, however many currencies they were charged in.
        calls = line.calls if nth == 0 else None
        times = (hours_text(line.talk_s), hours_text(line.average_s)) if nth == 0 else ("", "")
        cost = "" if amount is None else f"{amount:.2f}"
        yield (line.date, line.extension, calls, *times, cost, currency)


def _line(
    one: IntervalSum, extension: str, *, every: StatisticsInterval, zone: ZoneInfo
) -> Statistic:
    return Statistic(
        date=from_us(one.from_us).astimezone(zone).strftime(_FORMATS[every]),
        extension=extension,
        calls=one.calls,
        talk_s=one.talk_s,
        costs=tuple(
            (currency, CENTS.apply(from_micros(micros))) for currency, micros in one.charges
        ),
        from_us=one.from_us,
        to_us=one.to_us,
    )


def _boundaries(
    every: StatisticsInterval, first_us: int, last_us: int, *, zone: ZoneInfo
) -> list[datetime]:
    """Return the local midnights at which intervals begin, up to the one after the last call."""
    day = _begins(every, from_us(first_us).astimezone(zone).date())
    last = from_us(last_us)
    edges = [_midnight(day, zone)]
    while edges[-1] <= last:
        day = _next(every, day)
        edges.append(_midnight(day, zone))
    return edges


def _begins(every: StatisticsInterval, day: date) -> date:
    return {"day": day, "month": day.replace(day=1), "year": date(day.year, 1, 1)}[every]


def _next(every: StatisticsInterval, first: date) -> date:
    if every == "day":
        return first + timedelta(days=1)
    beyond = timedelta(days=32 if every == "month" else 366)
    return _begins(every, first + beyond)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _extension_words(extension_id: int | None) -> str:
    if extension_id is None:
        return ALL
    row = Extension.objects.filter(pk=extension_id).first()
    if row is None:
        return ""
    return f"{row.name}[{row.number}]" if row.name else row.number
