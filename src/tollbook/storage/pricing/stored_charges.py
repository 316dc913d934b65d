"""A call's charges as they are stored: every generation of every kind."""

from dataclasses import dataclass
from decimal import Decimal

from tollbook.core.money import from_micros
from tollbook.storage.db.sql import fetch


@dataclass(frozen=True, slots=True)
class StoredCharge:
    """One generation of one kind ("charge" or "cost"); the greatest run of a kind is in force.

    `amount_micros` is None for an unrated call, and then `unrated_reason` says why. Without a
    tariff (nobody prices such calls) `tariff_name` is empty and `version_number` None.
    """

    id: int
    run: int
    kind: str
    tariff_id: int | None
    tariff_name: str
    version_id: int | None
    version_number: int | None
    rate_index: int | None
    prefix: str
    band: str
    billed_s: int
    amount_micros: int | None
    currency: str
    unrated_reason: str

    @property
    def amount(self) -> Decimal | None:
        """What is charged."""
        return None if self.amount_micros is None else from_micros(self.amount_micros)


def charges_of(call_id: int) -> tuple[StoredCharge, ...]:
    """Return the charges of a call, the newest run first, then by kind."""
    found = fetch(
        "SELECT h.id, h.run, h.kind, v.tariff_id, coalesce(f.name, ''), h.tariff_version_id, "
        "v.number, h.rate_index, h.prefix, h.band, h.billed_s, h.amount_micros, h.currency, "
        "h.unrated_reason FROM tollbook_charge h "
        "LEFT JOIN tollbook_tariff_version v ON v.id = h.tariff_version_id "
        "LEFT JOIN tollbook_tariff f ON f.id = v.tariff_id "
        "WHERE h.call_id = %s ORDER BY h.run DESC, h.kind",
        (call_id,),
    )
    return tuple(StoredCharge(*row) for row in found)
