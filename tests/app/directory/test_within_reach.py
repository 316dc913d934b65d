"""Sites, holders and names to choose from, as far as somebody may see."""

import pytest

from support.databases import Database
from support.factories import make_code, make_extension, make_owner, make_site
from tollbook.app.access.roles import EVERYWHERE, NO_SUCH, Reach
from tollbook.app.directory.choices import (
    Choice,
    code_called,
    codes_within,
    extensions_found,
    extensions_within,
    owners_found,
)
from tollbook.app.directory.holders import holder_within, holders_within, own_holder
from tollbook.app.directory.sites import first_site, site_called, sites_of_extensions
from tollbook.storage.models import Site

NOBODY = Reach(NO_SUCH, NO_SUCH)


@pytest.fixture
def site(database: Database) -> Site:
    return add_site("Berlin")


def add_site(name: str) -> Site:
    return make_site(name, zone="Europe/Berlin")


def extension(site: Site, number: str, name: str = "") -> int:
    return make_extension(number, site=site, name=name).pk


def test_without_a_name_the_first_site_is_meant_and_an_unknown_name_is_none(site: Site) -> None:
    second = add_site("Bern")

    assert site_called(None) == first_site()
    assert site_called("Bern") is not None
    assert site_called("Bern") != first_site()
    assert site_called("Basel") is None
    assert second.pk != site.pk


def test_an_extension_names_its_site_only_where_sites_may_number_alike(site: Site) -> None:
    one = extension(site, "101")
    assert sites_of_extensions([one]) == {}

    second = add_site("Bern")
    other = extension(second, "101")

    assert sites_of_extensions([one, other]) == {one: site.pk, other: second.pk}


def test_a_holder_beyond_the_reach_is_not_there(site: Site) -> None:
    mine, another = extension(site, "101"), extension(site, "102")
    reach = Reach(extension_id=mine)

    assert [row.id for row in holders_within(EVERYWHERE, "extension", [another, mine])] == [
        mine,
        another,
    ]
    assert [row.id for row in holders_within(reach, "extension", [another, mine])] == [mine]
    assert holder_within(reach, "extension", another) is None
    assert holder_within(EVERYWHERE, "extension", NO_SUCH) is None


def test_who_sees_one_holder_has_an_account_of_its_own_and_all_others_none(site: Site) -> None:
    owner = make_owner("Weber").pk
    mine = extension(site, "101")

    kinds = [
        (found.kind, found.id)
        for found in map(own_holder, (Reach(owner_id=owner), Reach(extension_id=mine)))
        if found
    ]

    assert kinds == [("owner", owner), ("extension", mine)]
    assert own_holder(EVERYWHERE) is None
    assert own_holder(NOBODY) is None


def test_names_to_choose_from_are_those_within_the_reach(site: Site) -> None:
    owner = make_owner("Weber", email="w@example.com")
    mine = extension(site, "101", "Amir")
    extension(site, "201", "Birgit")
    code = make_code("4711", description="Case", owner=owner)
    make_code("4712")
    of_owner, of_extension = Reach(owner_id=owner.pk), Reach(extension_id=mine)

    assert codes_within(of_owner) == [Choice(code.pk, "4711", "Case")]
    assert code_called(of_owner, "4712") is None
    assert code_called(EVERYWHERE, "4712") is not None
    assert codes_within(of_extension) == []
    assert extensions_within(of_extension) == [Choice(mine, "101", "Amir")]
    assert [one.label for one in extensions_found(EVERYWHERE, "birg", at_most=5)] == ["201"]
    assert extensions_found(of_extension, "birg", at_most=5) == []
    assert owners_found(EVERYWHERE, "web", at_most=5) == [
        Choice(owner.pk, "Weber", "w@example.com")
    ]
