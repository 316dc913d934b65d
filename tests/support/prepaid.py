"""An office whose telephones pay: for tests of decisions, holds and bills."""

from datetime import UTC, datetime

from support.databases import Database, door
from support.factories import change_extension, charge_everything_by
from support.office import Office, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.decisions.decider import Request
from tollbook.app.tariffs.publish import publish_tariff
from tollbook.core.ledger import AccountRef, EntryKind, transfer
from tollbook.core.money import Money
from tollbook.storage.billing.ledger import post_entries
from tollbook.storage.models import Balance, Extension, Pbx, Site

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # ten o'clock on a Monday in Berlin
CENT = 10_000
PARIS = "0033123456789"

# RUL-01's sample: 0.10 for the first minute, then 0.02 for each begun 55 s.
FRANCE = {
    "name": "France",
    "currency": "EUR",
    "zone": "Europe/Berlin",
    "rounding": {"rule": "half_up", "decimals": 4},
    "rate": [
        {
            "prefix": "33",
            "destination": "France",
            "call_type": "international",
            "initial_cost": "0.10",
            "initial_s": 60,
            "unit_price": "0.02",
            "unit_s": 55,
        }
    ],
}


def open_prepaid(database: Database, *, cents: int = 100) -> Office:
    """Make the office; extension 101 is prepaid and has *cents*, 102 is not billed."""
    office = open_office(database)
    change_office()
    assign_france()
    if cents:
        recharge("101", cents)
    return office


def change_office() -> None:
    """Publish the sample tariff, bill extension 101, and set numbers to dial and to show."""
    publish_tariff(FRANCE, by=Actor("test", NOW), valid_from=datetime(2026, 1, 1, tzinfo=UTC))
    with door.transaction():
        change_extension("101", billing=True, caller_id="+493012345101")
        Pbx.objects.update(dial_prefix="8888")
        Site.objects.update(caller_id="+493012345")


def assign_france() -> None:
    """Let the sample tariff price every call."""
    with door.transaction():
        charge_everything_by("France")


def extension_id(number: str = "101") -> int:
    """Return a telephone's row id."""
    return Extension.objects.get(number=number).pk


def recharge(number: str, cents: int, *, key: str = "") -> None:
    """Pay money into a telephone's account."""
    entry = transfer(
        Money(cents * CENT, "EUR"),
        key=key or f"recharge:{number}:{cents}",
        kind=EntryKind.RECHARGE,
        at=NOW,
        source=AccountRef("system", "cash"),
        target=AccountRef("extension", str(extension_id(number))),
    )
    with door.transaction():
        post_entries([entry])


def balance(number: str = "101") -> tuple[int, int]:
    """Return what an extension has and what is held of it, in millionths."""
    row = Balance.objects.get(
        account__kind="extension", account__name=str(extension_id(number)), account__currency="EUR"
    )
    return row.balance_micros, row.held_micros


def asking(key: str = "k1", **changes: object) -> Request:
    """Return a question of 101 for a number in Paris, changed as given."""
    asked = {"at": NOW, "caller": "101", "dialled": PARIS, **changes}
    return Request(key=key, **asked)  # type: ignore[arg-type]  # fields by name
