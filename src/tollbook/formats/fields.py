"""Cells to values: each field asks its rules in turn, and the first that answers counts."""

from collections.abc import Mapping
from typing import Any

from tollbook.formats.definition import REJECT, FieldRule, Layout
from tollbook.formats.errors import Malformed, quoted

Values = dict[str, Any]


def read_values(layout: Layout, cells: list[str]) -> Values:
    """Return what the cells say, by field; a field that they do not mention is absent.

    Raises Malformed for a value that is present and not of its shape.
    """
    values: Values = {}
    for target, rules in layout.fields.items():
        for rule in rules:
            value = answer(rule, target, cells)
            if value is not None:
                values[target] = value
                break
    return values


def answer(rule: FieldRule, target: str, cells: list[str]) -> Any:
    """Return the value that *rule* finds, or None if it has nothing to say."""
    for place, pattern in rule.conditions:
        if not pattern.matches(cells[place]):
            return None
    if rule.constant is not None:
        return rule.constant
    if len(rule.cells) == 1:
        text = cells[rule.cells[0]]
    else:
        text = " ".join(cells[place] for place in rule.cells).strip()
    return interpret(rule, target, text)


def interpret(rule: FieldRule, target: str, text: str) -> Any:
    """Return the value of one *text* under *rule*, or None."""
    if rule.before_last:
        text = before_last(text, rule.before_last)
    if rule.choices is not None:
        return _choose(rule, rule.choices, target, text)
    if not text or text in rule.nulls:
        return None
    if rule.pattern is not None:
        match = rule.pattern.search(text)
        if match is None:
            return None
        text = match.group(1 if rule.pattern.groups else 0) or ""
    for prefix in rule.strip:
        if text.startswith(prefix):
            text = text[len(prefix) :]
            break
    text = text.strip()
    if not text or text in rule.nulls or rule.converter is None:
        return None
    return rule.converter(text)


def before_last(text: str, mark: str) -> str:
    """Return what stands before the last *mark*, or all of *text* if it has none.

    >>> before_last("PJSIP/carrier-0000001a", "-")
    'PJSIP/carrier'
    """
    return text.rpartition(mark)[0] or text


def _choose(rule: FieldRule, choices: Mapping[str, Any], target: str, text: str) -> Any:
    key = text
    if rule.pattern is not None:
        match = rule.pattern.search(text)
        key = (match.group(1 if rule.pattern.groups else 0) or "") if match else ""
    if rule.fold_case:
        key = key.lower()
    if key in choices:
        return choices[key]
    if not key or key in rule.nulls or rule.otherwise != REJECT:
        return None
    known = ", ".join(quoted(each) for each in choices if each)
    raise Malformed("call.value_unknown", f"{target} {quoted(text)}", f"one of {known}")
