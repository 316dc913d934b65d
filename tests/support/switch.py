"""A switch that makes calls at random: what the columnar copy is compared by."""

import random

from support.batches import (
    NOON_US,
    SECOND_US,
    Office,
    add_call,
    add_record,
    empty_batch,
)
from support.databases import door
from support.factories import make_charge, make_run
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.models.raw import RecordKind

DAY_US = 86_400 * SECOND_US
TYPES = ("national", "mobile", "international", "")
# Among them a capital i with a dot and a small one without: the case of Turkish.
NAMES = (
    "Anna",
    "ANNA ÜNAL",
    "Philips",
    "PH\u0130L\u0130PS",
    "\u0131t\u0131r",
    "50% off_",
    "back\\slash",
    "",
)


class Switch:
    """Makes calls of an office at random, in three months around noon of 31 January."""

    def __init__(self, office: Office, *, seed: int) -> None:
        self.office = office
        self.random = random.Random(seed)
        self.made = 0

    def call(self, count: int) -> list[int]:
        """Store *count* calls and return their ids."""
        batch, chance = empty_batch(self.office), self.random
        for _ in range(count):
            begin_us = NOON_US + chance.randrange(-40 * DAY_US, 40 * DAY_US)
            answered = chance.choice([True, True, True, False, None])
            talk_ms = {True: chance.randrange(5_000_000), False: 0, None: None}[answered]
            add_call(
                batch,
                self.office,
                add_record(batch, self.made, RecordKind.CALL),
                nth=self.made,
                charge_micros=chance.choice([None, 0, chance.randrange(10**9), 10**15]),
                begin_us=begin_us,
                answer_us=begin_us if answered else None,
                answered=answered,
                talk_ms=talk_ms,
                call_type=chance.choice(TYPES),
                destination=chance.choice(["Zürich", 'Bern, "City"', "'; --", ""]),
                caller_name=chance.choice(NAMES),
            )
            self.made += 1
        with door.transaction():
            stored = store_calls(batch)
        return [call_id for call_id in stored.call_ids if call_id is not None]

    def rate_again(self, ids: list[int]) -> None:
        """Write a newer charge for each of those calls, in another currency for some."""
        with door.transaction():
            run = make_run(started_us=NOON_US)
            for call_id in ids:
                make_charge(
                    run,
                    call_id,
                    amount_micros=self.random.randrange(10**9),
                    currency=self.random.choice(["EUR", "USD"]),
                )

    def some(self, ids: list[int]) -> list[int]:
        """Return a few of *ids*."""
        return self.random.sample(ids, k=min(len(ids), 5))
