"""A record's text cut into cells, and the layout that fits them.

Each layout gives the same shape: a list of trimmed texts, one for each of its columns.
"""

import csv
import json

from tollbook.formats.definition import Layout
from tollbook.formats.errors import Malformed, quoted

MOST_SURPLUS = 6  # cells; three names with two commas each


class Cutter:
    """Cuts records; what several layouts share (a delimiter) is cut once for all of them."""

    def __init__(self, name: str, layouts: tuple[Layout, ...]) -> None:
        self._name = name
        self._layouts = layouts
        self._has_headers = any(layout.header for layout in layouts)
        self.heading = ""  # the last line of names; "" before any came
        self._places: dict[str, list[int]] = {}

    def take_heading(self, text: str) -> bool:
        """Say whether *text* is a line of column names; if so, it is in force from now on."""
        if not self._has_headers:
            return False
        for layout in self._layouts:
            if layout.header is not None and layout.header.matches(text):
                names = [name.lower() for name in split_csv(text, layout.delimiter, layout.quote)]
                self._places = {
                    one.name: [_place(column, names) for column in one.columns]
                    for one in self._layouts
                    if one.header is not None
                }
                self.heading = text
                return True
        return False

    def cut(self, text: str, *, ended: bool = True) -> tuple[Layout, list[str]]:
        """Return the first layout that fits *text*, and its cells.

        Raises Malformed if none does.
        """
        split: dict[tuple[str, str], list[str]] = {}
        for layout in self._layouts:
            if layout.kind == "csv":
                dialect = (layout.delimiter, layout.quote)
                raw_cells = split.get(dialect)
                if raw_cells is None:
                    raw_cells = split[dialect] = split_csv(text, *dialect)
                cells = self._named(layout, raw_cells) if layout.header else fit(layout, raw_cells)
            else:
                cells = _OTHER_KINDS[layout.kind](layout, text)
            if cells is not None and fits(layout, cells):
                return layout, cells
        if self._has_headers and not self.heading:
            raise Malformed(
                "call.heading_missing",
                f"{quoted(text)}, before which no line named its columns,",
                f"a record that {self._name} can read",
            )
        if not ended:
            raise Malformed(
                "call.line_incomplete",
                f"{quoted(text)}, the last line, has no line end and",
                f"a whole record of {self._name}",
            )
        counts = ", ".join(f"{len(cells)} cells" for cells in split.values())
        raise Malformed(
            "call.layout_unknown",
            f"{quoted(text)}" + (f" ({counts})" if counts else ""),
            f"a record of {self._name}",
        )

    def _named(self, layout: Layout, raw_cells: list[str]) -> list[str] | None:
        """Return the cells where the heading says that they stand; None before a heading."""
        places = self._places.get(layout.name)
        if places is None or len(raw_cells) <= max(places):
            return None
        return [raw_cells[place] if place >= 0 else "" for place in places]


def _place(column: str, names: list[str]) -> int:
    return names.index(column.lower()) if column.lower() in names else -1


def fits(layout: Layout, cells: list[str]) -> bool:
    """Say whether one of the layout's conditions holds for *cells*."""
    return not layout.conditions or any(
        all(pattern.matches(cells[place]) for place, pattern in alternative)
        for alternative in layout.conditions
    )


def split_csv(text: str, delimiter: str, quote: str) -> list[str]:
    """Return the cells of one line, trimmed; tolerant of bare quotes inside a cell.

    Raises Malformed for a quotation that the line never closes.

    >>> split_csv("'Bell, A',7", ",", "'")
    ['Bell, A', '7']
    """
    try:
        if not quote:
            return [cell.strip() for cell in text.split(delimiter)]
        if text.count(quote) % 2:
            _refuse_open_quote(text, delimiter, quote)
        cells = next(csv.reader([text], delimiter=delimiter, quotechar=quote), [])
    except csv.Error as fault:
        finding = f"{quoted(text)} ({fault})"
        raise Malformed("call.csv_malformed", finding, "a line of CSV") from None
    return [cell.strip() for cell in cells]


def _refuse_open_quote(text: str, delimiter: str, quote: str) -> None:
    try:
        next(csv.reader([text], delimiter=delimiter, quotechar=quote, strict=True), [])
    except csv.Error as fault:
        if "unexpected end of data" in str(fault):
            raise Malformed(
                "call.quote_open", f"{quoted(text)}, where a quotation begins,", "closed by its end"
            ) from None


def fit(layout: Layout, raw_cells: list[str]) -> list[str] | None:
    """Return *raw_cells* fitted to the columns of *layout*; None if their number does not fit.

    Cells too many go where the layout is elastic: into its one elastic column, or, where
    several could have held them, into none of these, since nobody can tell which. So many that
    another record must have followed on the same line fit nowhere.
    """
    count, columns = len(raw_cells), layout.at_most
    if count == columns:
        return raw_cells
    if layout.at_least <= count < columns:
        return raw_cells + [""] * (columns - count)
    if count < columns or layout.elastic is None or count - columns > MOST_SURPLUS:
        return None
    first, last = layout.elastic
    behind = last + 1 + count - columns
    if first == last:
        middle = [layout.delimiter.join(raw_cells[first:behind])]
    else:
        middle = [""] * (last + 1 - first)
    return raw_cells[:first] + middle + raw_cells[behind:]


def _cut_columns(layout: Layout, text: str) -> list[str] | None:
    return [text[begin:end].strip() for begin, end in layout.spans]


def _cut_regex(layout: Layout, text: str) -> list[str] | None:
    match = layout.pattern.search(text) if layout.pattern else None
    if match is None:
        return None
    return [(match.group(group) or "").strip() for group in layout.groups]


def _cut_keys(layout: Layout, text: str) -> list[str] | None:
    found: dict[str, str] = {}
    for line in text.split(layout.between):
        key, separator, value = line.partition(layout.separator)
        if separator:
            found.setdefault(key.strip().lower(), value.strip())
    return [found.get(column.lower(), "") for column in layout.columns]


def _cut_json(layout: Layout, text: str) -> list[str] | None:
    try:
        content = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return [_found_in(content, column) for column in layout.columns]


def _found_in(content: object, path: str) -> str:
    """Return the text at *path*, keys separated by dots; "" for null and what is not there."""
    for key in path.split("."):
        content = content.get(key) if isinstance(content, dict) else None
    if isinstance(content, bool):
        return "true" if content else "false"
    return content.strip() if isinstance(content, str) else ""


_OTHER_KINDS = {
    "columns": _cut_columns,
    "regex": _cut_regex,
    "keys": _cut_keys,
    "json": _cut_json,
}
