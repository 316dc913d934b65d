"""TOML to a Definition: every key known, every fault reported with its place.

Source: docs/manual/formats.md, "The definition language".
"""

import copyreg
import tomllib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tollbook.formats.definition import (
    CarryRule,
    Definition,
    Framing,
    Join,
    SkipRule,
    TestCase,
)
from tollbook.formats.errors import DefinitionError, ZoneError
from tollbook.formats.layout_reading import read_layouts
from tollbook.formats.tables import Faults, TomlTable
from tollbook.formats.zones import find_zone

_RECORDS = ("line", "block", "json")
_ENDS = ("lf", "any", "nul")
_WINDOWS_S = {"until": 86_400, "gather": 900}
_MODES = tuple(_WINDOWS_S)
_COMBINES = ("legs", "fill")
_MAX_TOML_CHARS = 500_000
_SMALLEST_LINE, _LARGEST_LINE = 256, 1 << 20


def read_definition(toml_text: str, name: str) -> Definition:
    """Return the definition that *toml_text* says; *name* stands in messages.

    Raises DefinitionError with all faults found.
    """
    faults = Faults()
    if len(toml_text) > _MAX_TOML_CHARS:
        raise DefinitionError(name, [f"the text has over {_MAX_TOML_CHARS} characters"])
    try:
        document = tomllib.loads(toml_text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise DefinitionError(name, [f"not TOML: {fault}"]) from None
    top = TomlTable(document, "", faults)
    named = top.table("patterns")
    faults.named_patterns = {key: named.text(key) or "" for key in named.content}
    definition = Definition(
        name=top.text("name") or name,
        title=top.text("title") or "",
        version=top.integer("version", default=1, at_least=1),
        about=top.text("about") or "",
        framing=_framing(top.table("framing")),
        skips=_skips(top),
        carries=_carries(top),
        layouts=(),
        join=None,
        zone=_zone(time := top.table("time")),
        tests=_tests(top),
        toml_text=toml_text,
    )
    layouts = read_layouts(top, time.texts("formats"))
    time.done()
    join = _join(top)
    top.done()
    if not layouts:
        faults.add("record", "there is none: say how a line becomes a call")
    has_key = any("join_key" in layout.fields for layout in layouts)
    if (join is not None) != has_key:
        faults.add("join", "a join needs a field join_key, and join_key needs a [join]")
    if join and join.mode == "until":
        for layout in layouts:
            if ("join_key" in layout.fields) != ("more_follows" in layout.fields):
                faults.add(
                    "join", f"layout {layout.name!r} needs join_key together with more_follows"
                )
    if faults.found:
        raise DefinitionError(name, faults.found)
    return replace(definition, layouts=layouts, join=join)


def _as_text(definition: Definition) -> tuple[Callable[[str, str], Definition], tuple[str, str]]:
    """Return what a definition is pickled as."""
    return read_definition, (definition.toml_text, definition.name)


copyreg.pickle(Definition, _as_text)


def _framing(table: TomlTable) -> Framing:
    usual = Framing()
    framing = Framing(
        records=table.choice("records", _RECORDS, usual.records),
        item=table.text("item") or "",
        ends=table.choice("ends", _ENDS, usual.ends),
        max_line_bytes=table.integer(
            "max_line_bytes",
            default=usual.max_line_bytes,
            at_least=_SMALLEST_LINE,
            at_most=_LARGEST_LINE,
        ),
        strip=usual.strip + (table.text("strip") or ""),
        prefix=table.pattern("prefix"),
    )
    if (framing.records == "json") != bool(framing.item):
        table.fault("records of json, and only they, need the key of a call's object", "item")
    table.done()
    return framing


def _skips(top: TomlTable) -> tuple[SkipRule, ...]:
    rules = []
    for table in top.tables("skip"):
        pattern, why = table.pattern("when"), table.text("why")
        if pattern is None or not why:
            table.fault("a skip needs when and why")
        else:
            rules.append(SkipRule(pattern, why))
        table.done()
    return tuple(rules)


def _carries(top: TomlTable) -> tuple[CarryRule, ...]:
    rules = []
    for table in top.tables("carry"):
        pattern, why = table.pattern("when"), table.text("why")
        if pattern is None or not why or "year" not in pattern.names:
            table.fault("a carry needs when, with a group (?P<year>…), and why")
        else:
            rules.append(CarryRule(pattern, why))
        table.done()
    return tuple(rules)


def _zone(table: TomlTable) -> str | None:
    zone = table.text("zone")
    if zone is not None:
        try:
            find_zone(zone)
        except ZoneError as fault:
            table.fault(str(fault), "zone")
    return zone


def _join(top: TomlTable) -> Join | None:
    if "join" not in top:
        return None
    table = top.table("join")
    mode = table.choice("mode", _MODES, "until")
    join = Join(
        mode=mode,
        combine=table.choice("combine", _COMBINES, "legs"),
        window_s=table.integer("window_s", default=_WINDOWS_S[mode], at_least=1, at_most=86_400),
        max_open=table.integer("max_open", default=10_000, at_least=1, at_most=1_000_000),
    )
    table.done()
    return join


def _tests(top: TomlTable) -> tuple[TestCase, ...]:
    cases = []
    for table in top.tables("test"):
        expect: list[dict[str, Any]] = []
        for outcome in table.tables("expect"):
            expect.append(dict(outcome.content))
            if len(outcome.content) != 1 or not set(outcome.content) <= {
                "call",
                "skip",
                "reject",
                "part",
            }:
                outcome.fault("an expected outcome is one of call, skip, reject or part")
        cases.append(
            TestCase(
                name=table.text("name") or "unnamed",
                text=table.text("lines") or "",
                zone=table.text("zone"),
                expect=tuple(expect),
            )
        )
        table.done()
    return tuple(cases)
