"""The bytes of a record that became a field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.formats import load_definition, marked_fields
from tollbook.formats.catalogue import packaged_names


def marked(name: str, raw: bytes) -> dict[str, str]:
    return {
        field: raw[begin:end].decode("utf-8")
        for begin, end, field in marked_fields(load_definition(name), raw)
    }


def test_an_asterisk_line_is_marked() -> None:
    raw = (
        '"acc","201","0043","from-internal","""Zoë"" <201>","PJSIP/201-0000001a",'
        '"PJSIP/c-0000001b","Dial","PJSIP/0043@c,60","2026-03-02 09:15:00",'
        '"2026-03-02 09:15:08","2026-03-02 09:17:13",133,125,"ANSWERED","D","1.26",""\r\n'
    ).encode()
    found = marked("asterisk-csv", raw)

    assert found["start"] == "2026-03-02 09:15:00"
    assert found["talk_s"] == "125"
    assert found["answered"] == "ANSWERED"
    assert found["caller"] == "201"
    assert found["caller_name"] == 'Zoë"" <201>'
    assert found["account_code"] == "acc"
    assert found["dialled"] == "0043"
    assert found["pbx_call_id"] == "1.26"


def test_a_surplus_cell_moves_no_mark() -> None:
    raw = (
        b"Call 1,A1B2C3_1,00:00:10,2026/02/03 09:00:00,2026/02/03 09:00:02,2026/02/03 09:00:12,"
        b"TerminatedBySrc,Ext.120,Ext.121,120,121,121,,Ext.121,121,,,,,Chain: Ext.120;,,"
        b"Alm, Berit,Dag Ek,Dag Ek,Extension,Extension,Extension\r\n"
    )
    found = marked("3cx", raw)

    assert found["caller"] == "Ext.120"
    assert found["dialled"] == "121"
    assert found["direction"] == "Extension"
    assert "caller_name" not in found


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"garbage", b"\xff\xfe,,"])
def test_what_is_no_record_has_no_marks(raw: bytes) -> None:
    assert marked_fields(load_definition("3cx"), raw) == []


@pytest.mark.parametrize("name", packaged_names())
@given(data=st.data())
def test_marks_lie_inside_the_record_and_never_overlap(name: str, data: st.DataObject) -> None:
    lines = [
        line
        for case in load_definition(name).tests
        for line in case.text.encode().splitlines()
        if line
    ]
    raw = bytearray(data.draw(st.sampled_from(lines)))
    at = data.draw(st.integers(0, len(raw)))
    raw[at:at] = data.draw(st.binary(max_size=4))

    reached = 0
    for begin, end, field in marked_fields(load_definition(name), bytes(raw)):
        assert reached <= begin < end <= len(raw)
        assert field
        reached = end
