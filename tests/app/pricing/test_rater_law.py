"""What an import remembers of numbers and prices changes no digit of any charge."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.tariffs import draw_call, draw_tariff
from support.effort import examples
from tollbook.app.pricing.pbx_rules import Assignment, Rules, Version
from tollbook.app.pricing.rater import Billable, Rater, compiled_document
from tollbook.core.calendar import epoch_seconds
from tollbook.core.dialplan import default_dial_plan
from tollbook.core.rating import TalkedCall, charge_at, charge_of

CALLS = 60
MICROSECOND = timedelta(microseconds=1)


@settings(max_examples=examples(60), deadline=None)
@given(seed=st.integers(0, 2**63))
def test_calls_in_any_order_are_charged_as_each_alone(seed: int) -> None:
    random = Random(seed)
    tariff = draw_tariff(random)
    calls = [draw_call(random, tariff) for _ in range(CALLS)]
    document = json.dumps(tariff)
    rater = Rater(
        Rules(
            plan=default_dial_plan("DE"),
            assignments=(Assignment(1, matches="dialled"),),
            versions={1: (Version(7, -(2**62), document),)},
        )
    )
    compiled = compiled_document(document)

    for call in random.choices(calls, k=3 * CALLS):
        billable = as_billable(call)
        priced = rater.charge(billable)

        alone = charge_of(compiled, as_talked(billable))
        if isinstance(alone, str):
            assert (priced.amount_micros, priced.unrated_reason) == (None, alone)
        else:
            assert (priced.amount_micros, priced.billed_s, priced.rate_index) == alone


def test_a_tariff_whose_bands_split_calls_is_not_priced_by_talk_time_alone() -> None:
    compiled = compiled_document(json.dumps(draw_tariff(Random(1), bands_apply="split")))

    with pytest.raises(ValueError, match="needs more than the talk time"):
        charge_at(compiled, compiled.rates[0], 60)


def as_billable(call: dict) -> Billable:
    epoch_s, micros = epoch_seconds(datetime.fromisoformat(call["start"]))
    return Billable(
        talk_us=epoch_s * 1_000_000 + micros,
        talk_ms=int(Decimal(call.get("talk_s", "0")) * 1000),
        callee="",
        dialled=call["dialled"],
        caller=call.get("caller") or "",
        extension="",
        department=call.get("department") or "",
        trunk=call.get("trunk") or "",
        account_code="",
        source_ip="",
        pulses=call.get("pulses"),
    )


def as_talked(call: Billable) -> TalkedCall:
    return TalkedCall(
        start=datetime.fromisoformat("1970-01-01T00:00:00+00:00") + MICROSECOND * call.talk_us,
        talk_s=Decimal(call.talk_ms or 0) / 1000,
        dialled=call.dialled,
        caller=call.caller,
        department=call.department or None,
        trunk=call.trunk,
        pulses=call.pulses,
    )
