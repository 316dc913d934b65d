"""Charges that a plan made: the charge, its parts, in the transaction that is open."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter

from tollbook.core.batch import ChargeValues
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.sql import chunks, fetch

_CHARGES_A_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class PartsRow:
    """What a plan made of a charge's base price; see `models.ChargeParts`."""

    plan_version_id: int
    parts: str
    effects: str
    tax_micros: int
    original_micros: int | None
    original_currency: str
    rate: str
    rate_day: date | None
    talk_us: int | None


_PARTS = tuple(field.name for field in fields(PartsRow))
# `dataclasses.astuple` copies every value deeply: a tenth of what a charge costs.
_of_parts = attrgetter(*_PARTS)


def store_planned(
    rows: Sequence[tuple[int, ChargeValues, PartsRow | None]], *, run: int = 0
) -> None:
    """Store charges of calls with their parts, if they have any; `begin_batch` was called before.

    Each has its call's id first.
    """
    if not rows:
        return
    engine = bulk_engine()
    ids = engine.take_ids("tollbook_charge", len(rows))
    call_ids, charges, _ = zip(*rows, strict=True)
    engine.insert(
        "tollbook_charge",
        {
            "id": ids,
            "call_id": call_ids,
            "run": [run] * len(rows),
            **dict(zip(ChargeValues._fields, zip(*charges, strict=True), strict=True)),
        },
    )
    parted = [
        (charge_id, *_of_parts(parts))
        for charge_id, (_, _, parts) in zip(ids, rows, strict=True)
        if parts is not None
    ]
    if parted:
        columns = dict(zip(("charge_id", *_PARTS), zip(*parted, strict=True), strict=True))
        columns["rate_day"] = tuple(
            None if day is None else day.isoformat() for day in columns["rate_day"]
        )
        engine.insert("tollbook_charge_parts", columns)


def parts_of_charges(charge_ids: Sequence[int]) -> dict[int, PartsRow]:
    """Return the parts of those charges that have any, by the charge's id."""
    found: dict[int, PartsRow] = {}
    for some in chunks(charge_ids, _CHARGES_A_STATEMENT):
        marks = ", ".join(["%s"] * len(some))
        for charge_id, *parts in fetch(
            f"SELECT charge_id, {', '.join(_PARTS)} FROM tollbook_charge_parts "
            f"WHERE charge_id IN ({marks})",
            some,
        ):
            found[charge_id] = parts_row(parts)
    return found


def parts_row(values: Sequence[object]) -> PartsRow:
    """Return the row of columns in their order; SQLite gives days as text."""
    row = dict(zip(_PARTS, values, strict=True))
    day = row["rate_day"]
    if isinstance(day, str):
        row["rate_day"] = date.fromisoformat(day)
    return PartsRow(**row)  # type: ignore[arg-type]  # as the table has them
