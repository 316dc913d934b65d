"""Every packaged definition is complete, and its own tests pass."""

import pickle

import pytest

from support.definition_tests import run_definition_tests
from tollbook.formats import list_formats, load_definition, read_definition
from tollbook.formats.catalogue import NAMES, packaged_names
from tollbook.formats.errors import FormatNotBuiltError, UnknownFormatError


@pytest.mark.parametrize("name", packaged_names())
def test_a_packaged_definition_proves_itself(name: str) -> None:
    assert run_definition_tests(load_definition(name)) == []


@pytest.mark.parametrize("name", packaged_names())
def test_a_packaged_definition_carries_its_file_s_name(name: str) -> None:
    definition = load_definition(name)

    assert definition.name == name
    assert name in NAMES
    assert definition.title
    assert definition.version >= 1


def test_the_list_names_layouts() -> None:
    known = {each.name: each for each in list_formats()}

    assert {"3cx", "asterisk-csv", "avaya-ipoffice"} <= set(known)
    assert "cdr_csv, 18 columns" in known["asterisk-csv"].layouts


def test_a_planned_name_is_told_from_an_unknown_one() -> None:
    with pytest.raises(FormatNotBuiltError, match="hobic has no definition yet"):
        load_definition("hobic")
    with pytest.raises(UnknownFormatError, match='no format "hobicc"'):
        load_definition("hobicc")


def test_a_definition_travels_to_another_process() -> None:
    definition = load_definition("3cx")

    again = pickle.loads(pickle.dumps(definition))  # noqa: S301 - our own bytes

    assert again.name == "3cx"
    assert [each.name for each in again.layouts] == [each.name for each in definition.layouts]


def test_a_failing_test_block_says_what_differs() -> None:
    definition = load_definition("avaya-ipoffice")
    text = definition.toml_text.replace('caller = "02079460100", dialled', 'caller = "9", dialled')

    failures = run_definition_tests(read_definition(text, "changed"))

    assert failures == [
        (
            "avaya-ipoffice, test 'in, out, internal, lost', outcome 1: "
            "call.caller is '02079460100', expected '9'"
        )
    ]
