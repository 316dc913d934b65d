"""The sample office: who sits where, behind which PBX, with which codes, lines and friends.

Everything follows from a seed: the same seed is the same office to the last digit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tollbook.demo import names
from tollbook.demo.places import (
    BEYOND_TARIFFS,
    INCOMING,
    OUTGOING,
    Place,
    choose_place,
    invent_number,
)

ZONE = "Europe/Berlin"
COUNTRY = "DE"
STATE = "BE"  # Berlin, whose holidays the office keeps
CURRENCY = "EUR"
SITE = "Berlin"
OUTSIDE_LINE = "0"

ASTERISK = "Main house"
THREECX = "Annex"
MAIN_HOUSE_SEATS = 26
REGULAR_CONTACTS = 420
SELDOM = 0.004  # beside the 3.6 that the regular contacts weigh together


@dataclass(frozen=True, slots=True)
class Person:
    """One extension and who answers it; *talkative* weighs how often they telephone."""

    extension: str
    name: str
    department: str
    pbx: str
    talkative: float


@dataclass(frozen=True, slots=True)
class OfficeOwner:
    """Who answers for account codes: a lawyer of the firm."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class OfficeAccountCode:
    """A client's matter, to which calls are booked."""

    code: str
    description: str
    owner: OfficeOwner


@dataclass(frozen=True, slots=True)
class OfficeTrunk:
    """A line to a carrier as the PBX writes it, with the tariff that prices it."""

    pbx: str
    name: str
    label: str
    tariff: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A number that the office calls, or that calls the office, again and again."""

    number: str
    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Office:
    """The whole sample office."""

    seed: int
    people: tuple[Person, ...]
    owners: tuple[OfficeOwner, ...]
    account_codes: tuple[OfficeAccountCode, ...]
    trunks: tuple[OfficeTrunk, ...]
    called: tuple[Contact, ...]
    callers: tuple[Contact, ...]

    def behind(self, pbx: str) -> tuple[Person, ...]:
        """Return the people whose telephone hangs on *pbx*."""
        return tuple(person for person in self.people if person.pbx == pbx)

    def trunks_of(self, pbx: str) -> tuple[OfficeTrunk, ...]:
        """Return the lines of *pbx*, the one used most first."""
        return tuple(trunk for trunk in self.trunks if trunk.pbx == pbx)


CARRIER_TARIFF = "Nordlicht Business"
SIP_TARIFF = "Havel SIP"

TRUNKS = (
    OfficeTrunk(ASTERISK, "PJSIP/nordlicht", "Nordlicht main line", CARRIER_TARIFF),
    OfficeTrunk(ASTERISK, "PJSIP/havel", "Havel SIP, mobiles", SIP_TARIFF),
    OfficeTrunk(THREECX, "10000", "Annex SIP line", SIP_TARIFF),
)


def dice_of(seed: int, purpose: str) -> Random:
    """Return dice of their own for each purpose, so that one does not disturb another's throws."""
    return Random(f"{purpose}/{seed}")  # noqa: S311 - a sample office keeps no secrets


def make_office(seed: int) -> Office:
    """Return the office of *seed*: 40 people in 6 departments behind two PBXs."""
    dice = dice_of(seed, "office")
    people = tuple(_people(dice))
    owners = tuple(_owners(people))
    return Office(
        seed=seed,
        people=people,
        owners=owners,
        account_codes=tuple(_account_codes(owners, dice)),
        trunks=TRUNKS,
        called=(*_contacts(dice, OUTGOING), *_beyond_tariffs(dice)),
        callers=tuple(_contacts(dice, INCOMING)),
    )


def _people(dice: Random) -> Iterator[Person]:
    """Yield the staff by extension: 121 to 146 in the main house, 201 to 214 in the annex.

    The numbers keep clear of 110 and 112, at which Germany answers emergencies.
    """
    seats = [department for department, size in names.DEPARTMENTS for _ in range(size)]
    given = dice.sample(names.GIVEN, len(seats))
    family = dice.sample(names.FAMILY, len(seats))
    people = [f"{first} {last}" for first, last in zip(given, family, strict=True)]
    people[5] = names.PERSON_IN_ARABIC
    people[19] = names.PERSON_WITH_A_LONG_NAME
    for seat, (name, department) in enumerate(zip(people, seats, strict=True)):
        in_main_house = seat < MAIN_HOUSE_SEATS
        number = 121 + seat if in_main_house else 201 + seat - MAIN_HOUSE_SEATS
        pbx = ASTERISK if in_main_house else THREECX
        talkative = round(dice.lognormvariate(0, 0.7), 3)
        yield Person(str(number), name, department, pbx, talkative)


def _owners(people: tuple[Person, ...]) -> Iterator[OfficeOwner]:
    """Yield the lawyers who answer for matters: the first of each advising department."""
    for department in ("Litigation", "Real estate", "Tax"):
        staff = [person for person in people if person.department == department]
        for person in staff[:3]:
            yield OfficeOwner(person.name, f"matters-{person.extension}@falkenried.example")


def _account_codes(owners: tuple[OfficeOwner, ...], dice: Random) -> Iterator[OfficeAccountCode]:
    for client_number, (client, matters) in enumerate(names.CLIENTS, start=41):
        for matter_number, matter in enumerate(matters, start=1):
            yield OfficeAccountCode(
                code=f"{client_number}{matter_number:02d}",
                description=f"{client}: {matter}",
                owner=dice.choice(owners),
            )


def _contacts(dice: Random, places: tuple[Place, ...]) -> Iterator[Contact]:
    """Yield numbers that come up again and again: a few very often, most seldom (Zipf)."""
    clients = [client for client, _ in names.CLIENTS]
    seen: set[str] = set()
    while len(seen) < REGULAR_CONTACTS:
        number = invent_number(choose_place(places, dice), dice)
        if number in seen:
            continue
        rank = len(seen)
        seen.add(number)
        name = dice.choice(clients) if rank < 60 else ""
        yield Contact(number, name, 1 / (rank + 12))


def _beyond_tariffs(dice: Random) -> Iterator[Contact]:
    for place in BEYOND_TARIFFS:
        yield Contact(invent_number(place, dice), "", SELDOM)
