"""The two price lists of the sample office, as tariff documents (INTERFACES of `tollbook rate`).

The carrier bills 160 destinations by the minute, cheaper at night; the SIP provider bills fewer,
by the second. Neither knows ships and satellites: calls there stay unrated until someone acts.
"""

import tomllib
from importlib.resources import files

from tollbook.core.tariff.writing import TariffDocument
from tollbook.demo.office import CARRIER_TARIFF, COUNTRY, CURRENCY, SIP_TARIFF, STATE, ZONE

DAY, NIGHT, SIP = 0, 1, 2
WHOLE_MINUTES = ("america", "world", "far", "risky", "premium")


def tariff_documents() -> dict[str, TariffDocument]:
    """Return both documents by the tariff's name."""
    table = tomllib.loads(
        files("tollbook.demo").joinpath("destinations.toml").read_text(encoding="utf-8")
    )
    zones: dict[str, list[str]] = table["zones"]
    destinations: list[list[str]] = [
        *table["germany"]["destinations"],
        *table["abroad"]["destinations"],
    ]
    return {
        CARRIER_TARIFF: _carrier(destinations, zones),
        SIP_TARIFF: _sip_provider(destinations, zones),
    }


def _carrier(destinations: list[list[str]], zones: dict[str, list[str]]) -> TariffDocument:
    """Return the carrier's list: by day a rate in its band, by night one without."""
    rates = []
    for prefix, destination, call_type, zone in destinations:
        increment_s = 60 if zone in WHOLE_MINUTES else 1
        fee = "0.1500" if zone == "premium" else "0"
        for band, column in (("day", DAY), (None, NIGHT)):
            rate: TariffDocument = {
                "prefix": prefix,
                "destination": destination,
                "call_type": call_type,
                "connect_fee": fee,
                "slots": _slots(zones[zone][column], first_s=60, then_s=increment_s),
            }
            rates.append(rate if band is None else rate | {"band": band})
    return {
        "name": CARRIER_TARIFF,
        "currency": CURRENCY,
        "zone": ZONE,
        "bands_apply": "start",
        "rounding": {"rule": "half_up", "decimals": 4},
        "holidays": {"country": COUNTRY, "subdivision": STATE, "dates": []},
        "band": [
            {
                "name": "day",
                "days": [1, 2, 3, 4, 5],
                "from": "08:00:00",
                "to": "19:00:00",
                "weight": 10,
                "holidays": False,
            }
        ],
        "rate": rates,
    }


def _sip_provider(destinations: list[list[str]], zones: dict[str, list[str]]) -> TariffDocument:
    return {
        "name": SIP_TARIFF,
        "currency": CURRENCY,
        "zone": ZONE,
        "rounding": {"rule": "half_up", "decimals": 4},
        "rate": [
            {
                "prefix": prefix,
                "destination": destination,
                "call_type": call_type,
                "slots": _slots(zones[zone][SIP], first_s=1, then_s=1),
            }
            for prefix, destination, call_type, zone in destinations
            if zones[zone][SIP]
        ],
    }


def _slots(price: str, *, first_s: int, then_s: int) -> list[TariffDocument]:
    """Return the price a minute with the first *first_s* owed whole, then steps of *then_s*."""
    first: TariffDocument = {"from_s": 0, "price": price, "per_s": 60, "increment_s": first_s}
    if first_s == then_s:
        return [first]
    return [first, {"from_s": first_s, "price": price, "per_s": 60, "increment_s": then_s}]
