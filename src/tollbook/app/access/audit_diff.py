"""What a change changed: two JSON values side by side, down to the single field."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

ABSENT: Final = "—"
LONGEST_SHOWN: Final = 400


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; `place` is empty where the whole value changed."""

    place: str
    before: str
    after: str


def changes(before: object, after: object) -> list[FieldChange]:
    """Return the fields in which two JSON values differ, in the order in which they are written.

    >>> changes({"name": "A", "rate": "0.10"}, {"name": "A", "rate": "0.12"})
    [FieldChange(place='rate', before='0.10', after='0.12')]
    >>> changes(None, {"name": "A"})
    [FieldChange(place='name', before='—', after='A')]
    """
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return [
        FieldChange(place, old.get(place, ABSENT), new.get(place, ABSENT))
        for place in dict.fromkeys((*old, *new))
        if old.get(place) != new.get(place)
    ]


def parsed(text: str) -> object:
    """Return the JSON value of *text*; what is no JSON stands for itself."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def _leaves(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every single value with the path to it; null says nothing."""
    match value:
        case None:
            return
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, f"{place}.{key}" if place else str(key))
        case list() if any(isinstance(one, dict | list) for one in value):
            for index, inner in enumerate(value):
                yield from _leaves(inner, f"{place}[{index}]")
        case list():
            yield place, ", ".join(_words(one) for one in value)
        case _:
            yield place, _words(value)


def _words(value: object) -> str:
    if value is True or value is False:
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
