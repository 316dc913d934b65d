"""Which calls something is for: one way to say it, used by every part of a price plan."""

from dataclasses import dataclass
from datetime import datetime

from tollbook.core.numbers import strip_decoration


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call when its price is composed. *at* is the instant talk begins."""

    at: datetime
    number: str
    call_type: str = ""
    caller: str | None = None
    department: str | None = None
    trunk: str | None = None
    account_code: str | None = None
    source_ip: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Calls that agree with every list that is not empty, within half-open dates.

    *callers* holds extensions or departments; *prefixes* compare with the number, decoration
    dropped on both sides.
    """

    callers: tuple[str, ...] = ()
    trunks: tuple[str, ...] = ()
    account_codes: tuple[str, ...] = ()
    source_ips: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    call_types: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    from_at: datetime | None = None
    to_at: datetime | None = None

    def fits(self, facts: Facts) -> bool:
        """Say whether the call is one of these."""
        return (
            (not self.callers or facts.caller in self.callers or facts.department in self.callers)
            and (not self.trunks or facts.trunk in self.trunks)
            and (not self.account_codes or facts.account_code in self.account_codes)
            and (not self.source_ips or facts.source_ip in self.source_ips)
            and (not self.sites or facts.site in self.sites)
            and (not self.call_types or facts.call_type in self.call_types)
            and (not self.prefixes or self._has_prefix(facts.number))
            and (self.from_at is None or self.from_at <= facts.at)
            and (self.to_at is None or facts.at < self.to_at)
        )

    def _has_prefix(self, number: str) -> bool:
        digits = strip_decoration(number)
        return any(digits.startswith(strip_decoration(prefix)) for prefix in self.prefixes)
