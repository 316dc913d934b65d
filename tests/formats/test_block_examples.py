"""What stands in a cell comes out of a block as the Parser reads it: examples, then the law."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.blocks import outcomes_of
from support.effort import examples
from tollbook.core.calls import Cdr, Outcome, RejectedRecord, Skip
from tollbook.formats import Definition, Parser, load_definition, read_definition
from tollbook.formats.blocks import parse_block

SMALL = """
name = "small"
title = "A small switch"

[time]
formats = "%Y-%m-%d %H:%M:%S"
{skip}
[[record]]
columns = ["start", "end", "talk", "caller", "dialled", "name"]
at_least = 5
{condition}

[[record]]
columns = ["start", "end", "talk", "dialled", "caller", "name"]
at_least = 5

[fields]
start = "start"
answer = "start"
end = "end"
talk_s = {{ from = "talk", as = "seconds" }}
answered = {{ value = true }}
caller = "caller"
caller_name = "name"
dialled = {dialled}

[[test]]
zone = "UTC"
lines = "?"
[[test.expect]]
reject = {{ }}
"""


@cache
def small(*, skip: str = "", condition: str = "", dialled: str = '"dialled"') -> Definition:
    """Return a switch of six columns; who called and who was called change places at times."""
    if skip:
        skip = f"[[skip]]\nwhen = '{skip}'\nwhy = 'not wanted'\n"
    if condition:
        condition = f"when = {{ name = '{condition}' }}"
    return read_definition(
        SMALL.format(skip=skip, condition=condition, dialled=dialled), "small.toml"
    )


def line(name: str = "Ada", *, caller: str = "201", dialled: str = "4711") -> str:
    return f"2026-03-02 08:00:00,2026-03-02 08:01:00,60,{caller},{dialled},{name}"


def read(definition: Definition, data: bytes) -> tuple[list[Outcome], int]:
    """Return the outcomes of *data*, the same by both ways, and how many calls the block read."""
    parser = Parser(definition, zone="UTC", source_name="small.csv")
    expected = parser.feed(data) + parser.finish()
    block = parse_block(definition, data, zone="UTC", source_name="small.csv")
    assert block is not None
    assert outcomes_of(block) == sorted(expected, key=lambda each: each.offset)
    return outcomes_of(block), len(block)


def names(outcomes: list[Outcome]) -> list[str | None]:
    assert all(isinstance(each, Cdr) for each in outcomes), outcomes
    return [each.caller_name for each in outcomes if isinstance(each, Cdr)]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        (" Ada ", "Ada"),
        ('"Ada Lovelace"', "Ada Lovelace"),
        ('"Ada ""The"" Lovelace"', 'Ada "The" Lovelace'),
        ('"Lovelace, Ada"', "Lovelace, Ada"),
        ('""', None),
        ('""""', '"'),
        ('","', ","),
        ('""","""', '","'),
        ("", None),
        ("Zoé", "Zoé"),
        ('"Åsa ""Ö"", Ü"', 'Åsa "Ö", Ü'),
        ("x" * 256, "x" * 255),  # as long as a cell of a block may be; a name is cut
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_cell_that_is_written_well_is_read_by_the_column(
    cell: str, name: str | None, end: str
) -> None:
    outcomes, by_column = read(small(), f"{line(cell)}{end}{line('Bo')}{end}".encode())

    assert names(outcomes) == [name, "Bo"]
    assert by_column == 2


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (b'Ada "The" Lovelace', 'Ada "The" Lovelace'),  # bare quotes in a bare cell
        (b'"Ada "The" Lovelace"', 'Ada The" Lovelace"'),  # bare quotes in a quoted one
        (b'"Ada" Lovelace', "Ada Lovelace"),
        (b' "Ada"', '"Ada"'),
        (b'Ada 5" wide', 'Ada 5" wide'),
        (b"x" * 300, "x" * 255),
        (b'"' + b"x" * 300 + b'"', "x" * 255),
        (b"Ada\x00Lovelace", "Ada Lovelace"),
        (b"Ada\tLovelace", "Ada Lovelace"),
        (b"Zo\xe9", "Zoé"),  # no UTF-8: the text of an old switch
        (b"\xc3", "Ã"),  # a character of two bytes, cut
        (b"Ada\x00", "Ada"),
    ],
)
def test_a_cell_that_is_written_oddly_costs_its_line_alone_the_short_way(
    cell: bytes, name: str
) -> None:
    before, behind = line("Bo").encode(), line("Zoe").encode()

    outcomes, by_column = read(small(), b"\n".join((before, line().encode()[:-3] + cell, behind)))

    assert names(outcomes) == ["Bo", name, "Zoe"]
    assert by_column == 1  # the last line has no end, so it may be half a line


def test_a_quotation_that_is_never_closed_takes_no_other_line_with_it() -> None:
    data = f"{line()}\n{line(chr(34) + 'Ada')}\n{line('Bo')}\n{line(chr(34) * 3)}\n{line()}\n"

    outcomes, by_column = read(small(), data.encode())

    rejects = [each for each in outcomes if isinstance(each, RejectedRecord)]
    assert [(each.line, each.reason) for each in rejects] == [
        (2, "call.quote_open"),
        (4, "call.quote_open"),
    ]
    assert by_column == 3


def test_a_record_may_leave_out_its_last_columns() -> None:
    short = line().rpartition(",")[0]
    shorter = short.rpartition(",")[0]

    outcomes, by_column = read(small(), f"{short}\n{line('Bo')}\n{shorter}\n".encode())

    assert names(outcomes[:2]) == [None, "Bo"]
    assert [each.reason for each in outcomes if isinstance(each, RejectedRecord)] == [
        "call.layout_unknown"
    ]
    assert by_column == 2


@pytest.mark.parametrize("first", ["\n", "\r\n", "  \n", "\n\n\n"])
def test_empty_first_lines_are_passed_over(first: str) -> None:
    outcomes, by_column = read(small(), f"{first}{line()}\n".encode())

    assert [each.why for each in outcomes[:-1] if isinstance(each, Skip)] == [
        "blank line"
    ] * first.count("\n")
    assert by_column == 1


def test_a_mark_of_utf_8_before_the_first_line_is_no_part_of_it() -> None:
    outcomes, by_column = read(small(), f"\ufeff{line()}\n{line()}\n".encode())

    assert names(outcomes) == ["Ada", "Ada"]
    assert by_column == 1


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("test$", "a test"),
        (r"test\z", "a test"),
        (r"\A2026.*test", "a test"),
        ("(?-m)test$", "a test"),
        (",.{3}$", "Zoé"),
        ("(?i)É$", "zoé"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_that_a_definition_passes_over_is_passed_over_in_a_block(
    pattern: str, name: str, end: str
) -> None:
    data = "".join(f"{line(each)}{end}" for each in ("Bo", name, "Mary"))

    outcomes, _ = read(small(skip=pattern), data.encode())

    assert [type(each) for each in outcomes] == [Cdr, Skip, Cdr]


@pytest.mark.parametrize(
    ("cell", "caller"),
    [
        ("ab c", "201"),
        ("ab ", "4711"),  # The blank at the end is none of the text's.
        ("ab           c", "201"),
        ("ab            ", "4711"),
    ],
)
def test_a_blank_at_the_end_of_a_cell_meets_no_condition(cell: str, caller: str) -> None:
    outcomes, _ = read(small(condition="^ab "), f"{line('ab c')}\n{line(cell)}\n".encode())

    assert [each.caller for each in outcomes if isinstance(each, Cdr)] == ["201", caller]


@pytest.mark.parametrize("digits", ["12345678901", "123456789012", "1234567890123"])
def test_a_condition_looks_at_a_text_and_not_at_halves_of_its_quotes(digits: str) -> None:
    outcomes, by_column = read(
        small(condition="^1"), f"{line(f'{chr(34)}{digits}{chr(34) * 2}x{chr(34)}')}\n".encode()
    )

    assert [each.caller for each in outcomes if isinstance(each, Cdr)] == ["201"]
    assert by_column == 1


@pytest.mark.parametrize(
    ("pattern", "dialled"), [("^(ab)?n", "4711"), ("^(ab)n", "201"), ("^(ab){0,2}n", "4711")]
)
def test_what_a_pattern_may_leave_out_need_not_be_there(pattern: str, dialled: str) -> None:
    rules = f'[{{ from = "dialled", when = {{ name = \'{pattern}\' }} }}, "caller"]'

    outcomes, by_column = read(small(dialled=rules), f"{line('nn')}\n".encode())

    assert [each.dialled for each in outcomes if isinstance(each, Cdr)] == [dialled]
    assert by_column == 1


@pytest.mark.parametrize("clock", ["0ä:00:00", "08ä00:00", "ä8:00:00", "08:00:0ä"])
def test_a_stamp_with_a_character_of_several_bytes_is_rejected_and_nothing_else(
    clock: str,
) -> None:
    data = f"{line()}\n{line().replace('08:01:00', clock)}\n{line()}\n"

    outcomes, by_column = read(small(), data.encode())

    assert [type(each) for each in outcomes] == [Cdr, RejectedRecord, Cdr]
    assert by_column == 2


patterns = st.sampled_from(
    ["", "^ab ", "^.", "^(ab)?b", "^(a|b)", r"^\d{3}", "^é", "^[^,]{13}", r"^a\d?$", "b$", "^a.*9$"]
)
cell = st.text('ab 09"é,-', max_size=18)
written = st.builds(
    lambda text, quoted: '"' + text.replace('"', '""') + '"' if quoted else text,
    cell,
    st.booleans(),
)


@settings(deadline=None, max_examples=examples(150))
@given(
    cells=st.lists(written, min_size=1, max_size=8),
    condition=patterns,
    passed_over=patterns,
    of_rule=patterns,
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_a_definition_asks_of_a_cell_a_block_answers_as_the_parser(
    cells: list[str], condition: str, passed_over: str, of_rule: str, end: str
) -> None:
    rules = f'[{{ from = "dialled", when = {{ name = \'{of_rule or "^"}\' }} }}, "caller"]'
    definition = small(condition=condition, skip=passed_over.lstrip("^"), dialled=rules)

    outcomes, _ = read(definition, "".join(line(each) + end for each in cells).encode())

    assert len(outcomes) == len(cells)


def test_a_visit_of_a_queue_is_answered_by_a_channel_with_quotes_in_its_name() -> None:
    record = (
        '"","0301234","600","q","","PJSIP/x-1","PJSIP/123456""9-1","Queue","600,t",'
        '"2026-03-02 08:00:00","2026-03-02 08:00:07","2026-03-02 08:01:12",72,65,"ANSWERED","D",'
        '"1.2",""\n'
    )

    outcomes, by_column = read(load_definition("asterisk-csv"), record.encode())

    assert [each.queue.outcome for each in outcomes if isinstance(each, Cdr) and each.queue] == [
        "answered"
    ]
    assert by_column == 1
