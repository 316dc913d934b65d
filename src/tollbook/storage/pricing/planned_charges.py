"""Charges that a plan made: the charge, its parts, in the transaction that is open."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter

from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.sql import chunks, fetch

_CHARGES_A_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class PlannedChargeRow:
    """A charge as its table has it, the kind being "charge"."""

    call_id: int
    run: int
    tariff_version_id: int | None
    rate_index: int | None
    prefix: str
    band: str
    billed_s: int
    amount_micros: int | None
    currency: str
    unrated_reason: str


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


_CHARGE = tuple(field.name for field in fields(PlannedChargeRow))
_PARTS = tuple(field.name for field in fields(PartsRow))
# `dataclasses.astuple` copies every value deeply: a tenth of what a charge costs.
_of_charge, _of_parts = attrgetter(*_CHARGE), attrgetter(*_PARTS)


def store_planned(rows: Sequence[tuple[PlannedChargeRow, PartsRow | None]]) -> None:
    """Store charges with their parts, if they have any; `begin_batch` was called before."""
    if not rows:
        return
    engine = bulk_engine()
    ids = engine.take_ids("tollbook_charge", len(rows))
    charges = [_of_charge(charge) for charge, _ in rows]
    engine.insert(
        "tollbook_charge",
        {
            "id": ids,
            "kind": ["charge"] * len(rows),
            **dict(zip(_CHARGE, zip(*charges, strict=True), strict=True)),
        },
    )
    parted = [
        (charge_id, *_of_parts(parts))
        for charge_id, (_, parts) in zip(ids, rows, strict=True)
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
