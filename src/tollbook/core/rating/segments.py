"""A call's one charge split among its legs (RUL-08).

Source: docs/algorithms/rating.md, "Segments".
"""

from collections.abc import Sequence
from fractions import Fraction

from tollbook.core.money import from_micros
from tollbook.core.rating.model import Segment, TalkedLeg


def split_charge(
    charge_micros: int, legs: Sequence[TalkedLeg], *, resolution_micros: int
) -> tuple[Segment, ...]:
    """Return what each leg owes of *charge_micros*, by its seconds, in the order of *legs*.

    The charge is a whole number of *resolution_micros*, and so is each share; what division
    leaves goes to the largest remainders, the earlier leg first. Legs without any second
    between them leave all to the first.
    """
    talks_s = [Fraction(leg.talk_s) for leg in legs]
    if not sum(talks_s):
        talks_s = [Fraction(1), *([Fraction(0)] * (len(legs) - 1))]
    whole = charge_micros // resolution_micros
    shares = [whole * talk_s / sum(talks_s) for talk_s in talks_s]
    parts = [int(share) for share in shares]
    by_remainder = sorted(range(len(legs)), key=lambda at: (parts[at] - shares[at], at))
    for at in by_remainder[: whole - sum(parts)]:
        parts[at] += 1
    return tuple(
        Segment(leg.party, leg.talk_s, from_micros(part * resolution_micros))
        for leg, part in zip(legs, parts, strict=True)
    )
