"""One line of `tollbook rate`'s input: a call to price, or a question how long it may last."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tollbook.core.calendar import parse_instant
from tollbook.core.money import parse_amount
from tollbook.core.rating import TalkedCall, TalkedLeg
from tollbook.core.tariff.text import parse_json

FIRST_YEAR, LAST_YEAR = 1900, 2500
LONGEST_TALK_S = 1_000_000_000
MOST_PULSES = 1_000_000_000

_CALL_KEYS = frozenset(
    (
        "id",
        "start",
        "answer",
        "talk_s",
        "dialled",
        "caller",
        "department",
        "trunk",
        "account_code",
        "source_ip",
        "pulses",
        "legs",
        "credit",
        "at_most_s",
    )
)
_LEG_KEYS = frozenset(("party", "role", "start", "answer", "end", "talk_s"))
_SECONDS = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)


class CallFault(ValueError):
    """A line that is not a call; *call_id* is its id, as far as it could be read."""

    def __init__(self, call_id: object, message: str) -> None:
        super().__init__(message)
        self.call_id = call_id
        self.message = message


class MalformedError(ValueError):
    """A value that is not what its key wants: "key: finding; expectation"."""


@dataclass(frozen=True, slots=True)
class RateInput:
    """A call; with *credit*, how long it may last for that, up to *at_most_s*."""

    call_id: str | int
    call: TalkedCall
    credit: Decimal | None
    at_most_s: int | None


def read_question(line: bytes) -> RateInput:
    """Return what one line asks. Raises CallFault."""
    record = _decode(line)
    call_id = record.get("id")
    if not isinstance(call_id, str | int) or isinstance(call_id, bool):
        raise CallFault(None, "id: is missing; expected a text or a whole number")
    try:
        return _question(call_id, record)
    except MalformedError as fault:
        raise CallFault(call_id, str(fault)) from None


def _decode(line: bytes) -> Mapping[str, object]:
    try:
        text = line.decode("utf-8-sig")
        record = parse_json(text)
    except UnicodeDecodeError:
        raise CallFault(None, "is not UTF-8 text") from None
    except RecursionError:
        raise CallFault(None, "is nested too deeply") from None
    except ValueError as fault:
        raise CallFault(None, f"is not JSON: {fault}") from None
    if not isinstance(record, dict):
        raise CallFault(None, "is not an object in braces")
    return record


def _question(call_id: str | int, record: Mapping[str, object]) -> RateInput:
    _refuse_unknown(record, _CALL_KEYS, "")
    credit = _credit(record)
    at_most_s = _whole(record, "at_most_s", LONGEST_TALK_S)
    if credit is None:
        if at_most_s is not None:
            raise MalformedError("at_most_s: stands without credit")
        talk_s = _seconds(record, "talk_s", "")
    else:
        for key in ("talk_s", "legs", "pulses"):
            if record.get(key) is not None:
                raise MalformedError(f"{key}: cannot stand beside credit, which asks how long")
        talk_s = Decimal(0)
    dialled = _text(record, "dialled")
    if dialled is None:
        raise MalformedError("dialled: is missing; expected the number as a text")
    call = TalkedCall(
        start=_talk_instant(record),
        talk_s=talk_s,
        dialled=dialled,
        caller=_text(record, "caller"),
        department=_text(record, "department"),
        trunk=_text(record, "trunk"),
        account_code=_text(record, "account_code"),
        source_ip=_text(record, "source_ip"),
        pulses=_whole(record, "pulses", MOST_PULSES),
        legs=_legs(record, talk_s),
    )
    return RateInput(call_id, call, credit, at_most_s)


def _refuse_unknown(record: Mapping[str, object], known: frozenset[str], place: str) -> None:
    unknown = sorted(record.keys() - known)
    if unknown:
        raise MalformedError(f"{place}{unknown[0][:60]}: is not a key known here; remove it")


def _talk_instant(record: Mapping[str, object]) -> datetime:
    """Return `answer` if given, else `start`; both must be sound."""
    found = None
    for key in ("start", "answer"):
        text = _text(record, key)
        if text is None:
            continue
        try:
            found = parse_instant(text)
        except ValueError as fault:
            raise MalformedError(f"{key}: {fault}") from None
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise MalformedError(f"{key}: lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    if found is None:
        raise MalformedError("start: is missing; expected an instant with its offset")
    return found


def _credit(record: Mapping[str, object]) -> Decimal | None:
    value = record.get("credit")
    if value is None:
        return None
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise MalformedError('credit: is not an amount of money, as "5.00"')
    try:
        return parse_amount(str(value))
    except ValueError as fault:
        raise MalformedError(f"credit: {fault}") from None


def _legs(record: Mapping[str, object], talk_s: Decimal) -> tuple[TalkedLeg, ...]:
    values = record.get("legs")
    if values is None or values == []:
        return ()
    if not isinstance(values, list):
        raise MalformedError("legs: is not a list")
    legs = []
    for at, value in enumerate(values):
        place = f"legs[{at}]."
        if not isinstance(value, dict):
            raise MalformedError(f"legs[{at}]: is not an object in braces")
        _refuse_unknown(value, _LEG_KEYS, place)
        leg_s = _seconds(value, "talk_s", place)
        if leg_s < 0:
            raise MalformedError(f"{place}talk_s: is negative")
        legs.append(TalkedLeg(_text(value, "party", place), leg_s))
    total_s = sum(leg.talk_s for leg in legs)
    if total_s != max(talk_s, Decimal(0)):
        raise MalformedError(f"legs: last {total_s} s together, but talk_s is {talk_s}")
    return tuple(legs)


def _seconds(record: Mapping[str, object], key: str, place: str) -> Decimal:
    value = record.get(key)
    if value is None:
        raise MalformedError(f"{place}{key}: is missing; expected seconds")
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise MalformedError(f"{place}{key}: is not a number of seconds")
    if isinstance(value, str) and not _SECONDS.fullmatch(value):
        raise MalformedError(f'{place}{key}: "{value[:40]}" is not a number of seconds')
    seconds = Decimal(value)
    if abs(seconds) > LONGEST_TALK_S:
        raise MalformedError(f"{place}{key}: is more than {LONGEST_TALK_S} s")
    return seconds


def _whole(record: Mapping[str, object], key: str, high: int) -> int | None:
    value = record.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= high:
        raise MalformedError(f"{key}: is not a whole number from 0 to {high}")
    return value


def _text(record: Mapping[str, object], key: str, place: str = "") -> str | None:
    value = record.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise MalformedError(f"{place}{key}: is not a text in quotes")
    return value
