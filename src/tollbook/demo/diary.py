"""The sample office's calls: three months of working days, lunch breaks, and one bad night.

Calls come in the order of their beginning. Nobody holds two at once; the thief of the bad night
does, because that is how one knows him.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

from tollbook.demo.office import (
    ASTERISK,
    COUNTRY,
    STATE,
    ZONE,
    Contact,
    Office,
    OfficeAccountCode,
    OfficeTrunk,
    Person,
    dice_of,
)
from tollbook.demo.places import FRAUD, choose_place, invent_number

CallDirection = Literal["internal", "in", "out"]

MONTHS_DAYS = 92
# Monday to Sunday: a duty line answers at week-ends.
WEEKDAY_WEIGHTS = (1.0, 1.08, 1.02, 1.0, 0.82, 0.05, 0.025)
HOLIDAY_WEIGHT = 0.02
# Calls begun in each hour of a working day; at 12 and 13 the office eats.
HOUR_WEIGHTS = dict(
    zip(
        range(7, 21),
        (0.25, 0.9, 1.5, 1.7, 1.55, 0.7, 0.65, 1.35, 1.5, 1.3, 0.95, 0.5, 0.2, 0.08),
        strict=True,
    )
)
FRAUD_SHARE = 0.004
LONGEST_TALK_S = 3 * 3600 + 1800


@dataclass(frozen=True, slots=True)
class OfficeCall:
    """What people did, before any PBX wrote it down.

    *number* is the other party: an extension for internal calls, else E.164 digits without +.
    *talk_s* is 0 when nobody answered. *trunk* and *account_code* are None where there is none.
    """

    begin: datetime
    kind: CallDirection
    person: Person
    number: str
    number_name: str
    ring_s: int
    talk_s: int
    busy: bool
    trunk: OfficeTrunk | None
    account_code: OfficeAccountCode | None

    @property
    def answered(self) -> bool:
        """Whether anybody talked."""
        return self.talk_s > 0

    @property
    def end(self) -> datetime:
        """When the line was free again; the PBX writes its record then."""
        return self.begin + timedelta(seconds=self.ring_s + self.talk_s)


def past_calls(office: Office, *, until: datetime, count: int) -> list[OfficeCall]:
    """Return some *count* calls of the three months up to *until*, by their beginning.

    The few that are still under way at *until* are left out: no PBX has written them yet.
    """
    dice = dice_of(office.seed, "diary")
    free_at: dict[str, datetime] = {}
    night = list(_fraud_night(office, until, dice, count=round(count * FRAUD_SHARE)))
    days = [
        call_at(office, begin, dice, free_at)
        for begin in _beginnings(until, dice, count=count - len(night))
    ]
    over = (call for call in (*days, *night) if call.end <= until)
    return sorted(over, key=lambda call: call.begin)


def call_at(
    office: Office,
    begin: datetime,
    dice: Random,
    free_at: dict[str, datetime],
    *,
    pbx: str | None = None,
) -> OfficeCall:
    """Return a call begun at *begin* by someone whose telephone is free.

    *free_at* remembers until when each extension is busy; it is kept up to date here.
    """
    staff = office.people if pbx is None else office.behind(pbx)
    free = [person for person in staff if free_at.get(person.extension, begin) <= begin]
    person = dice.choices(free or staff, [person.talkative for person in free or staff])[0]
    kind: CallDirection = dice.choices(("out", "in", "internal"), (0.42, 0.33, 0.25))[0]
    colleagues = [other for other in free if other.pbx == person.pbx and other is not person]
    if not colleagues and kind == "internal":
        kind = "out"  # Everybody is on the telephone.
    number, name = _other_party(office, kind, colleagues, dice)
    ring_s, talk_s, busy = _times(kind, dice)
    call = OfficeCall(
        begin=begin,
        kind=kind,
        person=person,
        number=number,
        number_name=name,
        ring_s=ring_s,
        talk_s=talk_s,
        busy=busy,
        trunk=_trunk(office, person, kind, number, dice),
        account_code=_account_code(office, person, kind, dice),
    )
    for extension in (person.extension, number) if kind == "internal" else (person.extension,):
        free_at[extension] = call.end
    return call


def _beginnings(until: datetime, dice: Random, *, count: int) -> list[datetime]:
    """Return *count* instants in order, thick by day and thin at lunch, week-ends and holidays."""
    zone = ZoneInfo(ZONE)
    last_day = until.astimezone(zone).date()
    days = [last_day - timedelta(days=back) for back in range(MONTHS_DAYS, -1, -1)]
    feasts = holidays.country_holidays(
        COUNTRY, subdiv=STATE, years=range(days[0].year, last_day.year + 1)
    )
    weights = [_day_weight(day, feast=day in feasts) for day in days]
    hours, hour_weights = tuple(HOUR_WEIGHTS), tuple(HOUR_WEIGHTS.values())
    found: list[datetime] = []
    while len(found) < count:
        day = dice.choices(days, weights)[0]
        hour = dice.choices(hours, hour_weights)[0]
        second = dice.randrange(3600)
        local = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
        begin = local.astimezone(UTC) + timedelta(seconds=second)
        if begin < until:
            found.append(begin)
    return sorted(found)


def _day_weight(day: date, *, feast: bool) -> float:
    return HOLIDAY_WEIGHT if feast else WEEKDAY_WEIGHTS[day.weekday()]


def _other_party(
    office: Office, kind: CallDirection, colleagues: list[Person], dice: Random
) -> tuple[str, str]:
    if kind == "internal":
        other = dice.choice(colleagues)
        return other.extension, other.name
    known: tuple[Contact, ...] = office.called if kind == "out" else office.callers
    contact = dice.choices(known, [contact.weight for contact in known])[0]
    return contact.number, contact.name


def _times(kind: CallDirection, dice: Random) -> tuple[int, int, bool]:
    """Return ring seconds, talk seconds and whether the other side was busy."""
    outcome = dice.random()
    if outcome < 0.05 and kind != "in":
        return dice.randint(0, 2), 0, True
    if outcome < 0.19:
        return dice.randint(14, 45), 0, False
    ring_s = min(40, 2 + int(dice.expovariate(1 / 7)))
    middle_s = 45 if kind == "internal" else 110
    talk_s = 1 + int(dice.lognormvariate(0, 1.05) * middle_s)
    if dice.random() < 0.006:  # a hearing by telephone
        talk_s = dice.randint(3600, LONGEST_TALK_S)
    return ring_s, min(talk_s, LONGEST_TALK_S), False


def _trunk(
    office: Office, person: Person, kind: CallDirection, number: str, dice: Random
) -> OfficeTrunk | None:
    if kind == "internal":
        return None
    lines = office.trunks_of(person.pbx)
    to_mobile = kind == "out" and number.startswith(("4915", "4916", "4917"))
    if to_mobile or (len(lines) > 1 and dice.random() < 0.08):  # the rest is overflow
        return lines[-1]
    return lines[0]


def _account_code(
    office: Office, person: Person, kind: CallDirection, dice: Random
) -> OfficeAccountCode | None:
    advises = person.department in {"Litigation", "Real estate", "Tax"}
    if kind != "out" or not advises or dice.random() > 0.6:
        return None
    return dice.choice(office.account_codes)


def _fraud_night(
    office: Office, until: datetime, dice: Random, *, count: int
) -> Iterator[OfficeCall]:
    """Yield the night on which somebody guessed the password of a telephone that nobody watched.

    A Sunday, some three weeks ago, from three o'clock on: bursts of calls to numbers abroad.
    """
    zone = ZoneInfo(ZONE)
    day = until.astimezone(zone).date() - timedelta(days=17)
    day -= timedelta(days=(day.weekday() + 1) % 7)
    opened = datetime(day.year, day.month, day.day, 3, 4, tzinfo=zone).astimezone(UTC)
    victim = office.behind(ASTERISK)[3]
    trunk = office.trunks_of(ASTERISK)[0]
    burst = opened
    for position in range(count):
        if position % 8 == 0:
            burst += timedelta(seconds=dice.randint(180, 480))
        yield OfficeCall(
            begin=burst + timedelta(seconds=dice.randint(0, 12)),
            kind="out",
            person=victim,
            number=invent_number(choose_place(FRAUD, dice), dice),
            number_name="",
            ring_s=dice.randint(1, 3),
            talk_s=dice.randint(40, 240),
            busy=False,
            trunk=trunk,
            account_code=None,
        )
