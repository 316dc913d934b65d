"""Many calls priced together are charged what each is charged alone."""

import json
from decimal import Decimal
from random import Random

import pytest

from reference.tariffs import draw_call, draw_tariff
from tollbook.app.pricing.pbx_rules import (
    BY_CALLEE,
    BY_DIALLED,
    CHARGE,
    COST,
    Assignment,
    Rules,
    Version,
)
from tollbook.app.pricing.price_batches import ManyPrices
from tollbook.app.pricing.rater import Billable, Rater
from tollbook.core.calendar import epoch_us, parse_instant
from tollbook.core.dialplan import DialPlan

JULY_US = epoch_us(parse_instant("2026-07-01T00:00:00Z"))


def billable(call: dict, random: Random) -> Billable:
    caller = call.get("caller") or ""
    return Billable(
        talk_us=epoch_us(parse_instant(call["start"])),
        talk_ms=None if random.random() < 0.02 else int(Decimal(call["talk_s"]) * 1000),
        callee=call["dialled"],
        dialled=random.choice((call["dialled"], "0" + call["dialled"])),
        caller=caller,
        extension=random.choice(("", caller)),
        department=call.get("department") or "",
        trunk=call.get("trunk") or "",
        account_code="",
        source_ip="",
        pulses=call.get("pulses"),
    )


@pytest.mark.parametrize("seed", range(12))
def test_calls_of_several_tariffs_and_versions_are_charged_alike(seed: int) -> None:
    random = Random(seed)
    documents = [draw_tariff(random) for _ in range(4)]
    versions = [
        Version(at, 0 if at % 2 else JULY_US, json.dumps(document))
        for at, document in enumerate(documents)
    ]
    rules = Rules(
        plan=DialPlan(),
        assignments=(
            Assignment(1, trunk="T1", matches=BY_DIALLED),
            Assignment(2, matches=BY_CALLEE),
            Assignment(2, kind=COST, matches=random.choice((BY_CALLEE, BY_DIALLED))),
        ),
        versions={1: (versions[1], versions[0]), 2: (versions[3], versions[2])},
    )
    calls = [billable(draw_call(random, random.choice(documents)), random) for _ in range(1_000)]
    many, rater = ManyPrices(), Rater(rules)

    for kind in (CHARGE, COST):
        together = many.charges(rater, calls, kind)

        assert together == [Rater(rules, before=rater).charge(call, kind) for call in calls]
        assert len({charge.tariff_version_id for charge in together}) > 1
