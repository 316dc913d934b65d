"""A wrong tariff is refused whole, each fault with its place; a doubtful one is warned about."""

import json
import tomllib
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.tariffs import draw_tariff
from support.effort import examples
from tollbook.core.tariff import TariffSyntaxError, decode_tariff, read_tariff

SLOT = {"from_s": 0, "price": "0.12", "per_s": 60, "increment_s": 60}
SOUND = {
    "name": "Carrier A",
    "currency": "EUR",
    "zone": "Europe/Berlin",
    "bands_apply": "start",
    "rounding": {"rule": "half_up", "decimals": 4},
    "holidays": {"country": "DE", "subdivision": "BE", "dates": ["2026-12-24"]},
    "band": [{"name": "peak", "days": [1, 2], "from": "08:00:00", "to": "19:00:00", "weight": 1}],
    "rate": [
        {"prefix": "49", "band": "peak", "slots": [SLOT, SLOT | {"from_s": 60}]},
        {"prefix": "49", "slots": [SLOT]},
    ],
}


def sound() -> dict:
    """Return a copy of the sound document that shares nothing with it, nor within itself."""
    return json.loads(json.dumps(SOUND))


def changed(place: str, value: object) -> dict:
    """Return the sound document with *value* at *place*, as `rate[0].slots[1].price`."""
    document = sound()
    target: object = document
    *path, last = place.replace("[", ".[").split(".")
    for part in path:
        target = target[int(part[1:-1])] if part[0] == "[" else target[part]
    target[int(last[1:-1]) if last[0] == "[" else last] = value
    return document


def places(document: dict, severity: str = "error") -> list[str]:
    return [fault.place for fault in read_tariff(document).faults if fault.severity == severity]


def test_the_sound_document_has_no_fault() -> None:
    reading = read_tariff(SOUND)

    assert reading.faults == ()
    assert reading.tariff is not None
    assert reading.tariff.rates[0].band == "peak"


@pytest.mark.parametrize(
    ("place", "value", "finding"),
    [
        ("currency", "eur", "three capitals"),
        ("currency", None, "missing"),
        ("zone", "Europe/Berlim", "time zone"),
        ("zone", "/etc/passwd", "time zone"),
        ("bands_apply", "middle", '"start", "split"'),
        ("rounding.rule", "half_down", "half_even"),
        ("rounding.decimals", 7, "from -6 to 6"),
        ("rounding.decimals", "4", "whole number"),
        ("rounding.decimal", 4, 'did you mean "decimals"'),
        ("holidays.country", "XX", "not known"),
        ("holidays.subdivision", "ZZ", "not known"),
        ("holidays.dates[0]", "24.12.2026", "date"),
        ("band[0].days[0]", 0, "from 1 to 7"),
        ("band[0].days[1]", 8, "from 1 to 7"),
        ("band[0].days[1]", True, "whole number"),
        ("band[0].months", [13], "from 1 to 12"),
        ("band[0].month_days", [0], "from 1 to 31"),
        ("band[0].to", "08:00:00", "same as from"),
        ("band[0].to", "24:00:01", "time of day"),
        ("band[0].from", "24:00:00", "opens from"),
        ("band[0].from", 8, "time of day"),
        ("band[0].weight", "10", "whole number"),
        ("band[0].holidays", "yes", "true or false"),
        ("band[0].hours", [8], "not a key known"),
        ("rate[0].band", "off", "no [[band]] is named"),
        ("rate[0].prefix", 49, "in quotes"),
        ("rate[0].number_length", -1, "from 0"),
        ("rate[0].connect_fee", 0.1, "written as a string"),
        ("rate[0].connect_fee", Decimal("0.1"), "written as a string"),
        ("rate[0].connect_fee", 1, "written as a string"),
        ("rate[0].connect_fee", float("nan"), "written as a string"),
        ("rate[0].connect_fee", "1e30", "plain decimal"),
        ("rate[0].connect_fee", "NaN", "plain decimal"),
        ("rate[0].connect_fee", "Infinity", "plain decimal"),
        ("rate[0].connect_fee", "1" + "0" * 30, "more digits"),
        ("rate[0].connect_fee", "0,10", "plain decimal"),
        ("rate[0].minimum_charge", "-1", "zero or more"),
        ("rate[0].maximum_charge", "-0.01", "zero or more"),
        ("rate[0].callers", "101", "list"),
        ("rate[0].callers", [101], "in quotes"),
        ("rate[0].free_s", 1.5, "whole number"),
        ("rate[0].minimum_s", -1, "from 0"),
        ("rate[0].active", "yes", "true or false"),
        ("rate[0].effective_from", "2026-01-01T00:00:00", "offset"),
        ("rate[0].effective_from", "2026-01-01", "instant"),
        ("rate[0].slots", [], "at least one slot"),
        ("rate[0].slots[0].from_s", 1, "begins at 0"),
        ("rate[0].slots[1].from_s", 0, "not after"),
        ("rate[0].slots[1].price", None, "missing"),
        ("rate[0].slots[1].per_s", 0, "from 1"),
        ("rate[0].slots[1].increment_s", 0, "from 1"),
        ("rate[0].slots[1].increment_s", 1.5, "whole number"),
        ("rate[0].slots[1].weight", 1, "not a key known"),
        ("rate[0].slots[1]", "free", "table"),
        ("rate[0]", "49", "table"),
        ("rate", {}, "list"),
        ("rate", None, "at least one"),
        ("plan", "x", "not a key known"),
    ],
)
def test_each_fault_is_told_at_its_place(place: str, value: object, finding: str) -> None:
    reading = read_tariff(changed(place, value))

    assert reading.tariff is None
    errors = [fault for fault in reading.faults if fault.severity == "error"]
    assert [fault.place for fault in errors if finding in fault.message] in (
        [place],
        [f"{place}[0]"],
    ), errors
    assert len(errors) == 1


def test_the_end_must_come_after_the_beginning() -> None:
    document = changed("rate[0].effective_from", "2026-01-01T00:00:00Z")
    document["rate"][0]["effective_to"] = "2026-01-01T01:00:00+01:00"

    assert places(document) == ["rate[0].effective_to"]


def test_band_names_are_unique() -> None:
    document = sound()
    document["band"] *= 2

    assert places(document) == ["band[1].name"]


def test_every_fault_is_listed() -> None:
    document = changed("rate[0].slots[1].price", "-1")
    document["rate"][1]["slots"][0]["per_s"] = 0
    document["rate"][1]["colour"] = "red"
    document["zone"] = "Mars"

    assert sorted(places(document)) == [
        "rate[0].slots[1].price",
        "rate[1].colour",
        "rate[1].slots[0].per_s",
        "zone",
    ]


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"blocks": [{"block_s": 60, "price": "1"}]}, "rate[1]"),
        ({"pulse": {"price": "1", "every_s": 12}}, "rate[1]"),
        ({"unit_price": "1", "unit_s": 60}, "rate[1]"),
        (
            {"window": {"from": "08:00:00", "to": "09:00:00"}, "unit_price": "1", "unit_s": 1},
            "rate[1]",
        ),
    ],
)
def test_forms_of_price_do_not_mix(keys: dict, place: str) -> None:
    document = sound()
    document["rate"][1] |= keys

    assert places(document) == [place]


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ({}, "slots"),
        ({"blocks": []}, "blocks"),
        ({"blocks": [{"block_s": 60, "price": "1"}] * 2}, "blocks[0].count"),
        ({"blocks": [{"count": 1, "block_s": 60, "price": "1"}]}, "blocks[0].count"),
        ({"blocks": [{"block_s": 0, "price": "1"}]}, "blocks[0].block_s"),
        ({"pulse": {"price": "1"}}, "pulse.every_s"),
        ({"pulse": {"price": "1", "every_s": 0}}, "pulse.every_s"),
        ({"metered": True}, "pulse"),
        ({"initial_cost": "1", "initial_s": 60, "unit_s": 60}, "unit_price"),
        ({"unit_price": "1", "unit_s": 0}, "unit_s"),
        ({"unit_price": "1", "unit_s": 6, "window": {"from": "08:00:00"}}, "window.to"),
        (
            {"unit_price": "1", "unit_s": 6, "window": {"from": "08:00:00", "to": "08:00:00"}},
            "window.to",
        ),
    ],
)
def test_each_form_is_checked(form: dict, place: str) -> None:
    document = sound()
    document["rate"][1] = {"prefix": "49", **form}

    assert places(document) == [f"rate[1].{place}"]


def test_a_fault_in_a_rate_names_its_prefix() -> None:
    (fault,) = read_tariff(changed("rate[1].slots[0].price", "x")).faults

    assert fault.message.endswith('(rate for prefix "49")')
    assert fault.code == "tariff.amount"


def test_toml_and_json_say_the_same() -> None:
    toml = b"""
        currency = "EUR"
        zone = "Europe/Berlin"
        effective_from = 2026-01-01T00:00:00Z
        rounding = { rule = "up", decimals = 2 }
        [holidays]
        dates = [2026-12-24]
        [[band]]
        name = "day"
        from = 08:00:00
        to = "19:00:00"
        [[rate]]
        prefix = ""
        band = "day"
        blocks = [{ block_s = 60, price = "1" }]
    """
    document = {
        "currency": "EUR",
        "zone": "Europe/Berlin",
        "effective_from": "2026-01-01T00:00:00Z",
        "rounding": {"rule": "up", "decimals": 2},
        "holidays": {"dates": ["2026-12-24"]},
        "band": [{"name": "day", "from": "08:00:00", "to": "19:00:00"}],
        "rate": [{"prefix": "", "band": "day", "blocks": [{"block_s": 60, "price": "1"}]}],
    }
    read = read_tariff(decode_tariff(toml, name="a.toml")).tariff

    assert read is not None
    assert read == read_tariff(decode_tariff(json.dumps(document).encode(), name="x")).tariff


@pytest.mark.parametrize(
    ("raw", "name", "finding"),
    [
        (b"\xff\xfe", "a.toml", "UTF-8"),
        (b"a = ", "a.toml", "not TOML"),
        (b"{", "a.json", "not JSON"),
        (b"[1]", "a.json", "not a table"),
        (b'{"a": NaN}', "a.json", "NaN is not a number"),
        (b'{"a": 1, "a": 2}', "a.json", "stands twice"),
        pytest.param(b'{"a":' + b"[" * 200_000, "a.json", "nested", id="nested"),
        pytest.param(b'{"a": ' + b"1" * 5_000 + b"}", "a.json", "not JSON", id="long number"),
        (b"a = 1\na = 2", "a", "not TOML"),
    ],
)
def test_broken_text_is_refused_with_its_reason(raw: bytes, name: str, finding: str) -> None:
    with pytest.raises(TariffSyntaxError, match=finding):
        decode_tariff(raw, name=name)


def test_a_byte_order_mark_is_no_fault() -> None:
    assert decode_tariff(b'\xef\xbb\xbf{"name": "x"}', name="x") == {"name": "x"}


THIRTIETH_OF_FEBRUARY = {"name": "peak", "months": [2], "month_days": [30]}


@pytest.mark.parametrize(
    ("place", "value", "doubtful", "finding"),
    [
        ("band[0].month_days", [31], None, None),
        (
            "band[0]",
            SOUND["band"][0] | {"months": [2], "month_days": [30]},
            "band[0].month_days",
            "no month",
        ),
        ("rate[0].number_length", 1, "rate[0].number_length", "no number fits"),
        ("rate[0].prefix", "4\uff19", "rate[0].prefix", "no number is written with"),
        ("rate[0].maximum_charge", "0", None, None),
        ("rate[1]", SOUND["rate"][0], "rate[1]", "can never win"),
        ("rate[1].band", "peak", "rate[0].band", "leaves hours"),
    ],
)
def test_doubts_are_warnings(
    place: str, value: object, doubtful: str | None, finding: str | None
) -> None:
    reading = read_tariff(changed(place, value))

    assert reading.tariff is not None
    found = [fault for fault in reading.faults if fault.place == doubtful]
    assert (doubtful is None) == (not reading.faults)
    assert doubtful is None or finding in found[0].message


def test_a_holiday_band_without_holidays_never_matches() -> None:
    document = changed("band[0].holidays", value=True)
    del document["holidays"]

    assert "band[0].holidays" in places(document, "warning")


def test_a_slot_that_the_one_before_runs_past_never_begins() -> None:
    document = sound()
    document["rate"][1]["slots"] = [
        SLOT | {"increment_s": 100},
        SLOT | {"from_s": 60},
        SLOT | {"from_s": 90},
    ]

    assert places(document, "warning") == ["rate[1].slots[1]"]


def test_dates_that_leave_a_gap_are_told() -> None:
    document = sound()
    one = {"prefix": "44", "slots": [SLOT]}
    document["rate"] += [
        one | {"effective_from": "2026-01-01T00:00:00Z", "effective_to": "2026-02-01T00:00:00Z"},
        one | {"effective_from": "2026-03-01T00:00:00Z"},
    ]

    assert places(document, "warning") == ["rate[3].effective_from"]


def test_a_rate_without_dates_takes_the_pair_of_the_tariff() -> None:
    document = sound()
    document["effective_from"] = "2026-01-01T00:00:00Z"
    document["effective_to"] = "2027-01-01T00:00:00Z"
    document["rate"][1]["effective_from"] = "2026-05-01T00:00:00Z"
    tariff = read_tariff(document).tariff

    assert tariff is not None
    first, second = tariff.rates
    assert first.effective_from == tariff.effective_from
    assert first.effective_to == tariff.effective_to
    assert second.effective_to is None


@given(st.integers(0, 2**32), st.data())
@settings(max_examples=examples(150), deadline=None)
def test_no_document_makes_the_reader_stumble(seed: int, data: st.DataObject) -> None:
    """Put any value anywhere: the answer is a tariff or faults, never an exception."""
    document = draw_tariff(Random(seed))
    values = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.lists(st.integers(), max_size=2),
        st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    )
    target: dict | list = document
    while True:
        key = data.draw(
            st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target)))
        )
        inner = target[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        target = inner
    target[key] = data.draw(values)

    reading = read_tariff(document)

    errors = [fault for fault in reading.faults if fault.severity == "error"]
    assert (reading.tariff is None) == bool(errors)


def test_the_documented_example_is_sound() -> None:
    document = tomllib.loads(
        """
        currency = "EUR"
        zone = "Europe/Berlin"
        rounding = { rule = "none" }
        [[rate]]
        prefix = ""
        metered = true
        pulse = { price = "0.05", every_s = 12 }
        """
    )

    assert read_tariff(document).faults == ()
