"""The four forms of price in a deck's cells, read and written.

One price with increments, and an initial cost with units, have columns of their own; what else
there is stands in one cell: "slots 0:0.12/60/60 60:0.06/60/1", "blocks 2x60:4000 60:2273",
"pulse 0.05/12", "pulse 0.05 metered".
"""

import re
from decimal import Decimal
from functools import lru_cache

from tollbook.core.calendar import DAY_S, Window, format_clock
from tollbook.core.money import format_amount, parse_amount
from tollbook.core.tariff.fields import LONGEST_S
from tollbook.core.tariff.model import Block, Blocks, Form, InitialAndUnit, Pulse, Slot, Slots

_AMOUNT = r"(\d+(?:\.\d+)?)"
_SLOT = re.compile(rf"(\d{{1,10}}):{_AMOUNT}/(\d{{1,10}})/(\d{{1,10}})", re.ASCII)
_BLOCK = re.compile(rf"(?:(\d{{1,10}})x)?(\d{{1,10}}):{_AMOUNT}", re.ASCII)
_PULSE = re.compile(rf"{_AMOUNT}(?:/(\d{{1,10}}))?( metered)?", re.ASCII)
EXPECTED = 'expected as "slots 0:0.12/60/60 60:0.06/60/1", "blocks 2x60:4000 60:2273" or '
EXPECTED += '"pulse 0.05/12"'


def form_cells(form: Form) -> dict[str, str]:
    """Return the cells of a price, by field."""
    match form:
        case InitialAndUnit(initial_cost, initial_s, unit_price, unit_s, window):
            cells = {
                "initial_cost": format_amount(initial_cost),
                "initial_s": str(initial_s),
                "unit_price": format_amount(unit_price),
                "unit_s": str(unit_s),
            }
            if window is not None:
                cells["window_from"] = format_clock(window.from_s)
                cells["window_to"] = format_clock((window.to_s - 1) % DAY_S)
            return cells
        case Slots(slots) if _is_simple(slots):
            return {
                "price": format_amount(slots[0].price),
                "per_s": str(slots[0].per_s),
                "first_s": str(slots[0].increment_s),
                "increment_s": str(slots[-1].increment_s),
            }
        case Slots(slots):
            parts = (
                f"{one.from_s}:{format_amount(one.price)}/{one.per_s}/{one.increment_s}"
                for one in slots
            )
            return {"other_price": f"slots {' '.join(parts)}"}
        case Blocks(blocks):
            parts = (
                ("" if one.count is None else f"{one.count}x")
                + f"{one.block_s}:{format_amount(one.price)}"
                for one in blocks
            )
            return {"other_price": f"blocks {' '.join(parts)}"}
        case Pulse(price, every_s, metered):
            every = "" if every_s is None else f"/{every_s}"
            return {
                "other_price": f"pulse {format_amount(price)}{every}"
                + (" metered" if metered else "")
            }


@lru_cache(maxsize=65_536)
def simple_slots(price: Decimal, per_s: int, first_s: int, increment_s: int) -> Slots:
    """Return a price billed in *first_s*, then in *increment_s*; decks repeat theirs."""
    first = Slot(0, price, per_s, first_s)
    if first_s == increment_s:
        return Slots((first,))
    return Slots((first, Slot(first_s, price, per_s, increment_s)))


@lru_cache(maxsize=65_536)
def initial_and_unit(
    initial_cost: Decimal,
    initial_s: int,
    unit_price: Decimal,
    unit_s: int,
    window: tuple[int, int] | None,
) -> InitialAndUnit:
    """Return ZYCOO's form; *window* are the first and the last second of the day.

    Raises ValueError for a price without a unit and for a window of unclear length.
    """
    if unit_s == 0 and unit_price:
        raise ValueError("has a unit price, but its billing unit is 0 s; expected 1 s or more")
    between = None
    if window is not None:
        if window[0] == window[1]:
            raise ValueError("has a window that starts and ends at the same time")
        between = Window(from_s=window[0], to_s=min(window[1] + 1, DAY_S))
    return InitialAndUnit(initial_cost, initial_s, unit_price, unit_s, between)


def read_other_price(cell: str) -> Form:
    """Return the form that one cell writes. Raises ValueError."""
    kind, _, rest = cell.strip().partition(" ")
    read = {"slots": _slots, "blocks": _blocks, "pulse": _pulse}.get(kind.casefold())
    form = read(rest.strip()) if read is not None else None
    if form is None:
        raise ValueError(f'is "{cell[:40]}"; {EXPECTED}')
    return form


def _is_simple(slots: tuple[Slot, ...]) -> bool:
    first, last = slots[0], slots[-1]
    return (
        slots == simple_slots(first.price, first.per_s, first.increment_s, last.increment_s).slots
    )


def _slots(text: str) -> Slots | None:
    found = [_SLOT.fullmatch(part) for part in text.split()]
    slots = [
        Slot(_seconds(match[1], 0), parse_amount(match[2]), _seconds(match[3]), _seconds(match[4]))
        for match in found
        if match
    ]
    starts = [slot.from_s for slot in slots]
    if len(slots) < len(found) or starts != sorted(set(starts)) or starts[:1] != [0]:
        return None
    return Slots(tuple(slots))


def _blocks(text: str) -> Blocks | None:
    found = [_BLOCK.fullmatch(part) for part in text.split()]
    blocks = [
        Block(_seconds(match[1]) if match[1] else None, _seconds(match[2]), parse_amount(match[3]))
        for match in found
        if match
    ]
    if len(blocks) < len(found) or not blocks:
        return None
    endless = [block.count is None for block in blocks]
    return Blocks(tuple(blocks)) if endless == [False] * (len(blocks) - 1) + [True] else None


def _pulse(text: str) -> Pulse | None:
    match = _PULSE.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return None
    every_s = _seconds(match[2]) if match[2] else None
    return Pulse(parse_amount(match[1]), every_s, bool(match[3]))


def _seconds(text: str, low: int = 1) -> int:
    number = int(text)
    if not low <= number <= LONGEST_S:
        raise ValueError(f"names {number}; expected from {low} to {LONGEST_S}")
    return number
