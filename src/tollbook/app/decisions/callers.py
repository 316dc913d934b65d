"""Who calls: which site and PBX the question comes from, and which telephone asks.

A telephone is named by its extension, or by the device that the switch knows it by
(`PJSIP/101-0000001a`). Where neither PBX nor site is named, the caller decides: the site that
knows the extension, else the first.
"""

import re
from dataclasses import dataclass

from tollbook.app.decisions.rulebook import Directory, Pbx, Phone, SiteEntry

_CHANNEL = re.compile(r"(?:.*/)?(?P<name>[^/]+?)(?:-[0-9a-f]{8})?", re.DOTALL)
MAX_CALLER = 64


class UnknownPlace(LookupError):
    """The PBX or site that a question names does not exist, or there is none at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """Who calls, as asked (`number`) and as the directory knows it; `phone` None: a stranger.

    eq=False: compared and hashed by identity, so it can be a cache key.
    """

    site: SiteEntry
    pbx: Pbx | None
    number: str
    phone: Phone | None

    @property
    def words(self) -> str:
        """The caller as a step shows it."""
        if self.phone is None:
            return f"{self.number or 'the caller'} is no extension of {self.site.name}"
        named = f" ({self.phone.name})" if self.phone.name else ""
        return f"extension {self.phone.number}{named} of {self.site.name}"


def find_caller(
    directory: Directory, *, number: str, device: str = "", pbx: str = "", site: str = ""
) -> Caller:
    """Return who calls. Raises UnknownPlace."""
    names = [name for name in (number, extension_of_device(device)) if name]
    place, switch = _place(directory, names, pbx, site)
    for name in names:
        phone = directory.phones.get((place.id, name))
        if phone is not None:
            return Caller(place, switch, phone.number, phone)
    return Caller(place, switch, (number or device)[:MAX_CALLER], None)


def extension_of_device(device: str) -> str:
    """Return the name of the telephone in a channel's name.

    >>> extension_of_device("PJSIP/101-0000001a"), extension_of_device("SIP/101")
    ('101', '101')
    """
    found = _CHANNEL.fullmatch(device)
    return found["name"] if found else ""


def _place(
    directory: Directory, names: list[str], pbx: str, site: str
) -> tuple[SiteEntry, Pbx | None]:
    if pbx:
        for switch in directory.pbxs.values():
            if switch.name == pbx:
                return directory.sites[switch.site_id], switch
        raise UnknownPlace(f'there is no PBX "{pbx[:64]}". Nothing was decided.')
    place = _site(directory, names, site)
    switches = [switch for switch in directory.pbxs.values() if switch.site_id == place.id]
    return place, switches[0] if switches else None


def _site(directory: Directory, names: list[str], site: str) -> SiteEntry:
    if site:
        for place in directory.sites.values():
            if place.name == site:
                return place
        raise UnknownPlace(f'there is no site "{site[:64]}". Nothing was decided.')
    for place in directory.sites.values():
        if any((place.id, name) in directory.phones for name in names):
            return place
    first = next(iter(directory.sites.values()), None)
    if first is None:
        raise UnknownPlace("there is no site yet. Nothing was decided.")
    return first
