"""Definitions are data: every key is known, every fault has its place."""
# ruff: noqa: E501 - a table is easier to check when a row is a line

import re
from pathlib import Path

import pytest

from support.definition_tests import run_definition_tests
from tollbook.formats import (
    DefinitionError,
    load_definition,
    read_definition,
)
from tollbook.formats.definition import TARGETS
from tollbook.formats.patterns import Pattern, PatternError

SMALL = """
name = "tiny"
title = "A tiny switch"

[time]
formats = "%d.%m.%y %H:%M"

[[record]]
kind = "columns"
columns = { date = [1, 8], time = [10, 14], ext = [16, 18], length = [20, 27], number = [29, 48] }
when = { date = '^\\d\\d\\.' }

[fields]
start = { from = ["date", "time"] }
talk_s = { from = "length", as = "hms" }
caller = "ext"
dialled = "number"
direction = { value = "out" }

[[test]]
zone = "Europe/Berlin"
lines = "24.12.26 10:03 201 00:05:12 12345678901234567"
[[test.expect]]
call = { start = "2026-12-24T10:03:00+01:00", talk_s = 312, caller = "201" }
"""


def faults(text: str) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read_definition(text, "tiny.toml")
    return list(caught.value.faults)


def test_a_small_definition_is_whole() -> None:
    definition = read_definition(SMALL, "tiny.toml")

    assert (definition.name, definition.version) == ("tiny", 1)
    assert [each.columns for each in definition.layouts] == [
        ("date", "time", "ext", "length", "number")
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('title = "A', 'colour = "A', "colour: unknown key"),
        ("[time]", "[timing]", "timing: unknown key"),
        ('kind = "columns"', 'kind = "magic"', "record[1].kind: 'magic' is none of csv"),
        ("ext = [16, 18]", "ext = [18, 16]", "record[1].columns.ext: [18, 16] is not [first, last]"),
        ("date = '^", "day = '^", "record[1].when: no column 'day'"),
        ("'^\\d\\d\\.'", "'^(\\d'", "record[1].when.date: RE2 refuses the pattern"),
        ("'^\\d\\d\\.'", "'(a)\\1'", "record[1].when.date: RE2 refuses the pattern"),
        ('caller = "ext"', 'calller = "ext"', "fields.calller: unknown field"),
        ('caller = "ext"', 'caller = "extension"', "fields.caller: no record has the columns"),
        ('caller = "ext"', 'caller = { from = "ext", colour = 1 }', "fields.caller.colour: unknown"),
        ('caller = "ext"', "caller = { }", "fields.caller: needs either from or value"),
        ('as = "hms"', 'as = "seconds", strip = 1', "fields.talk_s.strip: 1 is not a list of texts"),
        ('as = "hms"', 'as = "text"', "fields.talk_s.as: 'text' does not fit"),
        ('value = "out"', 'value = "up"', "fields.direction.value: 'up' does not fit direction"),
        ('direction = { value = "out" }', 'direction = "ext"', "fields.direction: needs a map"),
        ("%d.%m.%y", "%d", "fields.start.format: '%d %H:%M' names no month"),
        ("%d.%m.%y", "%d.%q.%y", "fields.start.format: '%d.%q.%y %H:%M' uses %q"),
        ("%H:%M", "%I:%M", "fields.start.format: '%d.%m.%y %I:%M' needs %H, or %I with %p"),
        ('caller = "ext"', 'join_key = "ext"', "join: a join needs a field join_key"),
        ("[fields]", '[join]\nmode = "until"\n[fields]', "join: a join needs a field join_key"),
        ("[fields]", "[framing]\nmax_line_bytes = 3\n[fields]", "framing.max_line_bytes: 3 is not"),
        ("[fields]", '[framing]\nends = "never"\n[fields]', "framing.ends: 'never' is none of"),
        ("[time]", '[time]\nzone = "Mars"', 'time.zone: "Mars" is not a time zone'),
        ("[[test.expect]]", "[[test.expects]]", "test[1].expects: unknown key"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(old: str, new: str, fault: str) -> None:
    assert old in SMALL
    found = faults(SMALL.replace(old, new, 1))

    assert any(each.startswith(fault) for each in found), found


def test_all_faults_are_told_at_once() -> None:
    text = SMALL.replace('caller = "ext"', 'calller = "ext"').replace("[time]", "[timing]")

    assert len(faults(text)) >= 3


@pytest.mark.parametrize("text", ["name = ", "[[record]", "\x00", "a = {"])
def test_what_is_not_toml_is_refused(text: str) -> None:
    assert faults(text)[0].startswith("not TOML")


def test_an_empty_definition_is_refused() -> None:
    assert faults("") == ["record: there is none: say how a line becomes a call"]


def test_a_file_of_one_s_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SMALL, "utf-8")

    assert load_definition(str(file)).name == "tiny"
    with pytest.raises(DefinitionError, match="cannot be read"):
        load_definition(str(tmp_path / "other.toml"))


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^\d{4}-", "2026-01", True),
        (r"(?i)^queue$", "QUEUE", True),
        (r"^a|b$", "xxb", True),
        (r"^(a|b)$", "a\n", False),
        (r"^(?:SIP|IAX2)/(\d{2,6})-[0-9a-f]+$", "IAX2/123-0a", True),
        (r"\d{9,}\.\d+$", "pbx-1772439300.26", True),
    ],
)
def test_patterns_mean_the_same_under_either_engine(pattern: str, text: str, found: bool) -> None:
    assert Pattern(pattern).matches(text) is found
    if not text.endswith("\n"):
        assert (re.search(pattern, text) is not None) is found


def test_a_pattern_that_would_backtrack_for_ever_does_not() -> None:
    assert not Pattern(r"^(a+)+$").matches("a" * 50_000 + "b")
    with pytest.raises(PatternError, match="1000 are allowed"):
        Pattern("a" * 2_000)


def test_the_manual_s_example_is_a_definition_that_proves_itself() -> None:
    manual = Path(__file__).parents[2] / "docs" / "manual" / "formats.md"
    section = manual.read_text("utf-8").split("## The definition language")[1]
    example = section.split("Every key is checked")[0]
    text = "\n".join(line.removeprefix("    ") for line in example.splitlines())

    assert run_definition_tests(read_definition(text, "manual")) == []


def test_the_manual_names_every_field() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "manual" / "formats.md").read_text("utf-8")

    assert [target for target in TARGETS if f"`{target}`" not in manual] == []
