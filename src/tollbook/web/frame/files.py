"""A table sent as the kind of file that the address names."""

from collections.abc import Iterable, Sequence

from django.http import Http404
from django.http.response import HttpResponseBase

from tollbook.documents.csv_text import stream_csv
from tollbook.documents.table import Cell, Column, Table
from tollbook.documents.xlsx_book import stream_xlsx
from tollbook.web.frame.request import site_facts
from tollbook.web.frame.streaming import download

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table_file(table: Table, *, name: str, kind: str) -> HttpResponseBase:
    """Send *table* as `name.csv` or `name.xlsx`; 404 for another *kind*."""
    if kind == "csv":
        # With a mark by which Excel knows the encoding.
        chunks = stream_csv(table, byte_order_mark=True)
        return download(chunks, name=f"{name}.csv", content_type="text/csv; charset=utf-8")
    if kind == "xlsx":
        return download(stream_xlsx(table), name=f"{name}.xlsx", content_type=XLSX)
    raise Http404(f"no file of kind {kind}")


def list_file(
    title: str, columns: tuple[Column, ...], rows: Iterable[Sequence[Cell]], *, kind: str
) -> HttpResponseBase:
    """Send the rows of a list, instants in the site's zone, as a file of the same name."""
    table = Table(title, columns, rows, zone=site_facts().zone)
    return table_file(table, name=title.lower().replace(" ", "-"), kind=kind)
