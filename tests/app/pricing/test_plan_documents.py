"""Documents of plans: whatever comes is a plan or is refused with places; one form is stored."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.app.pricing.plan_documents import LARGEST_BYTES, check_document, check_plan, plan_of
from tollbook.core.charging import Plan, read_plan

PLAN_TOML = b"""
[[bundle]]
name = "gift"
seconds = 60
to = 2026-12-01T00:00:00+01:00
[[exchange_rate]]
source = "USD"
target = "EUR"
rate = "0.92"
on = 2026-10-01
"""
KEYS = st.sampled_from(
    [
        *("zone", "currency", "assignment", "service_charge", "volume_discount"),
        *("discount_package", "bundle", "tax", "exchange_rate", "name", "percent", "flat"),
        *("seconds", "tiers", "from", "to", "callers", "prefixes", "on", "rate", "source"),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(string.printable, max_size=12)
    | st.sampled_from(["UTC", "EUR", "USD", "0.5", "100", "2026-10-01", "2026-10-01T00:00:00Z"])
)
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
        max_leaves=12,
    ),
    max_size=6,
)


def test_a_document_is_stored_in_one_form_without_its_rates() -> None:
    checked = check_plan(PLAN_TOML, name="plan.toml", zone="Europe/Berlin")

    assert checked.faults == ()
    assert json.loads(checked.text) == {
        "zone": "Europe/Berlin",
        "bundle": [{"name": "gift", "seconds": 60, "to": "2026-12-01T00:00:00+01:00"}],
    }
    assert [(one.source, one.target, str(one.rate)) for one in checked.rates] == [
        ("USD", "EUR", "0.92")
    ]
    assert plan_of(checked.text) == checked.plan


def test_a_zone_of_its_own_is_kept() -> None:
    checked = check_document({"zone": "Asia/Tokyo"}, zone="Europe/Berlin")

    assert checked.plan == Plan(zone="Asia/Tokyo")


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({}, "zone"),
        ({"zone": "UTC", "assignment": [{"tariff": "x"}]}, "assignment"),
        ({"zone": "UTC", "colour": "red"}, "colour"),
        ({"zone": "UTC", "tax": [{"name": "VAT", "percent": "1e9"}]}, "tax[0].percent"),
        ({"zone": "UTC", "exchange_rate": [{"source": "EUR"}]}, "exchange_rate[0].target"),
    ],
)
def test_each_fault_has_its_place(document: dict[str, Any], place: str) -> None:
    checked = check_document(document)

    assert checked.plan is None
    assert place in [fault.place for fault in checked.faults]


def test_a_document_too_large_is_refused_unread() -> None:
    checked = check_plan(b"#" * (LARGEST_BYTES + 1), name="plan.toml")

    assert checked.plan is None
    assert "over 1,000,000 bytes" in checked.faults[0].message


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_any_bytes_are_a_plan_or_refused_with_a_place(raw: bytes) -> None:
    checked = check_plan(raw, name="plan", zone="UTC")

    assert (checked.plan is None) == any(f.severity == "error" for f in checked.faults)


@given(DOCUMENTS)
def test_any_document_is_a_plan_or_refused_with_places(document: dict[str, Any]) -> None:
    checked = check_document(document, zone="UTC")

    if checked.plan is None:
        assert all(fault.message for fault in checked.faults)
        assert any(fault.severity == "error" for fault in checked.faults)
    else:
        again = check_document(json.loads(checked.text))
        assert again.plan == checked.plan
        assert read_plan(document).plan is not None
