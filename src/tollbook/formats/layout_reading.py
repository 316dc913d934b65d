"""The [[record]] and [fields] tables of a definition, compiled to layouts.

A rule of the shared [fields] serves every layout that has its columns; a rule inside a
[[record]] must find its columns there.
"""

from typing import Any

from tollbook.formats.converters import (
    CONVERTERS,
    EPOCHS,
    LENGTHS,
    FormatPatternError,
    stamp_reader,
)
from tollbook.formats.definition import (
    CHOICE_TARGETS,
    COUNT_TARGETS,
    FLAG_TARGETS,
    LENGTH_TARGETS,
    NAME_TARGETS,
    NOTHING,
    REJECT,
    STAMP_TARGETS,
    TARGETS,
    FieldRule,
    Layout,
)
from tollbook.formats.patterns import Pattern
from tollbook.formats.tables import Faults, TomlTable

_KINDS = ("csv", "columns", "regex", "keys", "json")
_MAX_COLUMNS = 200


def read_layouts(top: TomlTable, stamp_patterns: tuple[str, ...]) -> tuple[Layout, ...]:
    """Return the layouts of a definition, in the order in which they are tried."""
    shared = top.table("fields")
    served: set[str] = set()
    layouts = []
    for table in top.tables("record"):
        layout = _layout(table, shared, stamp_patterns, served)
        if layout is not None:
            layouts.append(layout)
    for target in shared.content:
        shared.get(target)
        if target not in TARGETS:
            shared.fault(f"unknown field; known: {', '.join(TARGETS)}", target)
        elif layouts and target not in served:
            shared.fault("no record has the columns that it names", target)
    return tuple(layouts)


def _layout(
    table: TomlTable, shared: TomlTable, stamp_patterns: tuple[str, ...], served: set[str]
) -> Layout | None:
    name = table.text("layout") or table.place
    kind = table.choice("kind", _KINDS, "csv")
    pattern = table.pattern("pattern")
    spans: tuple[tuple[int, int], ...] = ()
    groups: tuple[int, ...] = ()
    if kind == "columns":
        columns, spans = _spans(table)
    elif kind == "regex":
        columns = tuple(pattern.names) if pattern else ()
        groups = tuple(pattern.names.values()) if pattern else ()
        if not columns:
            table.fault("a regex record needs a pattern with named groups", "pattern")
    else:
        columns = table.texts("columns")
    if len(set(columns)) != len(columns) or not 1 <= len(columns) <= _MAX_COLUMNS:
        table.fault(f"needs 1 to {_MAX_COLUMNS} columns, each name once", "columns")
        return None
    index = {column: position for position, column in enumerate(columns)}
    layout = Layout(
        name=name,
        kind=kind,
        columns=columns,
        at_least=table.integer("at_least", default=len(columns), at_least=1, at_most=len(columns)),
        at_most=len(columns),
        conditions=_alternatives(table, index),
        fields=_fields(table, shared, index, stamp_patterns, served),
        delimiter=_one_character(table, "delimiter", ","),
        quote=_one_character(table, "quote", '"', may_be_empty=True),
        header=table.pattern("header"),
        elastic=_elastic(table, index),
        spans=spans,
        pattern=pattern,
        groups=groups,
        separator=table.text("separator") or ":",
        between=table.text("between") or "\n",
    )
    if kind != "regex" and pattern is not None:
        table.fault("only a regex record has one", "pattern")
    table.done()
    return layout


def _fields(
    table: TomlTable,
    shared: TomlTable,
    index: dict[str, int],
    stamp_patterns: tuple[str, ...],
    served: set[str],
) -> dict[str, tuple[FieldRule, ...]]:
    fields: dict[str, tuple[FieldRule, ...]] = {}
    for source, own in ((shared, False), (table.table("fields"), True)):
        for target in source.content:
            source.get(target)
            if target not in TARGETS:
                if own:
                    source.fault(f"unknown field; known: {', '.join(TARGETS)}", target)
                continue
            rules = _rules(source, target, index, stamp_patterns, own=own)
            if rules:
                fields[target] = rules
            if rules and not own:
                served.add(target)
    return fields


def _alternatives(
    table: TomlTable, index: dict[str, int]
) -> tuple[tuple[tuple[int, Pattern], ...], ...]:
    """Return the alternatives of a record's `when`: one table, or an array of tables."""
    if isinstance(table.get("when"), list):
        inner = [
            TomlTable({"when": each.content}, each.place, table.faults)
            for each in table.tables("when")
        ]
    else:
        inner = [table] if "when" in table else []
    found = (_conditions(each, index, quiet=False) for each in inner)
    return tuple(each for each in found if each)


def _one_character(table: TomlTable, key: str, default: str, *, may_be_empty: bool = False) -> str:
    value = table.text(key)
    if value is None or (may_be_empty and not value):
        return default if value is None else value
    if len(value) != 1:
        table.fault(f"{value!r} is not one character", key)
        return default
    return value


def _spans(table: TomlTable) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Return names and 0-based half-open spans of columns given as 1-based inclusive pairs."""
    inner = table.table("columns")
    names, spans = [], []
    for name, pair in inner.content.items():
        inner.get(name)
        whole = isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair)
        if not whole or not 1 <= pair[0] <= pair[1] <= 100_000:
            inner.fault(f"{pair!r} is not [first, last], counted from 1", name)
            continue
        names.append(name)
        spans.append((pair[0] - 1, pair[1]))
    return tuple(names), tuple(spans)


def _elastic(table: TomlTable, index: dict[str, int]) -> tuple[int, int] | None:
    names = table.texts("elastic")
    if not names:
        return None
    if unknown := [name for name in names if name not in index]:
        table.fault(f"no column {unknown[0]!r}", "elastic")
        return None
    places = [index[name] for name in names]
    if places != list(range(places[0], places[0] + len(places))):
        table.fault("its columns must stand side by side", "elastic")
        return None
    return places[0], places[-1]


def _conditions(
    table: TomlTable, index: dict[str, int], *, quiet: bool
) -> tuple[tuple[int, Pattern], ...] | None:
    """Return the conditions of a `when`; None if it names a column that is not there."""
    found = []
    for column, pattern in table.patterns("when").items():
        if column not in index:
            if not quiet:
                table.fault(f"no column {column!r}", "when")
            return None
        found.append((index[column], pattern))
    return tuple(found)


def _rules(
    source: TomlTable,
    target: str,
    index: dict[str, int],
    stamp_patterns: tuple[str, ...],
    *,
    own: bool,
) -> tuple[FieldRule, ...]:
    value = source.get(target)
    place = source.at(target)
    contents: list[Any] = value if isinstance(value, list) else [value]
    rules = []
    for number, content in enumerate(contents, 1):
        if isinstance(content, str):
            content = {"from": content}  # noqa: PLW2901 - the short form of the same
        here = f"{place}[{number}]" if isinstance(value, list) else place
        if not isinstance(content, dict):
            source.faults.add(here, "is neither a column nor a table")
            continue
        # Shared rules are read once for each layout: their faults are noted the first time.
        faults = source.faults if own else _Once(source.faults)
        rule = _rule(TomlTable(content, here, faults), target, index, stamp_patterns, own=own)
        if rule is not None:
            rules.append(rule)
    return tuple(rules)


class _Once(Faults):
    """Passes a fault on unless it is already known."""

    def __init__(self, below: Faults) -> None:
        super().__init__()
        self._below = below
        self.named_patterns = below.named_patterns

    def add(self, place: str, words: str) -> None:
        """Note one fault, once."""
        if f"{place}: {words}" not in self._below.found:
            self._below.add(place, words)


def _rule(
    table: TomlTable,
    target: str,
    index: dict[str, int],
    stamp_patterns: tuple[str, ...],
    *,
    own: bool,
) -> FieldRule | None:
    columns = table.texts("from")
    missing = [column for column in columns if column not in index]
    if missing and own:
        table.fault(f"no column {missing[0]!r}", "from")
    conditions = _conditions(table, index, quiet=not own)
    constant = table.get("value")
    if (constant is None) == (not columns):
        table.fault("needs either from or value")
    choices = _choices(table, target, constant)
    patterns = table.texts("format") or stamp_patterns
    converter_name = table.text("as") or _usual_converter(target)
    converter = None
    if constant is None and choices is None:
        converter = _converter(table, target, converter_name, patterns)
    rule = FieldRule(
        cells=tuple(index.get(column, 0) for column in columns),
        conditions=conditions or (),
        constant=constant,
        before_last=table.text("before_last") or "",
        pattern=table.pattern("pattern"),
        strip=table.texts("strip"),
        nulls=frozenset(table.texts("nulls")),
        fold_case=table.boolean("fold_case"),
        choices=choices,
        otherwise=table.choice("otherwise", (REJECT, NOTHING), REJECT),
        converter=converter,
        converter_patterns=patterns if converter_name == "datetime" else (),
    )
    table.done()
    return None if missing or conditions is None else rule


def _usual_converter(target: str) -> str:
    if target in STAMP_TARGETS:
        return "datetime"
    if target in NAME_TARGETS:
        return "name"
    return "integer" if target in COUNT_TARGETS else "text"


def _converter(table: TomlTable, target: str, name: str, patterns: tuple[str, ...]) -> Any:
    if target in FLAG_TARGETS or target in CHOICE_TARGETS:
        table.fault("needs a map or a value: it is not free text")
        return None
    fitting: frozenset[str] | set[str] = {"text", "name"}
    if target in STAMP_TARGETS:
        fitting = EPOCHS | {"datetime"}
    elif target in LENGTH_TARGETS:
        fitting = LENGTHS
    elif target in COUNT_TARGETS:
        fitting = {"integer"}
    if name not in fitting:
        table.fault(f"{name!r} does not fit; one of {', '.join(sorted(fitting))} does", "as")
        return None
    if name != "datetime":
        return CONVERTERS[name]
    if not patterns:
        table.fault("needs a format here or formats in [time]")
        return None
    try:
        return stamp_reader(patterns)
    except FormatPatternError as fault:
        table.fault(str(fault), "format")
        return None


def _choices(table: TomlTable, target: str, constant: Any) -> dict[str, Any] | None:
    """Return the map of a rule; its values, and the constant, must fit the target."""
    inner = table.table("map")
    allowed: tuple[Any, ...] | None = CHOICE_TARGETS.get(target)
    if target in FLAG_TARGETS:
        allowed = (True, False)
    values = [(key, inner.get(key)) for key in inner.content]
    if constant is not None:
        values.append(("value", constant))
    for key, value in values:
        fits = value in allowed if allowed else isinstance(value, str)
        if not fits or (allowed == (True, False) and not isinstance(value, bool)):
            table.fault(f"{value!r} does not fit {target}", key)
    return {key: inner.content[key] for key in inner.content} or None
