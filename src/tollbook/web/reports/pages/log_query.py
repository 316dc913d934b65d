"""The call log's address: what it asks for, as a filter, as chips, and as an address again.

Everything that the log shows is in its query string, so that a link to it shows the same. What
cannot be read is said and left out, never guessed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.http import urlencode

from tollbook.app.reports.call_log import CallFilter
from tollbook.app.reports.period import PeriodError, moment
from tollbook.core.calls import DIRECTION_CODES
from tollbook.core.instants import to_us
from tollbook.core.money import parse_amount, to_micros
from tollbook.web.frame.periods import WORDS, named_days
from tollbook.web.reports.pages.log_choices import LogChoices
from tollbook.web.templatetags.tollbook import call_type_words

LONGEST = 64
SIZES = (10, 25, 50, 100)
USUAL_SIZE = 50
DIRECTION_WORDS = {
    "out": "Outgoing",
    "in": "Incoming",
    "internal": "Internal",
    "transit": "Line to line",
    "unknown": "Direction unknown",
}
ANSWERED = {"yes": True, "no": False}
# The order in which chips stand; also every key that filters.
KEYS = (
    "period", "from", "to", "arrived", "q", "site", "extension", "department", "owner",
    "account_code", "trunk", "pbx", "source", "direction", "call_type", "destination", "answered",
    "cost_min", "cost_max", "unrated", "below_cost",
)  # fmt: skip
SHAPE = ("sort", "size")
# What the first row has the most of; a minus before the key turns the order round.
SORTS = {
    "": "the latest",
    "begin": "the earliest",
    "talk": "the longest",
    "-talk": "the shortest",
    "charge": "the dearest",
    "-charge": "the cheapest",
}
SITE, EVERY_SITE = "site", "all"
NO_SUCH = 0  # an id that no row has: what was asked for does not exist, so nothing fits


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in words, and the address without it."""

    words: str
    without: str


@dataclass(slots=True)
class _ParsedQuery:
    """The filter's values as they grow, the words for each key, what fields of the form hold that
    take no other writing, and what could not be read.
    """

    values: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What the log is asked for: `given` holds the keys that are set, as typed.

    `fields` holds `from` and `to` as the form writes a moment: 2026-10-01T00:00, in its zone.
    """

    given: Mapping[str, str]
    filter: CallFilter
    words: Mapping[str, str]
    faults: tuple[str, ...]
    size: int
    sort: str
    fields: Mapping[str, str]

    def address(self, **changes: str | None) -> str:
        """Return this query as an address, with *changes*; None or "" takes a key out."""
        kept = {key: self.given[key] for key in (*KEYS, *SHAPE) if key in self.given}
        merged: dict[str, str | None] = {**kept, **changes}
        pairs = [(key, value) for key, value in merged.items() if value]
        return f"?{urlencode(pairs)}" if pairs else "?"

    def chips(self) -> list[Chip]:
        """Return every filter in force in words, each with the address without it."""
        # Left out, the site would be the chosen one again.
        without = {SITE: EVERY_SITE}
        return [
            Chip(words, self.address(**{key: without.get(key)}))
            for key, words in self.words.items()
        ]

    def sentence(self) -> str:
        """Say in one line which calls these are."""
        which = "Calls that fit all of these" if self.words else "All calls"
        return f"{which}, {SORTS.get(self.sort, SORTS[''])} first."


def read_query(
    given: Mapping[str, str], *, choices: LogChoices, zone: ZoneInfo, now: datetime
) -> LogQuery:
    """Return what *given* (a query string's first values) asks for."""
    texts = {
        key: given[key].strip()[:LONGEST] for key in (*KEYS, *SHAPE) if given.get(key, "").strip()
    }
    reading = _ParsedQuery()
    _read_period(reading, texts, zone=zone, today=now.astimezone(zone).date())
    for key, read in _READERS.items():
        if key in texts:
            read(reading, texts[key], choices)
    size, sort = texts.get("size", ""), texts.get("sort", "")
    return LogQuery(
        given=texts,
        filter=CallFilter(**reading.values),
        words={key: reading.words[key] for key in KEYS if key in reading.words},
        faults=tuple(reading.faults),
        size=int(size) if size in {str(one) for one in SIZES} else USUAL_SIZE,
        sort=sort if sort in SORTS else "",
        fields=reading.fields,
    )


_NAMED_PERIODS = (
    ("period", "from_us", "to_us", ""),
    ("arrived", "received_from_us", "received_to_us", "Arrived: "),
)


def _read_period(
    reading: _ParsedQuery, texts: Mapping[str, str], *, zone: ZoneInfo, today: date
) -> None:
    for key, begin, end, prefix in _NAMED_PERIODS:
        name = texts.get(key, "")
        days = named_days(name, today=today)
        if days is not None:
            reading.values[begin], reading.values[end] = days.bounds_us(zone)
            reading.words[key] = prefix + (WORDS[name].lower() if prefix else WORDS[name])
        elif name:
            reading.faults.append(f'There is no period "{name}"; it was left out.')
    for key, column, words in (("from", "from_us", "From"), ("to", "to_us", "Before")):
        if key not in texts:
            continue
        try:
            bound = moment(texts[key], zone=zone)
        except PeriodError as fault:
            reading.faults.append(str(fault))
            continue
        reading.values[column] = to_us(bound)
        reading.words[key] = f"{words} {texts[key].replace('T', ' ')}"
        local = bound.astimezone(zone).replace(tzinfo=None)
        precision = "seconds" if local.second else "minutes"
        reading.fields[key] = local.isoformat(timespec=precision)


def _keyword(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:  # noqa: ARG001 - one shape for all readers
    reading.values["keyword"] = text
    reading.words["q"] = f"“{text}” in a number or name"


def _linked(key: str, column: str, words: str) -> Callable[[_ParsedQuery, str, LogChoices], None]:
    """Return the reader of a key that holds the id of one of the choices."""

    def read(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:
        options = dict(choices.of(key))
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else NO_SUCH
        reading.values[column] = number
        reading.words[key] = f"{words} {options.get(number, text)}"

    return read


def _site(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:
    if text != EVERY_SITE:
        _of_site(reading, text, choices)


def _extension(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:
    # Sites may number alike: then it is all of them, as far as the site does not narrow it.
    found = choices.extension_ids(text)
    if len(found) > 1:
        reading.values["extension_ids"] = found
    else:
        reading.values["extension_id"] = found[0] if found else NO_SUCH
    reading.words["extension"] = f"Extension {text}"


def _account_code(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:
    known = choices.account_code_id(text)
    if known is None:
        reading.values["account_code"] = text  # As callers typed it: nobody has entered it here.
    else:
        reading.values["account_code_id"] = known
    reading.words["account_code"] = f"Account code {text}"


def _direction(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:  # noqa: ARG001 - one shape
    if text not in DIRECTION_WORDS:
        reading.faults.append(f'There is no direction "{text}"; it was left out.')
        return
    reading.values["direction"] = DIRECTION_CODES["" if text == "unknown" else text]
    reading.words["direction"] = DIRECTION_WORDS[text]


def _call_type(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:  # noqa: ARG001 - one shape
    reading.values["call_type"] = text
    reading.words["call_type"] = f"{call_type_words(text)} calls"


def _destination(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:  # noqa: ARG001 - one shape
    reading.values["destination"] = text
    reading.words["destination"] = f"To {text}"


def _answered(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:  # noqa: ARG001 - one shape
    if text not in ANSWERED:
        reading.faults.append('"answered" is yes or no; it was left out.')
        return
    reading.values["answered"] = ANSWERED[text]
    reading.words["answered"] = "Answered" if ANSWERED[text] else "Not answered"


def _cost(key: str, column: str, words: str) -> Callable[[_ParsedQuery, str, LogChoices], None]:
    def read(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:  # noqa: ARG001 - one shape
        try:
            micros = to_micros(parse_amount(text.replace(",", ".")))
        except ValueError:
            reading.faults.append(f'"{text}" is no amount. Write it as 5 or 0.25.')
            return
        reading.values[column] = micros
        reading.words[key] = f"{words} {text}"

    return read


def _unrated(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:  # noqa: ARG001 - one shape
    reading.values["unrated"] = True
    reading.words["unrated"] = "Unrated only"


def _below_cost(reading: _ParsedQuery, text: str, choices: LogChoices) -> None:  # noqa: ARG001 - one shape
    reading.values["below_cost"] = True
    reading.words["below_cost"] = "Sold below cost"


_of_site = _linked("site", "site_id", "Site")
_READERS: dict[str, Callable[[_ParsedQuery, str, LogChoices], None]] = {
    "q": _keyword,
    "extension": _extension,
    "site": _site,
    "department": _linked("department", "department_id", "Department"),
    "owner": _linked("owner", "owner_id", "Owner"),
    "account_code": _account_code,
    "trunk": _linked("trunk", "trunk_id", "Trunk"),
    "pbx": _linked("pbx", "pbx_id", "PBX"),
    "source": _linked("source", "source_id", "Source"),
    "direction": _direction,
    "call_type": _call_type,
    "destination": _destination,
    "answered": _answered,
    "cost_min": _cost("cost_min", "charge_min_micros", "Charge from"),
    "cost_max": _cost("cost_max", "charge_max_micros", "Charge up to"),
    "unrated": _unrated,
    "below_cost": _below_cost,
}
