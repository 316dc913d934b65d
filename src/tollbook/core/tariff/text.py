"""A tariff's bytes as a mapping: TOML or JSON, numbers exact, no key twice."""

import json
import tomllib
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal


class TariffSyntaxError(ValueError):
    """The text is neither valid TOML nor valid JSON; *place* is the line, as far as it is known."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        self.message = message


def decode_tariff(raw: bytes, *, name: str) -> Mapping[str, object]:
    """Return the document in *raw*: TOML or JSON by the ending of *name*, else by its beginning.

    Raises TariffSyntaxError.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise TariffSyntaxError(f"line {line}", "is not UTF-8 text; save it as UTF-8") from None
    ending = name.lower().rpartition(".")[2]
    is_json = ending == "json" or (ending != "toml" and text.lstrip().startswith("{"))
    try:
        document = parse_json(text) if is_json else tomllib.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as fault:
        raise TariffSyntaxError(f"line {fault.lineno}", f"is not JSON: {fault.msg}") from None
    except RecursionError:
        raise TariffSyntaxError("line 1", "is nested too deeply to be a tariff") from None
    except ValueError as fault:
        kind = "JSON" if is_json else "TOML"
        raise TariffSyntaxError(
            "the text", f"is not {kind} as a tariff wants it: {fault}"
        ) from None
    if not isinstance(document, dict):
        raise TariffSyntaxError("line 1", "is not a table of keys and values")
    return document


def parse_json(text: str) -> object:
    """Return what JSON *text* holds, its numbers with a point as Decimal.

    Raises ValueError, also for NaN, Infinity and a key that stands twice in one object.
    """
    return json.loads(
        text,
        parse_float=Decimal,
        parse_constant=_refuse_constant,
        object_pairs_hook=_without_twins,
    )


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f'the key "{twice[:60]}" stands twice in one place')
    return found
