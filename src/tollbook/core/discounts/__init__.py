"""What stands around a base price: service charges, volume discounts, packages, bundles, taxes.

Every function here takes exact amounts (`Fraction`) and gives exact amounts; nothing is rounded.
`core.charging` puts them in their order (RUL-09). Source: docs/algorithms/charging.md.
"""

from tollbook.core.discounts.amounts import (
    DiscountPackage,
    ServiceCharge,
    Tax,
    package_discount,
    service_charge,
    tax_on,
)
from tollbook.core.discounts.bundles import Bundle, cover
from tollbook.core.discounts.matching import Facts, Match
from tollbook.core.discounts.volume import Tier, Volume, VolumeDiscount, volume_discount

__all__ = [
    "Bundle",
    "DiscountPackage",
    "Facts",
    "Match",
    "ServiceCharge",
    "Tax",
    "Tier",
    "Volume",
    "VolumeDiscount",
    "cover",
    "package_discount",
    "service_charge",
    "tax_on",
    "volume_discount",
]
