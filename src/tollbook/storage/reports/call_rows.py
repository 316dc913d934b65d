"""Calls with all their names and their charge in force, as the call log and exports show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from tollbook.storage.db.sql import charge_in_force, fetch


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call. Instants in microseconds, durations in milliseconds, money in millionths.

    Texts are empty and numbers null where nothing is known. `charge_micros` is null for a call
    without a charge and for an unrated one, which has an `unrated_reason`. `direction` is a
    `DirectionCode`.
    """

    id: int
    begin_us: int
    start_us: int | None
    answer_us: int | None
    end_us: int | None
    ring_ms: int | None
    talk_ms: int | None
    answered: bool | None
    direction: int
    caller: str
    caller_name: str
    dialled: str
    callee: str
    callee_name: str
    destination: str
    call_type: str
    trunk_id: int | None
    trunk: str
    trunk_label: str
    extension_id: int | None
    extension: str
    extension_name: str
    department_id: int | None
    department: str
    account_code: str
    account_code_id: int | None
    account_code_description: str
    owner_id: int | None
    owner: str
    authorisation_code: str
    pbx_call_id: str
    source_ip: str
    pulses: int | None
    partial: bool
    pbx_id: int
    pbx: str
    site_id: int
    zone: str
    charge_micros: int | None
    currency: str
    unrated_reason: str
    billed_s: int | None
    prefix: str
    band: str
    tariff: str
    cost_micros: int | None
    cost_currency: str

    @property
    def margin_micros(self) -> int | None:
        """The charge less the cost; null unless there are both, in one currency."""
        if self.charge_micros is None or self.cost_micros is None:
            return None
        if self.currency != self.cost_currency:
            return None
        return self.charge_micros - self.cost_micros


_COLUMNS = (
    *("c.id", "c.begin_us", "c.start_us", "c.answer_us", "c.end_us", "c.ring_ms", "c.talk_ms"),
    *("c.answered", "c.direction", "c.caller", "c.caller_name", "c.dialled", "c.callee"),
    *("c.callee_name", "c.destination", "c.call_type", "c.trunk_id", "coalesce(t.name, '')"),
    *("coalesce(t.label, '')", "c.extension_id", "coalesce(x.number, '')"),
    *("coalesce(x.name, '')", "c.department_id", "coalesce(d.name, '')", "c.account_code"),
    *("c.account_code_ref_id", "coalesce(a.description, '')", "c.owner_id"),
    *("coalesce(o.name, '')", "c.authorisation_code", "c.pbx_call_id", "c.source_ip", "c.pulses"),
    *("c.partial", "c.pbx_id", "p.name", "c.site_id", "s.zone"),
    *("h.amount_micros", "coalesce(h.currency, '')"),
    *("coalesce(h.unrated_reason, '')", "h.billed_s", "coalesce(h.prefix, '')"),
    *("coalesce(h.band, '')", "coalesce(f.name, '')"),
    *("k.amount_micros", "coalesce(k.currency, '')"),
)
_NAMES = """
    JOIN tollbook_pbx p ON p.id = c.pbx_id
    JOIN tollbook_site s ON s.id = c.site_id
    LEFT JOIN tollbook_trunk t ON t.id = c.trunk_id
    LEFT JOIN tollbook_extension x ON x.id = c.extension_id
    LEFT JOIN tollbook_department d ON d.id = c.department_id
    LEFT JOIN tollbook_account_code a ON a.id = c.account_code_ref_id
    LEFT JOIN tollbook_owner o ON o.id = c.owner_id
"""
_TARIFF = """
    LEFT JOIN tollbook_tariff_version v ON v.id = h.tariff_version_id
    LEFT JOIN tollbook_tariff f ON f.id = v.tariff_id
"""


def rows_of(ids: Sequence[int]) -> list[CallRow]:
    """Return the calls in the order of *ids*; at most some thousand at once."""
    if not ids:
        return []
    marks = ", ".join(["%s"] * len(ids))
    found = fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM tollbook_call c {_NAMES} LEFT JOIN tollbook_charge h "
        f"ON {charge_in_force('h', call='c.id')} {_TARIFF} "
        "LEFT JOIN tollbook_charge k ON "
        f"{charge_in_force('k', call='c.id', kind='cost')} WHERE c.id IN ({marks})",
        ids,
    )
    rows = {row[0]: CallRow(*row) for row in found}
    return [rows[call_id] for call_id in ids if call_id in rows]
