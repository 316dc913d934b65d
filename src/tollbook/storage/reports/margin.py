"""What calls were charged beside what the carrier bills for them, by trunk and destination."""

from dataclasses import dataclass

from tollbook.storage.db.sql import both, charge_in_force, fetch
from tollbook.storage.reports.call_filter import CallFilter


@dataclass(frozen=True, slots=True)
class MarginTotal:
    """The sums of one trunk and destination in one pair of currencies; millionths.

    `compared` calls have a charge and a cost in one currency, and `below` of those are sold below
    cost; `charge_micros` and `cost_micros` are of the compared ones alone. `without_cost` have a
    charge and no cost, `without_charge` a cost and no charge.
    """

    trunk: str
    destination: str
    currency: str
    calls: int
    talk_ms: int
    compared: int
    below: int
    charge_micros: int
    cost_micros: int
    without_cost: int
    without_charge: int


def costs_in_use() -> bool:
    """Whether any calls are priced by what the carrier bills, so that they have a margin."""
    statement = "SELECT 1 FROM tollbook_tariff_assignment WHERE kind = 'cost' LIMIT 1"
    return bool(fetch(statement, ()))


def margin_totals(wanted: CallFilter) -> list[MarginTotal]:
    """Return the sums over the calls that *wanted* admits and that have a charge or a cost.

    The greatest loss comes first, then the least margin.
    """
    condition = both([wanted.of_calls(), wanted.of_charges()])
    # Of one currency and both with an amount: only such a pair can be subtracted.
    pair = "h.currency = k.currency AND h.amount_micros IS NOT NULL AND k.amount_micros IS NOT NULL"
    rows = fetch(
        "SELECT coalesce(t.name, ''), c.destination, "
        "coalesce(CASE WHEN h.amount_micros IS NULL THEN k.currency ELSE h.currency END, ''), "
        "count(*), CAST(coalesce(sum(c.talk_ms), 0) AS bigint), "
        f"sum(CASE WHEN {pair} THEN 1 ELSE 0 END), "
        f"sum(CASE WHEN {pair} AND h.amount_micros < k.amount_micros THEN 1 ELSE 0 END), "
        f"CAST(sum(CASE WHEN {pair} THEN h.amount_micros ELSE 0 END) AS bigint), "
        f"CAST(sum(CASE WHEN {pair} THEN k.amount_micros ELSE 0 END) AS bigint), "
        "sum(CASE WHEN h.amount_micros IS NOT NULL AND k.amount_micros IS NULL "
        "THEN 1 ELSE 0 END), "
        "sum(CASE WHEN h.amount_micros IS NULL AND k.amount_micros IS NOT NULL "
        "THEN 1 ELSE 0 END) "
        "FROM tollbook_call c "
        "LEFT JOIN tollbook_trunk t ON t.id = c.trunk_id "
        f"LEFT JOIN tollbook_charge h ON {charge_in_force('h', call='c.id')} "
        "LEFT JOIN tollbook_charge k ON "
        f"{charge_in_force('k', call='c.id', kind='cost')} "
        f"WHERE (h.amount_micros IS NOT NULL OR k.amount_micros IS NOT NULL) AND {condition.text} "
        "GROUP BY 1, 2, 3",
        condition.values,
    )
    totals = [MarginTotal(*row) for row in rows]
    totals.sort(key=lambda one: (one.charge_micros - one.cost_micros, one.trunk, one.destination))
    return totals
