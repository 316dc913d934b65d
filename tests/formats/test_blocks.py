"""A block of records read column by column is what the Parser reads line by line."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.blocks import outcomes_of
from support.effort import examples
from tollbook.core.calls import Outcome
from tollbook.formats import Parser, ZoneError, load_definition
from tollbook.formats.blocks import parse_block

ASTERISK = load_definition("asterisk-csv")
ZONE = "Europe/Berlin"

number = st.one_of(
    st.sampled_from(["101", "s", "h", "", "+4930123", " 102", "103 ", "00 49", "i"]),
    st.text("0123456789*#+", max_size=12),
)
day = st.sampled_from(
    [
        "2026-03-02",
        "2026-03-28",
        "2026-03-29",
        "2026-10-24",
        "2026-13-01",
        "0001-01-01",
        "9999-12-31",
        "",
    ]
)
clock = st.builds(
    "{:02d}:{:02d}:{:02d}".format, st.integers(0, 24), st.integers(0, 60), st.integers(0, 61)
)
stamp = st.one_of(
    st.builds("{} {}".format, day, clock),
    st.sampled_from(
        [
            "",
            "0000-00-00 00:00:00",
            "2026-03-02 08:00:00",
            "2026-03-02 08:00:09",
            " 2026-03-02 08:00:09",
            "2026-03-02 08:00:09.5",
            "2026-03-02T08:00:09+0200",
        ]
    ),
)
length = st.sampled_from(["0", "7", "65", "4.25", "4.0048", "-1", "", "x", " 12"])
disposition = st.sampled_from(["ANSWERED", "NO ANSWER", "BUSY", "", "answered", "MAYBE"])
name = st.sampled_from(["", '""Ada"" <101>', "Jürgen <7>", "a,b <8>", "x" * 300, "tab\there"])
channel = st.sampled_from(
    ["PJSIP/101-0000001a", "SIP/carrier-x-00000001", "", "DAHDI/i1/5-2", "IAX2/77-12", "\x01"]
)
plain_row = st.fixed_dictionaries(
    {
        "accountcode": number,
        "src": number,
        "dst": number,
        "dcontext": st.just("office"),
        "clid": name,
        "channel": channel,
        "dstchannel": channel,
        "lastapp": st.sampled_from(["Dial", "Queue", "", "Hangup"]),
        "lastdata": st.sampled_from(["", "600,t,,,300", "PJSIP/7,60"]),
        "start": stamp,
        "answer": stamp,
        "end": stamp,
        "duration": length,
        "billsec": length,
        "disposition": disposition,
        "amaflags": st.just("DOCUMENTATION"),
        "uniqueid": st.sampled_from(["", "1772439300.26", "pbx-1772439300.26", "x"]),
        "userfield": st.sampled_from(["", "note"]),
    }
)
good_row = plain_row.map(
    lambda row: (
        row
        | {
            "start": "2026-03-02 08:00:00",
            "answer": "2026-03-02 08:00:07",
            "end": "2026-03-02 08:01:12",
            "duration": "72",
            "billsec": "65",
            "disposition": "ANSWERED",
        }
    )
)


@st.composite
def line(draw: st.DrawFn) -> str:
    """Return a line of 16 to 18 columns, most of them good, some with clid first."""
    row = draw(st.one_of(good_row, good_row, plain_row))
    cells = list(row.values())
    if draw(st.integers(0, 5)) == 0:
        custom = ["clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata"]
        custom += ["start", "answer", "end", "duration", "billsec", "disposition", "amaflags"]
        custom += ["accountcode", "uniqueid", "userfield"]
        cells = [row[each] for each in custom]
    cells = cells[: draw(st.sampled_from([18, 18, 18, 17, 16, 15]))]
    quote = draw(st.sampled_from(['"', '"', '"', "", "'"]))
    return ",".join(f"{quote}{cell}{quote}" for cell in cells)


odd = st.one_of(
    st.sampled_from(["", " ", "\x00", '"', "accountcode,src,dst", "x" * 70_000, "\ufeff"]),
    st.text(max_size=40),
)
text = st.lists(st.one_of(line(), line(), line(), odd), max_size=14)
end = st.sampled_from(["\n", "\n", "\r\n"])


def parser_outcomes(data: bytes) -> tuple[list[Outcome], Parser]:
    parser = Parser(ASTERISK, zone=ZONE, source_name="Master.csv")
    return parser.feed(data) + parser.finish(), parser


@settings(max_examples=examples(60))
@given(lines=text, end=end, ended=st.booleans(), legacy=st.booleans())
def test_a_block_says_what_the_parser_says(
    lines: list[str], end: str, ended: bool, legacy: bool
) -> None:
    joined = end.join(lines) + (end if ended else "")
    data = joined.encode("latin-1", "replace") if legacy else joined.encode()
    expected, parser = parser_outcomes(data)

    block = parse_block(ASTERISK, data, zone=ZONE, source_name="Master.csv")

    if parser.needs_order:
        return  # The block may give up here, and a record alone may be all that it saw.
    assert block is not None
    assert outcomes_of(block) == sorted(expected, key=lambda each: each.offset)
    assert block.carry == parser.carry()


def test_a_line_that_is_rejected_joins_nothing_whatever_stands_where_a_key_would() -> None:
    bad = (
        "101,101,101,office,a,b <8>,PJSIP/101-0000001a,2026-03-02 08:00:07,PJSIP/101-0000001a,"
        "2026-03-02 08:00:00,2026-03-02 08:01:12,Dial,72,600,t,,,300,65,ANSWERED,DOCUMENTATION\n"
    )
    data = (GOOD + bad + GOOD).encode()

    block = parse_block(ASTERISK, data, zone=ZONE, source_name="Master.csv")

    assert block is not None
    assert outcomes_of(block) == parser_outcomes(data)[0]


@settings(max_examples=examples(40))
@given(lines=st.lists(line(), min_size=1, max_size=20), cuts=st.lists(st.integers(0, 20)))
def test_blocks_behind_each_other_say_what_one_says(lines: list[str], cuts: list[int]) -> None:
    edges = sorted({0, len(lines), *(cut for cut in cuts if cut < len(lines))})
    expected, parser = parser_outcomes("".join(each + "\n" for each in lines).encode())
    if parser.needs_order:
        return
    found: list[Outcome] = []
    offset, carry = 0, {}
    for begin, finish in pairwise(edges):
        data = "".join(each + "\n" for each in lines[begin:finish]).encode()
        block = parse_block(
            ASTERISK,
            data,
            zone=ZONE,
            source_name="Master.csv",
            start_offset=offset,
            start_line=begin + 1,
            carry=carry,
        )
        assert block is not None
        found += outcomes_of(block)
        offset, carry = block.end_offset, block.carry

    assert found == sorted(expected, key=lambda each: each.offset)
    assert carry == parser.carry()


GOOD = (
    '"","201","4711","office","201","PJSIP/201-00000001","PJSIP/x-00000002","Dial","x",'
    '"2026-03-02 08:00:00","2026-03-02 08:00:07","2026-03-02 08:01:12",72,65,"ANSWERED","D",'
    '"1.2",""\n'
)


def test_plain_lines_are_not_left_to_the_parser() -> None:
    block = parse_block(ASTERISK, (GOOD * 50).encode(), zone=ZONE)

    assert block is not None
    assert (len(block), block.others) == (50, [])
    assert block.line == list(range(1, 51))
    assert block.length == [len(GOOD)] * 50
    assert block.ring_ms == [7000] * 50
    assert block.caller_device == ["PJSIP/201"] * 50


@pytest.mark.parametrize(
    "data",
    [
        GOOD.replace("2026-03-02", "2026-10-25").replace(" 08:", " 02:"),
        GOOD.replace("PJSIP/x-00000002", "Local/4711@x-00000002;1"),
        GOOD.replace('"1.2",""', '"1772439300.26","","","1772439300.26",7'),
    ],
    ids=["repeated hour", "local channel", "linkedid"],
)
def test_where_order_matters_there_is_no_block(data: str) -> None:
    assert parse_block(ASTERISK, (GOOD + data).encode(), zone=ZONE) is None


@pytest.mark.parametrize("name", ["3cx", "avaya-ipoffice"])
def test_a_format_that_needs_the_parser_has_no_block(name: str) -> None:
    definition = load_definition(name)

    assert parse_block(definition, definition.tests[0].text.encode(), zone="UTC") is None


def test_a_block_needs_a_zone() -> None:
    with pytest.raises(ZoneError):
        parse_block(ASTERISK, GOOD.encode(), zone=None)


def test_an_empty_block_is_empty() -> None:
    block = parse_block(ASTERISK, b"", zone=ZONE)

    assert block is not None
    assert (len(block), block.others) == (0, [])
