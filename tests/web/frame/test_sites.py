"""Several sites: what is chosen above is what the log, Home and the sources show."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from support.databases import door
from support.factories import make_code, make_codes, make_extension, make_site
from support.office import FIRST_CALL, NOON, Call, Office
from tollbook.app.directory.pbxs import PbxInfo, add_pbx
from tollbook.app.intake.sources import SourceAdded, add_source
from tollbook.storage.models import Pbx, Reject, Site


@pytest.fixture
def tokyo(office: Office) -> Site:
    """A second site with one PBX, one source, one call and one reject."""
    with door.transaction():
        site = make_site("Tokyo <b>", zone="Asia/Tokyo", currency="JPY", country="JP")
    add_pbx(name="Ginza", at=NOON, actor="test")
    with door.transaction():
        Pbx.objects.filter(name="Ginza").update(site=site)
    for pbx, port in (("Reception", 5101), ("Ginza", 5102)):
        added = add_source(
            pbx=pbx,
            transport="tcp-listen",
            format_name="3cx",
            options={"port": port},
            at=NOON,
            actor="test",
        )
        assert isinstance(added, SourceAdded)
    office.receive([Call(1, FIRST_CALL), Call(2, FIRST_CALL + timedelta(hours=1))])
    place = PbxInfo(_id_of("Ginza"), "Ginza", "", site.pk, site.name, site.zone, site.currency)
    Office(office.database, place, site.pk).receive([Call(3, FIRST_CALL + timedelta(hours=2))])
    return site


def _id_of(pbx: str) -> int:
    return Pbx.objects.get(name=pbx).pk


def choose(browser: Client, site: Site | None, *, on: str = "/") -> str:
    answer = browser.post("/site", {"site": site.pk if site else "", "next": on})
    assert answer.status_code == 302
    return str(answer["Location"])


def calls(browser: Client, query: str = "") -> int:
    html = browser.get(f"/calls{query}", follow=True).content.decode()
    return len(re.findall(r'<tr id="call-\d+"', html))


def test_with_one_site_there_is_nothing_to_choose(browser: Client) -> None:
    assert "site-switch" not in browser.get("/").content.decode()


def test_nothing_chosen_shows_all_sites_by_the_first_one_s_clock(
    browser: Client, tokyo: Site
) -> None:
    html = browser.get("/calls").content.decode()

    assert "All 2 sites" in html
    assert "Tokyo &lt;b&gt;" in html
    assert "Europe/Berlin" in html
    assert calls(browser) == 3


def test_the_log_of_a_chosen_site_says_so_in_its_address_and_in_its_clock(
    browser: Client, tokyo: Site
) -> None:
    choose(browser, tokyo)

    answer = browser.get("/calls?q=101", follow=True)
    html = answer.content.decode()

    assert answer.redirect_chain == [(f"/calls?q=101&site={tokyo.pk}", 302)]
    assert "Asia/Tokyo" in html
    assert "JPY" in html
    assert calls(browser) == 1
    # Taking the filter out shows all; it does not come back by itself.
    assert 'href="?q=101&amp;site=all"' in html
    assert calls(browser, "?site=all") == 3


def test_home_and_sources_follow_the_choice(browser: Client, tokyo: Site) -> None:
    both = browser.get("/sources").content.decode()
    assert ("Reception tcp-listen" in both, "Ginza tcp-listen" in both) == (True, True)

    choose(browser, tokyo)
    sources, home = (browser.get(path).content.decode() for path in ("/sources", "/"))

    for html in (sources, home):
        assert ("Reception tcp-listen" in html, "Ginza tcp-listen" in html) == (False, True)
    assert "JPY" in home
    failures = browser.get("/home/failures").content.decode()
    assert "Reception tcp-listen" not in failures
    choose(browser, None)
    assert "Reception tcp-listen" in browser.get("/sources").content.decode()


def test_sites_may_number_their_telephones_alike(
    browser: Client, office: Office, tokyo: Site
) -> None:
    make_extension("102", site=tokyo, name="Chiyo")
    place = PbxInfo(_id_of("Ginza"), "Ginza", "", tokyo.pk, tokyo.name, tokyo.zone, tokyo.currency)
    there = [Call(7, FIRST_CALL, extension="102"), Call(8, FIRST_CALL, extension="102", talk_s=9)]
    Office(office.database, place, tokyo.pk).receive(there)
    office.receive([Call(9, FIRST_CALL, extension="102")])

    assert calls(browser, "?extension=102") == 3
    assert calls(browser, f"?extension=102&site={tokyo.pk}") == 2
    assert calls(browser, f"?extension=102&site={office.site_id}") == 1
    top = browser.get("/home/top").content.decode()
    [berta] = re.findall(r'href="/calls(\?[^"]+)"><bdi>Berta', top)
    assert calls(browser, berta.replace("&amp;", "&")) == 1


def test_a_choice_comes_back_to_its_page_without_what_only_the_old_site_has(
    browser: Client, tokyo: Site
) -> None:
    assert choose(browser, tokyo, on="/calls?q=1&site=1&trunk=4&at=x&sort=talk") == (
        "/calls?q=1&sort=talk"
    )
    assert choose(browser, tokyo, on="https://evil.example/") == "/"
    assert choose(browser, tokyo, on="//evil.example/") == "/"


@pytest.mark.parametrize("site", ["999", "x", "\u0661", "-1", "9" * 30, "0"])
def test_a_site_that_is_not_there_is_all_of_them(browser: Client, tokyo: Site, site: str) -> None:
    choose(browser, tokyo)

    browser.post("/site", {"site": site, "next": "/"})

    assert calls(browser) == 3


def test_rejects_of_another_site_are_not_what_failed_here(browser: Client, tokyo: Site) -> None:
    choose(browser, tokyo)
    assert Reject.objects.count() == 0
    assert "could not be read" not in browser.get("/home/failures").content.decode()


def test_codes_are_offered_as_they_are_typed_by_code_and_by_description(
    browser: Client, office: Office
) -> None:
    with door.transaction():
        make_codes({f"{number}": f"Matter {number}" for number in range(1000, 1500)})
        make_code("7001", description="Smith <v> Jones")
    office.receive([Call(1, FIRST_CALL, account_code="8888")])

    def offered(typed: str) -> list[str]:
        html = browser.get("/calls/choices", {"account_code": typed}).content.decode()
        return re.findall(r'<option value="([^"]*)"', html)

    assert offered("149") == ["1149", *map(str, range(1490, 1500))]
    assert offered("smith") == ["7001"]
    assert offered("888") == ["8888"]  # typed by a caller, not entered yet
    assert offered("nothing has this") == []
    assert len(offered("")) == 200
    assert (
        "Smith &lt;v&gt; Jones" in browser.get("/calls/choices?account_code=7001").content.decode()
    )
    page = browser.get("/calls").content.decode()
    assert 'hx-target="#account_code-list"' in page
