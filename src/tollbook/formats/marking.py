"""Which bytes of a raw record became which field: for the screen that shows a call's origin."""

import json
import re

from tollbook.formats.cells import Cutter
from tollbook.formats.definition import TARGETS, Definition, Layout
from tollbook.formats.errors import Malformed
from tollbook.formats.fields import answer
from tollbook.formats.parser import clean, skipped

_JSON_VALUE = re.compile(r'\s*:\s*"?((?:[^"\\,}\]]|\\.)*)')

Mark = tuple[int, int, str]

# Fields that only serve the reading are of no interest to a person.
_UNSHOWN = frozenset({"join_key", "more_follows", "plumbing", "party", "role", "utc_offset"})


def marked_fields(definition: Definition, raw: bytes) -> list[Mark]:
    """Return (start, end, field) in bytes of *raw*, ascending and without overlaps.

    A cell that serves several fields is marked with the first of them; empty if *raw* is no
    record of the definition.
    """
    text = clean(definition, raw)
    if skipped(definition, text):
        return []
    try:
        layout, cells = Cutter(definition.name, definition.layouts).cut(text)
    except Malformed:
        return []
    begin = raw.find(text.encode("utf-8"))
    encoding = "utf-8"
    if begin < 0:
        begin, encoding = raw.find(text.encode("latin-1", "replace")), "latin-1"
    if begin < 0:
        return []
    spans = _cell_spans(layout, text)
    marks: list[Mark] = []
    for place, field in sorted(_fields_by_cell(layout, cells).items()):
        if place < len(spans) and spans[place][0] < spans[place][1]:
            first, last = spans[place]
            start = begin + len(text[:first].encode(encoding))
            marks.append((start, start + len(text[first:last].encode(encoding)), field))
    return sorted(marks)


def _fields_by_cell(layout: Layout, cells: list[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for target in sorted(set(layout.fields) - _UNSHOWN, key=TARGETS.index):
        for rule in layout.fields[target]:
            try:
                value = answer(rule, target, cells)
            except Malformed:
                value = ""  # Mark the malformed cell too.
            if value is not None:
                asked = rule.cells or tuple(place for place, _ in rule.conditions)
                for place in asked:
                    found.setdefault(place, target)
                break
    return found


def _cell_spans(layout: Layout, text: str) -> list[tuple[int, int]]:
    """Return where each column's cell stands in *text*, blanks and quotes left out."""
    if layout.kind == "csv":
        return _fitted(
            layout, [_inner(text, *span, layout.quote) for span in _csv_spans(layout, text)]
        )
    if layout.kind == "regex" and layout.pattern is not None:
        match = layout.pattern.search(text)
        return [match.span(group) for group in layout.groups] if match else []
    if layout.kind == "json":
        return [_json_span(text, column) for column in layout.columns]
    if layout.kind == "keys":
        return [_key_span(text, column, layout) for column in layout.columns]
    return [_inner(text, first, min(last, len(text)), "") for first, last in layout.spans]


def _csv_spans(layout: Layout, text: str) -> list[tuple[int, int]]:
    spans, begin, quoting = [], 0, False
    for at, mark in enumerate(text):
        if mark == layout.quote:
            # It begins a cell, ends one, or is the second of a doubled pair.
            if quoting or not text[begin:at].strip() or text[at - 1] == mark:
                quoting = not quoting
        elif mark == layout.delimiter and not quoting:
            spans.append((begin, at))
            begin = at + 1
    return [*spans, (begin, len(text))]


def _inner(text: str, begin: int, end: int, quote: str) -> tuple[int, int]:
    while begin < end and (text[begin].isspace() or text[begin] == quote):
        begin += 1
    while end > begin and (text[end - 1].isspace() or text[end - 1] == quote):
        end -= 1
    return begin, end


def _fitted(layout: Layout, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return *spans* as the cells are fitted to the columns: the surplus where it is elastic."""
    surplus = len(spans) - layout.at_most
    if surplus <= 0 or layout.elastic is None:
        return spans
    first, last = layout.elastic
    behind = last + 1 + surplus
    middle = [(0, 0)] * (last + 1 - first)
    if first == last:
        middle = [(spans[first][0], spans[behind - 1][1])]
    return spans[:first] + middle + spans[behind:]


def _json_span(text: str, column: str) -> tuple[int, int]:
    """Return where the value behind the column's last key stands, the first time it comes."""
    key = json.dumps(column.rpartition(".")[2])
    match = _JSON_VALUE.match(text, text.find(key) + len(key)) if key in text else None
    return match.span(1) if match else (0, 0)


def _key_span(text: str, column: str, layout: Layout) -> tuple[int, int]:
    begin = 0
    for line in text.split(layout.between):
        key, found, value = line.partition(layout.separator)
        if found and key.strip().lower() == column.lower():
            return _inner(text, begin + len(line) - len(value), begin + len(line), "")
        begin += len(line) + len(layout.between)
    return 0, 0
