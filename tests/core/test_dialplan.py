"""What was dialled becomes what was reached: examples an operator can check, then the laws."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType as Kind

from tollbook.core.calls import DIRECTIONS
from tollbook.core.dialplan import (
    CALL_TYPES,
    DialPlan,
    Reached,
    default_dial_plan,
    dial_plan_document,
    read_dial_plan,
    resolve,
    unbilled_reason,
)
from tollbook.core.dialplan.plan import read_range
from tollbook.core.dialplan.world import emergency_numbers, look_up

BERLIN = read_dial_plan(
    {
        "country": "DE",
        "area_code": "30",
        "outside_prefixes": ["0"],
        "secret_prefixes": ["8888"],
        "carrier_prefixes": ["010xx"],
        "extension_ranges": ["100-199", "8xx"],
        "own_numbers": ["493023125"],
        "short_codes": {"*01": "+441632960000"},
        "emergency": ["19222"],
    }
).plan
STRAIGHT = default_dial_plan("DE", area_code="30")
NEW_YORK = default_dial_plan("US", area_code="212")
assert BERLIN is not None


def out(plan: DialPlan, dialled: str) -> Reached:
    return resolve(plan, caller="101", dialled=dialled)


@pytest.mark.parametrize(
    ("dialled", "callee", "call_type", "destination"),
    [
        ("0" + "2312500", "49302312500", "local", "Germany"),
        ("0" + "0302312500", "49302312500", "local", "Germany"),
        ("0" + "0892312500", "49892312500", "national", "Germany"),
        ("0" + "015112345678", "4915112345678", "mobile", "Germany mobile"),
        ("0" + "0033612345678", "33612345678", "international", "France mobile"),
        ("0" + "00442079460123", "442079460123", "international", "United Kingdom"),
        ("+49 (30) 231-2500", "49302312500", "local", "Germany"),
        ("0" + "08001234567", "498001234567", "freephone", "Germany freephone"),
        ("0" + "09001234567", "499001234567", "premium", "Germany premium"),
        # Premium is premium abroad, too: the reader must see what it costs.
        ("0" + "00449012345678", "449012345678", "premium", "United Kingdom premium"),
        ("0" + "00448001234567", "448001234567", "international", "United Kingdom freephone"),
        ("0" + "0080012345678", "80012345678", "freephone", "International freephone"),
        ("0" + "00881612345678", "881612345678", "international", "Satellite networks"),
        ("8888" + "0892312500", "49892312500", "national", "Germany"),
        ("0" + "01033" + "0892312500", "49892312500", "national", "Germany"),
        ("*01", "441632960000", "international", "United Kingdom"),
        ("*21", "*21", "service", ""),
        ("0" + "115", "115", "service", "Germany"),
    ],
)
def test_a_number_dialled_in_berlin_is_reached(
    dialled: str, callee: str, call_type: str, destination: str
) -> None:
    reached = out(BERLIN, dialled)

    assert (reached.callee, reached.call_type, reached.destination) == (
        callee,
        call_type,
        destination,
    )


@pytest.mark.parametrize(
    ("plan", "dialled", "callee", "call_type"),
    [
        (STRAIGHT, "030231250", "4930231250", "local"),
        (STRAIGHT, "4930231250", "4930231250", "local"),  # written whole, without a plus
        (NEW_YORK, "12125550123", "12125550123", "local"),
        (NEW_YORK, "2125550123", "12125550123", "local"),
        (NEW_YORK, "4155550123", "14155550123", "national"),
        (NEW_YORK, "0114930231250", "4930231250", "international"),
        (NEW_YORK, "12425550123", "12425550123", "international"),  # Bahamas, same calling code
        (NEW_YORK, "8005550123", "18005550123", "freephone"),
        (NEW_YORK, "411", "411", "service"),
        (default_dial_plan("IT", area_code="06"), "0612345678", "390612345678", "local"),
        (default_dial_plan("ES"), "912345678", "34912345678", "national"),
        (default_dial_plan(), "+4930231250", "4930231250", "international"),
    ],
)
def test_other_countries_dial_in_other_ways(
    plan: DialPlan, dialled: str, callee: str, call_type: str
) -> None:
    reached = resolve(plan, caller="101", dialled=dialled, direction="out")

    assert (reached.callee, reached.call_type) == (callee, call_type)


@pytest.mark.parametrize(
    ("plan", "dialled", "help_at"),
    [
        (BERLIN, "112", "112"),
        (BERLIN, "0112", "112"),
        (BERLIN, "8888110", "110"),
        (BERLIN, "19222", "19222"),  # the site's own addition
        (NEW_YORK, "911", "911"),
        (read_dial_plan({"country": "US", "outside_prefixes": ["9"]}).plan, "9911", "911"),
        (read_dial_plan({"extension_ranges": ["100-119"], "country": "DE"}).plan, "112", "112"),
    ],
)
@pytest.mark.parametrize("direction", ["", "out", "internal", "transit"])
def test_an_emergency_number_comes_before_everything(
    plan: DialPlan, dialled: str, help_at: str, direction: str
) -> None:
    reached = resolve(plan, caller="101", dialled=dialled, direction=direction)

    assert (reached.call_type, reached.callee, reached.direction) == ("emergency", help_at, "out")


def test_a_call_that_comes_in_to_extension_112_is_no_emergency() -> None:
    plan = read_dial_plan({"country": "DE", "extension_ranges": ["100-119"]}).plan
    assert plan is not None

    reached = resolve(plan, caller="0301234567", callee="112", direction="in")

    assert (reached.call_type, reached.callee) == ("incoming", "112")


@pytest.mark.parametrize(
    ("caller", "dialled", "callee", "recorded", "expected"),
    [
        ("101", "102", "", "", "internal"),
        ("101", "102", "", "out", "internal"),  # two extensions, whatever the record says
        ("101", "850", "", "in", "internal"),
        ("101", "00301234567", "", "", "out"),
        ("0301234567", "101", "", "", "in"),
        ("", "101", "", "", "in"),
        ("", "00301234567", "", "", "out"),
        ("0301234567", "0891234567", "", "", "transit"),
        ("0301234567", "0891234567", "", "out", "out"),  # the record knows better
        ("101", "500", "", "internal", "internal"),  # a queue outside the ranges
        ("101", "", "", "", ""),
        ("0301234567", "", "", "", "in"),  # gave up before anybody was reached
        ("101", "*21", "", "", "internal"),
        ("0301234567", "+493023125101", "", "", "in"),  # our own number, dialled from outside
        ("+49 30 23125 101", "00891234567", "", "", "out"),  # our own number, shown outside
    ],
)
def test_directions(caller: str, dialled: str, callee: str, recorded: str, expected: str) -> None:
    reached = resolve(BERLIN, caller=caller, dialled=dialled, callee=callee, direction=recorded)

    assert reached.direction == expected


def test_a_number_of_the_site_means_its_extension() -> None:
    reached = resolve(BERLIN, caller="01712345678", dialled="493023125101", direction="in")

    assert reached.callee == "101"
    assert reached.caller == "491712345678"
    assert [step.rule for step in reached.steps] == ["own_number", "caller"]


def test_each_step_says_what_it_took_and_what_was_left() -> None:
    steps = out(BERLIN, "0" + "01033" + "0892312500").steps

    assert [(step.rule, step.taken, step.left) for step in steps] == [
        ("outside_line", "0", "010330892312500"),
        ("carrier", "01033", "0892312500"),
        ("national", "0", "892312500"),
        ("call_type", "", "49892312500"),
    ]
    assert all(step.why for step in steps)


def test_a_prefix_that_the_switch_took_off_itself_is_not_taken_off_again() -> None:
    reached = resolve(BERLIN, caller="101", dialled="00892312500", callee="0892312500")

    assert reached.callee == "49892312500"


def test_a_number_of_32_digits_is_kept_whole() -> None:
    long = "0049" + "1" * 28

    reached = resolve(default_dial_plan("DE"), caller="101", dialled=long)

    assert reached.callee == long[2:]
    assert (reached.call_type, reached.destination) == ("national", "Germany")


def test_a_service_number_that_costs_is_no_extension_where_all_is_dialled_straight() -> None:
    assert out(STRAIGHT, "11880").direction == "out"
    assert out(STRAIGHT, "11980").direction == "internal"


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"outside": ["0"]}, "outside"),
        ({"country": "Germany"}, "country"),
        ({"outside_prefixes": "0"}, "outside_prefixes"),
        ({"outside_prefixes": ["0", "x"]}, "outside_prefixes[1]"),
        ({"outside_prefixes": ["\u0660"]}, "outside_prefixes[0]"),
        ({"carrier_prefixes": ["01x3"]}, "carrier_prefixes[0]"),
        ({"extension_ranges": ["100-1999"]}, "extension_ranges[0]"),
        ({"extension_ranges": [100]}, "extension_ranges[0]"),
        ({"short_codes": {"*01": "Mum"}}, "short_codes.*01"),
        ({"feature_codes": ["21"]}, "feature_codes[0]"),
        ({"area_code": 30}, "area_code"),
    ],
)
def test_a_wrong_plan_is_refused_with_the_place(document: dict[str, object], place: str) -> None:
    reading = read_dial_plan(document)

    assert reading.plan is None
    assert [fault.place for fault in reading.faults] == [place]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("100-199", "150", "1500"),
        ("8xx", "800", "900"),
        ("105", "105", "106"),
        ("8xx", "899", "8\u06699"),
    ],
)
def test_ranges_of_extensions(text: str, inside: str, outside: str) -> None:
    numbers = read_range(text)

    assert numbers is not None
    assert inside in numbers
    assert outside not in numbers


@pytest.mark.parametrize(
    ("direction", "answered", "talk_ms", "reason"),
    [
        ("out", True, 1000, ""),
        ("out", False, 0, "unanswered"),
        ("out", None, None, ""),  # nobody knows: priced, and then listed as unrated
        ("in", True, 1000, "incoming"),
        ("internal", True, 1000, "internal"),
        ("", True, 1000, ""),
        ("transit", True, 1000, ""),
    ],
)
def test_what_is_not_priced_says_why(
    direction: str, answered: bool | None, talk_ms: int | None, reason: str
) -> None:
    assert unbilled_reason(direction, answered=answered, talk_ms=talk_ms) == reason


KINDS = {
    Kind.FIXED_LINE: "fixed",
    Kind.MOBILE: "mobile",
    Kind.FIXED_LINE_OR_MOBILE: "fixed or mobile",
    Kind.TOLL_FREE: "freephone",
    Kind.PREMIUM_RATE: "premium",
    Kind.SHARED_COST: "shared cost",
    Kind.VOIP: "internet",
    Kind.PERSONAL_NUMBER: "personal",
    Kind.PAGER: "pager",
    Kind.UAN: "company",
    Kind.VOICEMAIL: "voicemail",
    Kind.UNKNOWN: "",
}
EXAMPLES = [
    phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[1:]
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in KINDS
    if (example := phonenumbers.example_number_for_type(region, kind)) is not None
]


@given(example=st.sampled_from(EXAMPLES), tail=st.text("0123456789", min_size=0, max_size=7))
def test_numbers_are_what_phonenumbers_says_they_are(example: str, tail: str) -> None:
    digits = example[: len(example) - len(tail)] + tail
    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return  # No calling code, or digits that the library takes for none.
    if phonenumbers.national_significant_number(parsed) != digits[len(str(parsed.country_code)) :]:
        return  # The library drops a national prefix that somebody left in; we do not.

    found = look_up(digits)

    assert found is not None
    assert found.kind == KINDS[phonenumbers.number_type(parsed)]


numbers = st.text("0123456789+*# -()/.aX\u0663\x00", max_size=34)
plans = st.sampled_from([BERLIN, STRAIGHT, NEW_YORK, default_dial_plan()])


@given(
    plan=plans,
    caller=numbers,
    dialled=numbers,
    callee=numbers,
    direction=st.sampled_from(DIRECTIONS),
)
def test_whatever_is_dialled_gets_an_answer(
    plan: DialPlan, caller: str, dialled: str, callee: str, direction: str
) -> None:
    reached = resolve(plan, caller=caller, dialled=dialled, callee=callee, direction=direction)

    assert reached.call_type in CALL_TYPES
    assert reached.direction in DIRECTIONS
    if direction and reached.call_type not in ("emergency", "internal"):
        assert reached.direction == direction


@given(plan=plans, caller=numbers, prefix=st.sampled_from(["", "0", "8888"]), data=st.data())
def test_help_is_always_reached(
    plan: DialPlan, caller: str, prefix: str, data: st.DataObject
) -> None:
    number = data.draw(st.sampled_from(sorted(emergency_numbers(plan.country or "DE") & {"112"})))
    known = prefix in ("", *plan.outside_prefixes, *plan.secret_prefixes)

    reached = resolve(plan, caller=caller, dialled=(prefix if known else "") + number)

    assert reached.call_type == "emergency"


@given(plan=plans)
def test_a_plan_survives_its_document(plan: DialPlan) -> None:
    assert read_dial_plan(dial_plan_document(plan)).plan == plan
