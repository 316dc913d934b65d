"""Records become calls: which way, whose, over which line, and recognised when they come again."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.app.intake.mediate import Mediator
from tollbook.app.intake.price_draft import price_draft
from tollbook.app.pricing.pbx_rules import Assignment, Rules, Version
from tollbook.app.pricing.rater import Rater
from tollbook.core.batch import CallBatch
from tollbook.core.calls import Cdr, CdrLeg, Direction, Part, RejectedRecord, Skip
from tollbook.core.dialplan import default_dial_plan

START = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)
MINUTE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

TARIFF = {
    "name": "Carrier A",
    "currency": "EUR",
    "zone": "Europe/Berlin",
    "rounding": {"rule": "half_up", "decimals": 4},
    "rate": [
        {
            "prefix": "49",
            "slots": [{"from_s": 0, "price": "0.06", "per_s": 60, "increment_s": 60}],
        },
        {
            "prefix": "4930",
            "slots": [{"from_s": 0, "price": "0.01", "per_s": 60, "increment_s": 1}],
        },
        {
            "prefix": "0",
            "slots": [{"from_s": 0, "price": "9", "per_s": 60, "increment_s": 60}],
        },
    ],
}
DOCUMENT = json.dumps(TARIFF)


def rules(*assignments: Assignment, **changes: object) -> Rules:
    return Rules(
        plan=default_dial_plan("DE", area_code="30"),
        zone="Europe/Berlin",
        extensions={"101": "Sales", "102": ""},
        assignments=assignments or (Assignment(1),),
        versions={1: (Version(10, 0, DOCUMENT),)},
        **changes,
    )


def call(**said: object) -> Cdr:
    facts: dict[str, object] = {
        "start": START,
        "answer": START + timedelta(seconds=5),
        "end": START + timedelta(seconds=65),
        "ring_s": 5,
        "talk_s": 60,
        "answered": True,
        "caller": "101",
        "dialled": "0891234567",
        "lines": (1,),
        "offset": 0,
        "last_offset": 0,
        "end_offset": 80,
        **said,
    }
    return Cdr(**facts)  # type: ignore[arg-type]


def mediated(*outcomes: object, using: Rules | None = None) -> CallBatch:
    """Return what *outcomes* come to, priced."""
    by = using or rules()
    draft = Mediator(by).draft(list(outcomes), segment_id=7)  # type: ignore[arg-type]
    price_draft(Rater(by), draft)
    return draft


def charge_of(draft: CallBatch) -> tuple[int | None, str, str]:
    charges = draft.charges
    assert len(charges) == 1
    return charges.amount_micros[0], charges.prefix[0], charges.unrated_reason[0]


def test_an_outgoing_call_is_billed_to_its_caller_and_goes_over_the_other_device() -> None:
    draft = mediated(call(caller_device="PJSIP/101", callee_device="PJSIP/carrier"))

    assert draft.calls.direction == [2]
    assert draft.calls.callee == ["49891234567"]
    assert draft.calls.call_type == ["national"]
    assert draft.extensions == ["101"]
    assert draft.trunks == ["PJSIP/carrier"]


def test_an_incoming_call_belongs_to_the_telephone_that_rang() -> None:
    draft = mediated(
        call(
            caller="+441632960000",
            dialled="4930555000",
            callee=None,
            caller_device="PJSIP/carrier",
            callee_device="PJSIP/102",
        )
    )

    assert draft.calls.direction == [1]
    assert (draft.calls.caller, draft.calls.callee) == (["441632960000"], ["102"])
    assert draft.extensions == ["102"]
    assert draft.trunks == ["PJSIP/carrier"]


def test_a_telephone_that_shows_another_number_is_known_by_its_device() -> None:
    draft = mediated(call(caller="4930555000", caller_device="SIP/101"))

    assert draft.calls.direction == [2]
    assert draft.extensions == ["101"]


def test_the_trunk_that_the_record_names_is_the_trunk() -> None:
    assert mediated(call(trunk="LINE 1.2", callee_device="T9001")).trunks == ["LINE 1.2"]


@pytest.mark.parametrize(
    ("said", "amount_micros", "prefix", "reason"),
    [
        ({}, 60_000, "49", ""),
        ({"dialled": "0301234567"}, 10_000, "4930", ""),  # the longest prefix
        ({"talk_s": 61}, 120_000, "49", ""),  # a begun minute
        ({"talk_s": 0}, 0, "49", ""),  # answered, and nothing was said
        ({"dialled": "0044163296"}, None, "", "no_prefix"),
        ({"talk_s": None, "answered": None, "answer": None}, None, "", "no_talk_time"),
    ],
)
def test_a_call_that_goes_out_is_priced_or_says_why_not(
    said: dict[str, object], amount_micros: int | None, prefix: str, reason: str
) -> None:
    assert charge_of(mediated(call(**said))) == (amount_micros, prefix, reason)


@pytest.mark.parametrize(
    "said",
    [
        {"dialled": "102"},
        {"direction": Direction.IN, "caller": "0301234567", "dialled": "101"},
        {"answered": False, "answer": None, "talk_s": 0},
    ],
)
def test_internal_incoming_and_unanswered_calls_have_no_charge(said: dict[str, object]) -> None:
    assert len(mediated(call(**said)).charges) == 0


@pytest.mark.parametrize(
    ("assignments", "reason"),
    [
        ((Assignment(1, trunk="LINE 9"),), "no_assignment"),
        ((Assignment(1, department="Sales"),), ""),
        ((Assignment(1, department="Support"),), "no_assignment"),
        ((Assignment(1, extension="102"), Assignment(1, extension="101")), ""),
        ((Assignment(1, account_code="4711"),), ""),
        ((Assignment(1, source_ip="192.0.2.1"),), "no_assignment"),
        ((Assignment(2),), "no_version"),
        ((Assignment(1, from_us=int(START.timestamp() * 1e6)),), ""),
        ((Assignment(1, to_us=int(START.timestamp() * 1e6)),), "no_assignment"),
    ],
)
def test_the_first_assignment_that_fits_decides(
    assignments: tuple[Assignment, ...], reason: str
) -> None:
    draft = mediated(call(account_code="4711"), using=rules(*assignments))

    assert draft.charges.unrated_reason == [reason]


def test_a_tariff_may_go_by_the_dialled_digits() -> None:
    draft = mediated(call(), using=rules(Assignment(1, matches="dialled")))

    assert charge_of(draft) == (9_000_000, "0", "")


def test_cost_and_charge_are_two_prices_of_one_call() -> None:
    draft = mediated(
        call(), using=rules(Assignment(1), Assignment(1, kind="cost", matches="dialled"))
    )

    assert draft.charges.kind == ["charge", "cost"]
    assert draft.charges.amount_micros == [60_000, 9_000_000]


def test_a_call_pays_by_the_version_in_force_when_talk_began() -> None:
    answered_us = int((START + timedelta(seconds=5)).timestamp()) * 1_000_000
    dearer = json.dumps({**TARIFF, "rate": [{**TARIFF["rate"][2], "prefix": ""}]})  # type: ignore[index,dict-item]

    def amount(second_from_us: int) -> int | None:
        versions = {1: (Version(10, 0, DOCUMENT), Version(11, second_from_us, dearer))}
        using = Rules(
            plan=default_dial_plan("DE", area_code="30"),
            assignments=(Assignment(1),),
            versions=versions,
        )
        return mediated(call(), using=using).charges.amount_micros[0]

    assert amount(answered_us) == 9_000_000
    assert amount(answered_us + 1) == 60_000


def test_every_outcome_is_a_raw_record() -> None:
    draft = mediated(
        Skip(1, 0, 10, "heading"),
        call(offset=10, last_offset=10, end_offset=90, lines=(2,)),
        RejectedRecord(3, 90, 100, b"rubbish", "call.layout_unknown", "x:3: rubbish"),
        Part(4, 100, 150),
        call(
            offset=100,
            last_offset=150,
            end_offset=200,
            lines=(4, 5),
            legs=(CdrLeg(party="101", talk_s=20), CdrLeg(party="102", talk_s=40)),
        ),
    )

    records = sorted(zip(*draft.records.lists(), strict=True))
    assert records == [
        (0, 10, 1, 3, "heading"),
        (10, 80, 2, 1, ""),
        (90, 10, 3, 4, "call.layout_unknown"),
        (100, 50, 4, 2, ""),
        (150, 50, 5, 1, ""),
    ]
    assert [draft.records.offset[index] for index in draft.calls.record] == [10, 150]
    assert draft.calls.legs_count == [1, 2]
    assert (draft.legs.call, draft.legs.party, draft.legs.talk_ms) == (
        [1, 1],
        ["101", "102"],
        [20_000, 40_000],
    )
    assert (draft.joined.call, draft.joined.offset) == ([1, 1], [100, 150])


def test_a_call_without_any_instant_goes_to_quarantine() -> None:
    draft = mediated(call(start=None, answer=None, end=None, end_offset=80))

    assert draft.rejects.reason == ["call.no_instant"]
    assert len(draft.calls) == 0


def hashes(*calls: Cdr) -> list[tuple[int, int]]:
    columns = mediated(*calls).calls
    return list(zip(columns.begin_us, columns.dedupe_hash, strict=True))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        # Seconds are written: start, caller and callee tell a call.
        ({}, {}, True),
        ({}, {"talk_s": 61}, True),
        ({}, {"dialled": "(089) 123-4567"}, True),
        ({}, {"dialled": "0891234568"}, False),
        ({}, {"caller": "102"}, False),
        # Minutes are written: a redial may fall into the same one.
        ({"start": MINUTE}, {"start": MINUTE}, True),
        ({"start": MINUTE}, {"start": MINUTE, "talk_s": 61}, False),
        ({"start": MINUTE, "trunk": "1"}, {"start": MINUTE, "trunk": "2"}, False),
        # The switch numbers its calls.
        ({"pbx_call_id": "1.1"}, {"pbx_call_id": "1.1"}, True),
        ({"pbx_call_id": "1.1"}, {"pbx_call_id": "1.2"}, False),
        ({"pbx_call_id": "1.1", "talk_s": 4}, {"pbx_call_id": "1.1", "talk_s": 5}, False),
        (
            {"pbx_call_id": "1.1", "callee_device": "SIP/102"},
            {"pbx_call_id": "1.1", "callee_device": "SIP/103"},
            False,
        ),
    ],
)
def test_the_same_call_is_recognised_and_a_redial_is_not(
    first: dict[str, object], second: dict[str, object], same: bool
) -> None:
    one, other = hashes(call(**first), call(**second))

    assert (one == other) is same


def test_a_changed_dial_plan_makes_no_call_new() -> None:
    before = mediated(call()).calls.dedupe_hash
    after = mediated(call(), using=Rules(plan=default_dial_plan("US"))).calls.dedupe_hash

    assert before == after


calls = st.builds(
    call,
    caller=st.sampled_from(["101", "102", "0301234567", None]),
    dialled=st.sampled_from(["101", "0891234567", "0301234567", "112", "00441632960000"]),
    talk_s=st.integers(0, 400),
    start=st.integers(0, 10**6).map(lambda second: START + timedelta(seconds=second)),
    answer=st.none(),
)


@given(made=st.lists(calls, max_size=40))
def test_remembering_answers_changes_none(made: list[Cdr]) -> None:
    together = mediated(*made)
    apart = [mediated(one) for one in made]

    stated = [name for name in together.calls.names()[1:] if not name.endswith("_id")]
    for name in [*stated, "pbx_call_id"]:
        assert getattr(together.calls, name) == [getattr(one.calls, name)[0] for one in apart]
    assert together.charges.amount_micros == [
        amount for one in apart for amount in one.charges.amount_micros
    ]
    assert together.extensions == [one.extensions[0] for one in apart]
