"""A definition's own [[test]] blocks: its lines must give the outcomes that it expects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tollbook.formats.definition import Definition, TestCase
from tollbook.formats.errors import ZoneError
from tollbook.formats.parser import Parser
from tollbook.formats.printing import outcome_to_plain

_INSTANTS = frozenset({"start", "answer", "end"})


def run_definition_tests(definition: Definition) -> list[str]:
    """Return what fails, one sentence each; empty when every test passes.

    Blank lines' skips are left out of the comparison. An expected outcome names only the keys
    that matter; TOML has no null, so an expected "" means null.
    """
    if not definition.tests:
        return [f"{definition.name}: there is no [[test]]; nothing proves the definition"]
    return [words for case in definition.tests for words in _failures(definition, case)]


def _failures(definition: Definition, case: TestCase) -> list[str]:
    place = f"{definition.name}, test {case.name!r}"
    try:
        parser = Parser(definition, zone=case.zone, source_name=case.name)
        outcomes = parser.feed(case.text.encode()) + parser.finish()
    except ZoneError as fault:
        return [f"{place}: {fault}"]
    found = [outcome_to_plain(each) for each in outcomes]
    found = [each for each in found if each.get("skip", {}).get("why") != "blank line"]
    if len(found) != len(case.expect):
        kinds = ", ".join(_describe(each) for each in found)
        return [f"{place}: {len(case.expect)} outcomes expected, {len(found)} came: {kinds}"]
    return [
        f"{place}, outcome {number}: {words}"
        for number, (expected, came) in enumerate(zip(case.expect, found, strict=True), 1)
        for words in _differences(expected, came)
    ]


def _describe(outcome: Mapping[str, Any]) -> str:
    kind, content = next(iter(outcome.items()))
    detail = content.get("message") or content.get("why") or content.get("lines") or ""
    return f"{kind} {detail}".strip()


def _differences(expected: Mapping[str, Any], came: Mapping[str, Any]) -> list[str]:
    kind = next(iter(expected))
    if kind not in came:
        return [f"a {kind} was expected, but came {_describe(came)}"]
    return list(_compare(expected[kind], came[kind], kind))


def _compare(expected: Any, came: Any, place: str) -> list[str]:
    if isinstance(expected, Mapping):
        if not isinstance(came, Mapping):
            return [f"{place} is {came!r}, expected {dict(expected)!r}"]
        return [
            words
            for key, value in expected.items()
            for words in (
                _compare(value, came[key], f"{place}.{key}")
                if key in came
                else [f"{place} has no key {key}"]
            )
        ]
    if isinstance(expected, list) and isinstance(came, list) and len(expected) == len(came):
        pairs = enumerate(zip(expected, came, strict=True))
        return [w for i, (e, c) in pairs for w in _compare(e, c, f"{place}[{i}]")]
    name = place.rsplit(".", 1)[-1]
    same = came is None if expected == "" else came == expected
    if name in _INSTANTS and isinstance(came, str) and isinstance(expected, str) and expected:
        same = datetime.fromisoformat(came) == datetime.fromisoformat(expected)
    return [] if same else [f"{place} is {came!r}, expected {expected!r}"]
