"""Filters in people's words: names that exist, days of the site, amounts that are amounts."""

import pytest

from support.databases import Database, door
from support.factories import make_extension, make_site
from support.office import open_office
from tollbook.app.reports.call_criteria import Criteria, CriteriaError, select
from tollbook.storage.models import Extension, Pbx


def test_nothing_given_is_every_call(sqlite: Database) -> None:
    open_office(sqlite)

    wanted = select(Criteria())

    assert not wanted.filter.needs_search
    assert wanted.words == ()
    assert wanted.period.words() == "from the first call to now (Europe/Berlin)"


def test_names_become_ids_and_words(sqlite: Database) -> None:
    open_office(sqlite)

    wanted = select(
        Criteria(
            start="2026-10-01",
            end="2026-11-01",
            pbx="Reception",
            extension="101",
            department="Sales",
            account_code="4711",
            direction="out",
            cost_min="0.50",
            unrated=True,
        )
    )

    assert wanted.filter.pbx_id == Pbx.objects.get().pk
    assert wanted.filter.extension_id == Extension.objects.get(number="101").pk
    assert (wanted.filter.direction, wanted.filter.charge_min_micros) == (2, 500_000)
    assert wanted.period.words() == "from 2026-10-01 to before 2026-11-01 (Europe/Berlin)"
    assert wanted.words == (
        "PBX Reception",
        "Extension 101",
        "Department Sales",
        "Account code 4711",
        "Direction out",
        "Charged at least 0.50",
        "No rate matched",
    )


@pytest.mark.parametrize(
    ("field", "criteria"),
    [
        ("extension", Criteria(extension="999")),
        ("department", Criteria(department="sales")),  # names are exact
        ("owner", Criteria(owner="Nobody")),
        ("trunk", Criteria(trunk="T1")),
        ("pbx", Criteria(pbx="Other")),
        ("site", Criteria(site="Elsewhere")),
        ("direction", Criteria(direction="sideways")),
        ("cost_min", Criteria(cost_min="NaN")),
        ("cost_max", Criteria(cost_max="0.00000001")),
        ("keyword", Criteria(keyword="x" * 101)),
        ("keyword", Criteria(keyword="\0")),
        ("call_type", Criteria(call_type="\ud800")),
        ("from", Criteria(start="soon")),
        ("to", Criteria(end="later")),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_field(
    sqlite: Database, field: str, criteria: Criteria
) -> None:
    open_office(sqlite)

    with pytest.raises(CriteriaError) as refused:
        select(criteria)

    assert refused.value.field == field


def test_a_number_at_two_sites_asks_which(sqlite: Database) -> None:
    open_office(sqlite)
    with door.transaction():
        branch = make_site("Branch")
        there = make_extension("101", site=branch)

    with pytest.raises(CriteriaError, match="say which site"):
        select(Criteria(extension="101"))
    wanted = select(Criteria(extension="101", site="Branch", start="2026-10-01"))

    assert wanted.filter.extension_id == there.pk
    assert wanted.zone.key == "UTC"
