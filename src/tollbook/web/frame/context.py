"""What every page shows around its work: the sections, the person, the site, the health dot."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from tollbook.app.access.roles import Access, Permission
from tollbook.web.frame.flash import take_said
from tollbook.web.frame.permissions import access_of, may_open, need_of_page
from tollbook.web.frame.request import instant, site_facts
from tollbook.web.frame.site_choice import chosen_site, site_options
from tollbook.web.upkeep.pages.health import HealthDot, health

THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Section:
    """One line of the menu; `key` is the letter that opens it after `g`, "" for none.

    What is `within` belongs to the line before it, and is shown while somebody is in there.
    """

    name: str
    url_name: str
    icon: str
    key: str = ""
    within: bool = False


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A section as the menu shows it: folded away while its neighbourhood is left."""

    section: Section
    is_here: bool
    is_folded: bool


SECTIONS = (
    Section("Home", "home", "home", "h"),
    Section("Calls", "calls", "calls", "c"),
    Section("Quarantine", "quarantine", "quarantine", "q", within=True),
    Section("Extensions", "extensions", "extensions", "m"),
    Section("Recharge history", "recharges", "extensions", "v", within=True),
    Section("Statistics", "statistics", "extensions", "z", within=True),
    Section("Account codes", "codes", "calls", "k"),
    Section("Owners", "owners", "person", "o", within=True),
    Section("Alarms", "alarms", "quarantine", "x"),
    Section("Budgets", "budgets", "settings", "b", within=True),
    Section("Classes of service", "classes", "settings", "l", within=True),
    Section("Guards", "guards", "settings", "y", within=True),
    Section("May this call?", "may_call", "tester", within=True),
    Section("Tariffs", "tariffs", "tariffs", "t"),
    Section("Assignments", "assignments", "tariffs", "a", within=True),
    Section("Plans", "plans", "tariffs", "g", within=True),
    Section("Exchange rates", "exchange_rates", "tariffs", "f", within=True),
    Section("Tester", "tester", "tester", "p", within=True),
    Section("Re-rate", "rerate", "tariffs", "r", within=True),
    Section("What if", "what_if", "tariffs", "w", within=True),
    Section("Sources", "sources", "sources", "s"),
    Section("Import a file", "import", "import", "i", within=True),
    Section("Users", "users", "person", "u"),
    Section("PINs", "pins", "person", "n", within=True),
    Section("Tokens", "tokens", "api", within=True),
    Section("Audit log", "audit", "info", "j", within=True),
    Section("Settings", "settings", "settings", "e"),
    Section("Dial plan", "dial_plan", "settings", "d", within=True),
)


def sections_for(access: Access) -> list[Section]:
    """Return the sections that *access* may open."""
    return [one for one in SECTIONS if may_open(access, need_of_page(one.url_name))]


def menu_for(access: Access, path: str, here: str) -> list[MenuItem]:
    """Return the menu on the page called *here* at *path*: of the others, their first line.

    A page that has no line of its own belongs to the one whose address begins its own.
    """
    groups: list[list[Section]] = []
    for section in sections_for(access):
        if section.within and groups:
            groups[-1].append(section)
        else:
            groups.append([section])
    lines: list[MenuItem] = []
    for group in groups:
        is_open = any(_is_near(section, path, here) for section in group)
        for place, section in enumerate(group):
            is_folded = place > 0 and not is_open
            lines.append(MenuItem(section, section.url_name == here, is_folded))
    return lines


def _is_near(section: Section, path: str, here: str) -> bool:
    if section.url_name == here:
        return True
    start = reverse(section.url_name)
    return len(start) > 1 and (path == start or path.startswith(f"{start}/"))


def held(access: Access) -> dict[str, bool]:
    """Return every permission by its name: `{% if may.change_tariffs %}` in a template."""
    return {permission.value: access.may(permission) for permission in Permission}


def frame(request: HttpRequest) -> dict[str, object]:
    """Return what the base template needs, read only if it is used."""
    theme = request.COOKIES.get("theme", "")
    access = SimpleLazyObject(lambda: access_of(request))
    match = request.resolver_match
    return {
        "menu": SimpleLazyObject(
            lambda: menu_for(
                access_of(request), request.path, match.url_name or "" if match else ""
            )
        ),
        "access": access,
        "may": SimpleLazyObject(lambda: held(access_of(request))),
        "here": match.url_name if match else "",
        "theme": theme if theme in THEMES else "",
        "density": "compact" if request.COOKIES.get("density") == "compact" else "",
        "side": "folded" if request.COOKIES.get("side") == "folded" else "",
        "site": SimpleLazyObject(site_facts),
        "sites": SimpleLazyObject(site_options),
        "is_one_site": SimpleLazyObject(lambda: chosen_site() is not None),
        "health": SimpleLazyObject(_health),
        "now": instant(),
        "messages_said": SimpleLazyObject(lambda: take_said(request)),
    }


def _health() -> HealthDot:
    return health(at=instant(), zone=site_facts().zone)
