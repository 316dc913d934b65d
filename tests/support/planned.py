"""Plans for the small office, and what they ought to come to when priced in call order at once."""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from support.office import NOON, TARIFF, Call
from tollbook.app.access.actor import Actor
from tollbook.app.pricing.plan_documents import check_document
from tollbook.app.pricing.plans import add_plan
from tollbook.core.charging import Charged, InMemoryCounters, charge, read_plan
from tollbook.core.rating import TalkedCall
from tollbook.core.tariff import CompiledTariff, compile_tariff, read_tariff
from tollbook.storage.models import Call as StoredCall
from tollbook.storage.models import Charge

# Everything at once: what one call uses up moves the price of the next.
PLAN: dict[str, object] = {
    "zone": "Europe/Berlin",
    "service_charge": [{"name": "switchboard", "flat": "0.01", "percent": "10"}],
    "volume_discount": [
        {
            "name": "volume",
            "tiers": [
                {"from": "0", "percent": "0"},
                {"from": "0.5", "percent": "10"},
                {"from": "1", "percent": "33.3"},
            ],
        }
    ],
    "bundle": [
        {"name": "gift", "seconds": 100, "position": 1, "every": "day"},
        {"name": "house", "seconds": 250, "position": 2, "shared": True},
    ],
    "tax": [{"name": "VAT", "percent": "19"}],
}


def add(
    document: Mapping[str, object],
    *,
    site_id: int | None = None,
    valid_from: datetime | None = None,
) -> int:
    """Store a plan and return its version's id."""
    checked = check_document(document, zone="Europe/Berlin")
    assert not checked.faults, checked.faults
    added = add_plan(checked, site_id=site_id, by=Actor("test", NOON), valid_from=valid_from)
    return added.info.id


def charges_by_call() -> dict[str, tuple[Decimal | None, str]]:
    """Return the charges in force by the PBX's id of their call: amount and currency."""
    found: dict[str, tuple[Decimal | None, str]] = {}
    calls = dict(StoredCall.objects.values_list("id", "pbx_call_id"))
    for row in Charge.objects.filter(kind="charge").order_by("run"):
        micros = row.amount_micros
        amount = None if micros is None else Decimal(micros).scaleb(-6).normalize()
        found[calls[row.call_id]] = (amount, row.currency)
    return found


def in_order(
    calls: Iterable[Call],
    document: Mapping[str, object],
    *,
    dearer: Mapping[str, object] = TARIFF,
    those: Container[str] = (),
) -> dict[str, Decimal]:
    """Return what `core.charging` makes of *calls*, one after another as they talked.

    *those* calls, by the PBX's id, are priced by the tariff *dearer*.
    """
    plan = read_plan(document).plan
    assert plan is not None
    usual, other, memory = ready(TARIFF), ready(dearer), InMemoryCounters()
    found = {}
    for call in sorted(calls, key=lambda one: one.start):
        talked = TalkedCall(
            start=call.answer,
            talk_s=Decimal(call.talk_s),
            dialled=call.dialled.removeprefix("00"),
            caller=call.extension,
            department="Sales" if call.extension == "101" else None,
            trunk="carrier",
            account_code=call.account_code or None,
        )
        tariffs = {"": other if call.pbx_call_id in those else usual}
        result = charge(plan, tariffs, talked, memory, default="", site="Main office")
        if isinstance(result, Charged):
            memory.apply(result.effects)
            found[call.pbx_call_id] = result.charge.normalize()
    return found


def ready(document: Mapping[str, object]) -> CompiledTariff:
    """Return a tariff document ready for pricing."""
    tariff = read_tariff(document).tariff
    assert tariff is not None
    return compile_tariff(tariff)
