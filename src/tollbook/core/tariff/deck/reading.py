"""From a deck's rows to rates, or to every fault that they have.

A cell is read once for all rows that hold the same: decks repeat prices, dates and increments.

Source: docs/manual/decks.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from tollbook.core.calendar import zone
from tollbook.core.tariff.deck.cells import (
    CellFault,
    lenient,
    read_amount,
    read_billing,
    read_edge,
    read_flag,
    read_instant,
    read_list,
    read_prefix,
    read_text,
    read_whole,
)
from tollbook.core.tariff.deck.fields import FIELD_OF, DeckLayout, DeckOptions
from tollbook.core.tariff.deck.forms import initial_and_unit, read_other_price, simple_slots
from tollbook.core.tariff.fields import LONGEST_S, Fault
from tollbook.core.tariff.model import Form, Rate, TariffDefinition

MAX_ROWS = 1_000_000
MAX_FAULTS_KEPT = 1_000
_MOST_REMEMBERED = 50_000
_MOST_IN_RANGE = 1_000
_SIMPLE = ("price", "per_s", "first_s", "increment_s", "billing")
_UNITS = ("initial_cost", "initial_s", "unit_price", "unit_s", "window_from", "window_to")
_ZERO = Decimal(0)
CellReader = Callable[[str], object]
DeckValues = dict[str, Any]


@dataclass(slots=True)
class DeckReading:
    """What came of a deck: its rates with the row of each, and its faults.

    Of many faults the first are kept, *fault_count* counts all. With any, the deck is refused.
    *rows* are those that held a rate; empty ones are passed over.
    """

    rates: list[Rate] = field(default_factory=list)
    row_of: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    rows: int = 0

    def fault(self, place: str, code: str, message: str) -> None:
        """Add a fault."""
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS_KEPT:
            self.faults.append(Fault(place, f"deck.{code}", message))


def read_deck(
    rows: Iterable[tuple[int, Sequence[str]]], layout: DeckLayout, *, base: TariffDefinition
) -> DeckReading:
    """Read numbered *rows* of cells into rates that fit the tariff *base*.

    Its bands, zone and dates hold for them; its rates do not.
    """
    found = DeckReading()
    reader = _RowReader(layout, base, found)
    if not reader.can_read():
        return found
    for number, cells in rows:
        if number <= layout.header_row or not any(cells):
            continue
        if found.rows == MAX_ROWS:
            found.fault(f"row {number}", "too_long", f"is beyond {MAX_ROWS:,} rates; part the deck")
            break
        found.rows += 1
        reader.read(number, cells)
    if not found.rows:
        found.fault("the sheet", "empty", "holds no rates below its headings")
    return found


class _RowReader:
    """Reads row after row by one layout; what a cell means is memoised."""

    def __init__(self, layout: DeckLayout, base: TariffDefinition, found: DeckReading) -> None:
        self._found = found
        self._columns = layout.columns
        self._options = layout.options
        self._bands = {band.name for band in base.bands}
        self._dates = (base.effective_from, base.effective_to)
        # Most decks have one column of prices: then all rows have the same form.
        forms = {*_UNITS, "other_price"} & layout.columns.keys()
        self._only_simple = "price" in layout.columns and not forms
        readers = _readers(layout.options, base)
        self._plan: list[tuple[str, int, CellReader, dict[str, object]]] = [
            (key, at, readers[key], {}) for key, at in layout.columns.items() if key in readers
        ]

    def can_read(self) -> bool:
        """Say whether the columns suffice for a rate; else a fault is added."""
        before = self._found.fault_count
        for key in self._columns:
            if key not in FIELD_OF:
                self._found.fault("the columns", "unknown_field", f'name a field "{key[:40]}"')
        if "prefix" not in self._columns:
            self._found.fault("the columns", "no_prefix", "name none as the prefix; choose it")
        if not {"price", "unit_price", "initial_cost", "other_price"} & self._columns.keys():
            self._found.fault("the columns", "no_price", "name none as the price; choose it")
        return self._found.fault_count == before

    def read(self, number: int, cells: Sequence[str]) -> None:
        """Add the rates of one row, or its faults."""
        before = self._found.fault_count
        values = self._values(number, cells)
        form = self._form(number, values)
        prefixes = self._prefixes(number, values)
        band = values.get("band")
        if band is not None and band not in self._bands:
            self._fault(number, "band", "band", f'is "{band[:40]}", which no band is named')
        begins, ends = values.get("effective_from"), values.get("effective_to")
        if begins is None and ends is None:
            begins, ends = self._dates
        elif begins is not None and ends is not None and ends <= begins:
            self._fault(number, "effective_to", "dates", "is not later than effective from")
        if form is None or self._found.fault_count > before:
            return
        for prefix in prefixes:
            self._found.rates.append(_rate(prefix, form, values, begins, ends))
            self._found.row_of.append(number)

    def _values(self, number: int, cells: Sequence[str]) -> DeckValues:
        values: DeckValues = {}
        width = len(cells)
        for key, at, read, memory in self._plan:
            cell = cells[at] if at < width else ""
            if not cell:
                continue
            value = memory.get(cell)
            if value is None:
                value = read(cell)
                if len(memory) < _MOST_REMEMBERED:
                    memory[cell] = value
            if isinstance(value, CellFault):
                self._fault(number, key, "cell", value.message)
            else:
                values[key] = value
        return values

    def _form(self, number: int, values: DeckValues) -> Form | None:
        """Return the row's price; None after a fault."""
        if self._only_simple and "price" in values:
            return self._simple(values)
        given = [
            kind
            for kind, keys in (
                ("price", ("price",)),
                ("unit_price", ("initial_cost", "initial_s", "unit_price", "unit_s")),
                ("other_price", ("other_price",)),
            )
            if any(key in values for key in keys)
        ]
        if len(given) != 1:
            if not self._has_faults(number, *_SIMPLE, *_UNITS, "other_price"):
                finding = "has prices of several forms; keep one" if given else "has no price"
                self._row_fault(number, "price_form", finding)
            return None
        if given[0] == "other_price":
            form: Form = values["other_price"]
            return form
        if given[0] == "price":
            return self._simple(values)
        try:
            return self._units(number, values)
        except ValueError as fault:
            self._row_fault(number, "price_form", str(fault))
            return None

    def _simple(self, values: DeckValues) -> Form:
        options = self._options
        first_s, increment_s = values.get("billing") or (options.first_s, options.increment_s)
        first_s = values.get("first_s") or first_s
        increment_s = values.get("increment_s") or increment_s
        return simple_slots(
            values["price"], values.get("per_s", options.per_s), first_s, increment_s
        )

    def _units(self, number: int, values: DeckValues) -> Form | None:
        missing = [key for key in ("unit_price", "unit_s") if key not in values]
        edges = values.get("window_from"), values.get("window_to")
        if missing and not self._has_faults(number, *missing):
            self._fault(number, missing[0], "missing", "is missing; 0 says that there is none")
        if (edges[0] is None) != (edges[1] is None):
            self._row_fault(number, "window", "has one end of its window only; give both or none")
        elif not missing:
            return initial_and_unit(
                values.get("initial_cost", _ZERO),
                values.get("initial_s", 0),
                values["unit_price"],
                values["unit_s"],
                None if edges[0] is None or edges[1] is None else (edges[0], edges[1]),
            )
        return None

    def _prefixes(self, number: int, values: DeckValues) -> Sequence[str]:
        """Return the prefixes of a row: one, or with `several` those of its lists and ranges."""
        prefix: str | None = values.get("prefix")
        code: str = values.get("country_code", "")
        if prefix is None and code:
            return (code,)  # The country as a whole.
        if prefix is None:
            if not self._has_faults(number, "prefix"):
                words = 'is empty; two quotation marks ("") stand for any number'
                self._fault(number, "prefix", "missing", words)
            return ()
        if not self._options.several:
            return (code + prefix,)
        try:
            return [code + one for part in read_list(prefix) for one in _range(part)]
        except ValueError as fault:
            self._fault(number, "prefix", "range", str(fault))
            return ()

    def _has_faults(self, number: int, *keys: str) -> bool:
        """Say whether a cell of these fields in this row is at fault already."""
        places = {self._place(number, key) for key in keys if key in self._columns}
        last = self._found.faults[-len(self._columns) - 1 :]
        return self._found.fault_count > MAX_FAULTS_KEPT or any(
            fault.place in places for fault in last
        )

    def _fault(self, number: int, key: str, code: str, message: str) -> None:
        self._found.fault(self._place(number, key), code, message)

    def _row_fault(self, number: int, code: str, message: str) -> None:
        self._found.fault(f"row {number}", code, message)

    def _place(self, number: int, key: str) -> str:
        at = self._columns.get(key)
        column = "" if at is None else f"column {column_letters(at)}, "
        return f"row {number}, {column}{FIELD_OF[key].title.lower()}"


def column_letters(at: int) -> str:
    """Return the letters by which spreadsheets call the 0-based column *at*.

    >>> [column_letters(at) for at in (0, 25, 26)]
    ['A', 'Z', 'AA']
    """
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _readers(options: DeckOptions, base: TariffDefinition) -> dict[str, CellReader]:
    amount = partial(read_amount, decimal=options.decimal)
    seconds = partial(read_whole, low=0, high=LONGEST_S)
    steps = partial(read_whole, low=1, high=LONGEST_S)
    instant = partial(read_instant, order=options.dates, zone=zone(base.zone))
    strict: dict[str, CellReader] = {
        "number_length": partial(read_whole, low=0, high=1_000),
        "per_s": steps,
        "first_s": steps,
        "increment_s": steps,
        "billing": read_billing,
        "other_price": read_other_price,
        "window_from": read_edge,
        "window_to": read_edge,
        "effective_from": instant,
        "effective_to": instant,
        "active": read_flag,
        "callers": read_list,
        "trunks": read_list,
    }
    strict |= dict.fromkeys(
        ("price", "connect_fee", "initial_cost", "unit_price", "minimum_charge", "maximum_charge"),
        amount,
    )
    strict |= dict.fromkeys(("initial_s", "unit_s", "free_s", "minimum_s"), seconds)
    readers = {key: lenient(read) for key, read in strict.items()}
    read_codes: CellReader = read_text if options.several else lenient(read_prefix)
    readers |= {"prefix": read_codes, "country_code": lenient(read_prefix)}
    texts = ("destination", "call_type", "band", "remark")
    return readers | dict.fromkeys(texts, read_text)


def _rate(
    prefix: str, form: Form, values: DeckValues, begins: datetime | None, ends: datetime | None
) -> Rate:
    get = values.get
    return Rate(
        prefix,
        form,
        get("number_length", 0),
        get("destination", ""),
        get("call_type", ""),
        get("band"),
        begins,
        ends,
        get("connect_fee", _ZERO),
        get("callers", ()),
        get("trunks", ()),
        get("free_s", 0),
        get("minimum_s", 0),
        get("minimum_charge", _ZERO),
        get("maximum_charge"),
        get("active", True),
        get("remark", ""),
    )


def _range(part: str) -> Sequence[str]:
    """Return the prefixes of "30" or "32-39"; both ends have the same number of digits."""
    first, dash, last = (piece.strip() for piece in part.partition("-"))
    if not dash:
        return (read_prefix(part),)
    if not (first.isdecimal() and last.isdecimal() and len(first) == len(last) and first <= last):
        raise ValueError(f'is "{part[:40]}"; expected a range as 32-39, both of one length')
    if int(last) - int(first) >= _MOST_IN_RANGE:
        raise ValueError(f'is "{part[:40]}"; a range may hold {_MOST_IN_RANGE} prefixes')
    return [str(one).zfill(len(first)) for one in range(int(first), int(last) + 1)]
