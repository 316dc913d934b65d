"""Whom the sample office telephones: numbers from ranges kept free for fiction.

A pattern is an E.164 number without its +, `#` a digit to choose. Germany, the United Kingdom, the
United States, France, Ireland and Australia keep ranges for film and radio; elsewhere the digits
are chosen so that nobody could take them for a real line (555 0…).
"""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to telephone: its pattern, and how often it is called beside the others."""

    pattern: str
    weight: float


OUTGOING = (
    Place("493023125###", 34),  # Berlin
    Place("496990009###", 7),  # Frankfurt
    Place("494066969###", 6),  # Hamburg
    Place("4922147105##", 4),  # Cologne
    Place("498999998###", 7),  # Munich
    Place("4917139200##", 11),  # German mobiles
    Place("491760406900#", 5),
    Place("498000005550#", 2),  # freephone
    Place("4918055500##", 0.7),  # service numbers
    Place("4990015550##", 0.15),  # premium
    Place("4315550###", 2),  # Vienna
    Place("43660555010##", 1),  # Austrian mobiles
    Place("41445550###", 2),  # Zürich
    Place("442079460###", 3),  # London
    Place("441614960###", 1),  # Manchester
    Place("447700900###", 1.2),  # British mobiles
    Place("3319900####", 1.5),  # Paris
    Place("336399800##", 0.5),
    Place("31205550###", 1.4),
    Place("48225550###", 1.3),
    Place("48600555010", 0.4),
    Place("34915550###", 0.8),
    Place("390255550###", 0.9),
    Place("353209100###", 0.5),
    Place("4723555###", 0.6),
    Place("902125550###", 0.8),
    Place("905325550###", 0.4),
    Place("120255501##", 1.5),
    Place("121255501##", 1.4),
    Place("61255500###", 0.3),
    Place("81335550###", 0.4),
    Place("9714555####", 0.4),
    Place("551155550###", 0.3),
    Place("8613555500##", 0.2),
    Place("23480555500##", 0.1),
)

# No tariff of the office knows ships at sea and satellite telephones: calls there stay unrated.
BEYOND_TARIFFS = (Place("8707730555##", 1), Place("8816555500##", 1))

INCOMING = (
    Place("493023125###", 46),
    Place("496990009###", 7),
    Place("494066969###", 7),
    Place("498999998###", 8),
    Place("4917139200##", 18),
    Place("491760406900#", 6),
    Place("442079460###", 3),
    Place("4315550###", 2),
    Place("120255501##", 2),
    Place("3319900####", 1),
)

# Where stolen lines are sold: far, dear, and paid for by the minute to whoever owns the number.
FRAUD = (
    Place("2525550####", 5),
    Place("535550####", 3),
    Place("371905550##", 4),
    Place("9605550###", 2),
    Place("6755550###", 1),
)


def invent_number(place: Place, dice: Random) -> str:
    """Return a number of *place*: E.164 digits without the +."""
    return "".join(dice.choice("0123456789") if sign == "#" else sign for sign in place.pattern)


def choose_place(places: tuple[Place, ...], dice: Random) -> Place:
    """Return one of *places*, the heavier the oftener."""
    return dice.choices(places, [place.weight for place in places])[0]
