"""Reports as files: CSV, XLSX or JSON, written while their rows are read."""

from collections.abc import Callable, Iterator

from tollbook.app.reports.call_criteria import Criteria, CriteriaError, Selection, select
from tollbook.app.reports.call_table import (
    COLUMNS,
    COST_COLUMNS,
    call_cells,
    call_object,
    cost_cells,
)
from tollbook.app.reports.catalogue import STATISTICS, Format, find_report
from tollbook.app.reports.margin import margin_objects, margin_table
from tollbook.app.reports.statistics import (
    StatisticsInterval,
    statistic_object,
    statistics,
    statistics_table,
)
from tollbook.app.reports.unbilled import (
    fee_objects,
    fees_table,
    unbilled_objects,
    unbilled_table,
)
from tollbook.documents.csv_text import stream_csv
from tollbook.documents.json_list import stream_json
from tollbook.documents.table import Table
from tollbook.documents.xlsx_book import stream_xlsx
from tollbook.storage.reports.call_log import Sort, SortOrder, stream_calls
from tollbook.storage.reports.margin import costs_in_use

# A list to read and to add up begins with the oldest call; the screen begins with the newest.
OLDEST_FIRST = SortOrder(Sort.BEGIN, descending=False)


def write_report(
    name: str, criteria: Criteria, *, format_name: Format, by: StatisticsInterval = "day"
) -> Iterator[bytes]:
    """Return the report's bytes, made while they are read; statistics have a line a *by*.

    Raises UnknownReport and CriteriaError at once, before the first byte.
    """
    report = find_report(name)
    if report.name == STATISTICS:
        if criteria.direction not in (None, "out"):
            raise CriteriaError("direction", "statistics count outgoing calls only. Leave it out.")
        return _statistics(select(criteria), format_name, by)
    table, objects = _SHAPES[report.name]
    wanted = select(criteria)
    if format_name == "json":
        return stream_json(objects(wanted))
    return _streamed(table(wanted), format_name)


def call_log_table(
    wanted: Selection,
    *,
    order: SortOrder = OLDEST_FIRST,
    title: str = "Call log",
    with_cost: bool = True,
) -> Table:
    """Return the calls that *wanted* selects, as a table whose rows are read when written.

    *with_cost* false leaves out what the carrier bills, which is not every reader's to know; where
    nothing is priced by that, it is left out anyhow.
    """
    rows = stream_calls(wanted.filter, order=order)
    if with_cost and costs_in_use():
        cells = ((*call_cells(row), *cost_cells(row)) for row in rows)
        return wanted.table(title, (*COLUMNS, *COST_COLUMNS), cells)
    return wanted.table(title, COLUMNS, map(call_cells, rows))


def _statistics(
    wanted: Selection, format_name: Format, every: StatisticsInterval
) -> Iterator[bytes]:
    lines = statistics(wanted.filter, every=every, zone=wanted.zone)
    if format_name == "json":
        return stream_json(map(statistic_object, lines))
    table = statistics_table(
        lines, zone=wanted.zone, period=wanted.period.words(), filters=wanted.words
    )
    return _streamed(table, format_name)


def _streamed(table: Table, format_name: Format) -> Iterator[bytes]:
    return stream_csv(table) if format_name == "csv" else stream_xlsx(table)


def _call_objects(wanted: Selection) -> Iterator[dict[str, object]]:
    for row in stream_calls(wanted.filter, order=OLDEST_FIRST):
        yield call_object(row, zone=wanted.zone)


# How each report is written for people, and how for programs.
_SHAPES: dict[
    str, tuple[Callable[[Selection], Table], Callable[[Selection], Iterator[dict[str, object]]]]
] = {
    "call-log": (call_log_table, _call_objects),
    "margin": (margin_table, margin_objects),
    "unbilled": (unbilled_table, unbilled_objects),
    "fees": (fees_table, fee_objects),
}
