"""Rating: the price of one call by one tariff, exact, with every step of how it came about.

`core.charging` composes what stands around the base price; this package never looks beyond it.
"""

from tollbook.core.rating.engine import charge_at, charge_of, price
from tollbook.core.rating.explain import Explanation, explain
from tollbook.core.rating.limit import longest_talk
from tollbook.core.rating.model import (
    UNRATED_REASONS,
    Priced,
    PriceStep,
    Segment,
    TalkedCall,
    TalkedLeg,
    Unrated,
)
from tollbook.core.rating.winner import Candidate

__all__ = [
    "UNRATED_REASONS",
    "Candidate",
    "Explanation",
    "PriceStep",
    "Priced",
    "Segment",
    "TalkedCall",
    "TalkedLeg",
    "Unrated",
    "charge_at",
    "charge_of",
    "explain",
    "longest_talk",
    "price",
]
