"""What holds for any bytes: nothing is lost, nothing raises, pieces do not matter."""

import string
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.effort import examples
from tollbook.core.calls import Cdr, Outcome, Part, RejectedRecord, Skip
from tollbook.formats import Parser, load_definition, outcome_to_plain
from tollbook.formats.catalogue import packaged_names

NAMES = packaged_names()
GOOD = [case.text.encode() for name in NAMES for case in load_definition(name).tests]

words = st.sampled_from(
    [
        *GOOD,
        b"\r",
        b"\n",
        b"\r\n",
        b"\x00",
        b"\x02",
        b"\xff\xfe",
        b'"',
        b",",
        b",,",
        b";",
        b"|",
        b"2026-10-25 02:30:00",
        b"2026/03/29 02:30:00",
        b"0000-00-00 00:00:00",
        b"9" * 400,
        b"Call ",
        b"-1",
        b"00:00:61",
        b"\xef\xbb\xbf",
    ]
)
line = st.one_of(
    words,
    st.binary(max_size=60),
    st.text(string.printable, max_size=60).map(str.encode),
    st.sampled_from([each for text in GOOD for each in text.splitlines()]),
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """Return good records with things struck out and put in."""
    text = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 5))
        text[at : at + length] = draw(words) if draw(st.booleans()) else b""
    return bytes(text)


data = st.one_of(mangled(), st.lists(line, max_size=12).map(b"".join), st.binary(max_size=300))


def read(name: str, pieces: Iterable[bytes]) -> list[Outcome]:
    parser = Parser(load_definition(name), zone="Europe/Berlin")
    found = [each for piece in pieces for each in parser.feed(piece)]
    assert parser.safe_offset <= sum(map(len, pieces))
    return found + parser.finish()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=examples(50))
@given(text=data)
def test_every_byte_ends_in_an_outcome_and_nothing_raises(name: str, text: bytes) -> None:
    found = read(name, [text])

    covered = sorted((each.offset, each.end_offset) for each in found)
    reached = 0
    for begin, end in covered:
        assert begin <= reached, f"bytes {reached} to {begin} are in no outcome"
        assert begin < end
        reached = max(reached, end)
    assert reached == len(text)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=examples(50))
@given(text=data, cuts=st.lists(st.integers(0, 2000), max_size=8))
def test_the_size_of_the_pieces_does_not_matter(name: str, text: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[begin:end] for begin, end in pairwise(edges)]

    assert read(name, pieces) == read(name, [text])


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=examples(50))
@given(text=data)
def test_a_call_says_nothing_that_contradicts_itself(name: str, text: bytes) -> None:
    for each in read(name, [text]):
        if isinstance(each, Cdr):
            check(each)
        if isinstance(each, RejectedRecord):
            assert each.reason.startswith("call.")
            assert each.raw in text
        outcome_to_plain(each)


def check(call: Cdr) -> None:
    if call.answered is not True:
        assert call.answer is None
        assert call.talk_s == (0 if call.answered is False else None)
    if call.legs:
        assert sum(leg.talk_s or 0 for leg in call.legs) == call.talk_s
        assert len(call.legs) == len(call.lines)
    for moment in (call.start, call.answer, call.end):
        assert moment is None or moment.utcoffset() is not None
    assert call.ring_s is None or call.ring_s >= 0
    assert call.talk_s is None or call.talk_s >= 0
    assert list(call.lines) == sorted(call.lines)
    for text in (call.caller, call.dialled, call.callee, call.trunk, call.account_code):
        assert text is None or text.strip() == text != ""


# Several objects of JSON may share a line: there the offsets tell them apart, not the lines.
LINEWISE = [name for name in NAMES if load_definition(name).framing.records != "json"]


@pytest.mark.parametrize("name", LINEWISE)
@settings(max_examples=examples(50))
@given(text=data)
def test_records_are_counted_once(name: str, text: bytes) -> None:
    """Each record gives one part, skip, reject, or is the last line of its call."""
    found = read(name, [text])
    parts = [each.line for each in found if isinstance(each, Part)]
    singles = [each.line for each in found if isinstance(each, Skip | RejectedRecord)]
    calls = [each for each in found if isinstance(each, Cdr)]

    assert len(parts) + len(singles) + len(calls) == len({*parts, *singles}) + len(calls)
    assert sum(len(each.lines) for each in calls) >= len(calls)
    in_calls = [line for each in calls for line in each.lines]
    assert len(in_calls) == len(set(in_calls))
    assert not set(in_calls) & set(singles)
    assert set(parts) <= set(in_calls)


@pytest.mark.parametrize("end", [b"\n", b"", b"\r\n"])
@pytest.mark.parametrize("name", ["asterisk-csv", "3cx", "avaya-ipoffice"])
def test_a_line_that_never_ends_is_bounded(name: str, end: bytes) -> None:
    parser = Parser(load_definition(name), zone="UTC", source_name="pbx")
    found: list[Outcome] = []
    for _ in range(40):
        found += parser.feed(b"x" * 250_000)
    found += parser.feed(end)
    found += parser.finish()

    (reject,) = found
    assert isinstance(reject, RejectedRecord)
    assert reject.reason == "call.line_too_long"
    assert reject.raw == b"x" * 1024
    assert "10000000 bytes" in reject.message
    assert (reject.offset, reject.end_offset) == (0, 10_000_000 + len(end))


def test_the_line_behind_an_endless_one_is_read() -> None:
    good = GOOD[NAMES.index("3cx")]
    text = load_definition("3cx").tests[0].text.encode()
    parser = Parser(load_definition("3cx"), zone="UTC")
    found = parser.feed(b"y" * 100_000) + parser.feed(b"y\r\n" + text) + parser.finish()

    assert good is not None
    assert isinstance(found[0], RejectedRecord)
    assert [each.lines for each in found if isinstance(each, Cdr)] == [(2,), (3,), (4,)]


def test_nuls_around_a_record_are_taken_off_and_in_it_are_refused() -> None:
    text = load_definition("avaya-ipoffice").tests[0].text.splitlines()[0].encode()
    parser = Parser(load_definition("avaya-ipoffice"), zone="UTC")
    found = parser.feed(
        b"\x00\x00" + text + b"\x00\r\n" + text.replace(b"02079", b"02\x0079") + b"\n"
    )

    assert isinstance(found[0], Cdr)
    assert isinstance(found[1], RejectedRecord)
    assert found[1].reason == "call.text_malformed"
    assert b"\x00" in found[1].raw


def test_a_record_that_ends_with_a_return_alone_need_not_wait_for_the_next() -> None:
    text = load_definition("3cx").tests[0].text.splitlines()[0].encode()
    parser = Parser(load_definition("3cx"), zone="UTC")

    assert parser.feed(text + b"\r") == []
    (first,) = parser.close_due()
    assert parser.feed(b"\n" + text) == []
    (second,) = parser.finish()
    assert isinstance(first, Cdr)
    assert isinstance(second, Cdr)
    assert (first.end_offset, second.offset, second.lines) == (len(text) + 1, len(text) + 1, (2,))


def test_settling_lets_go_of_calls_that_gained_nothing_since_the_last_time() -> None:
    text = load_definition("asterisk-csv").tests[1].text.splitlines()[2].encode() + b"\n"
    parser = Parser(load_definition("asterisk-csv"), zone="UTC")

    assert parser.feed(text) == []
    assert parser.safe_offset == 0
    assert parser.close_due() == []
    (settled,) = parser.close_due()
    assert isinstance(settled, Cdr)
    assert settled.partial is False
    assert parser.safe_offset == len(text)
    assert parser.finish() == []
