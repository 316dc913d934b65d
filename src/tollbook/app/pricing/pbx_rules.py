"""What a PBX's calls are read and priced by: one frozen value, so that any process can do it.

`app.directory.pbxs` loads it from the database; it pickles, and nothing in it touches one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tollbook.core.dialplan import DialPlan

CHARGE, COST = "charge", "cost"
BY_CALLEE, BY_DIALLED = "callee", "dialled"


@dataclass(frozen=True, slots=True)
class Assignment:
    """Calls that fit every given text are priced by the tariff; "" fits all.

    The time is half-open, in microseconds since 1970; None is unbounded. `matches` says which
    digits the tariff's prefixes are compared with: the callee's (E.164) or the dialled ones.
    """

    tariff_id: int
    kind: str = CHARGE
    trunk: str = ""
    extension: str = ""
    department: str = ""
    account_code: str = ""
    source_ip: str = ""
    from_us: int | None = None
    to_us: int | None = None
    matches: str = BY_CALLEE

    @property
    def fits_all(self) -> bool:
        """Whether every call of the PBX falls under it."""
        given = self.trunk or self.extension or self.department or self.account_code
        return not given and not self.source_ip and self.from_us is None and self.to_us is None


@dataclass(frozen=True, slots=True)
class Version:
    """An immutable version of a tariff, in force from `valid_from_us` on; JSON text."""

    version_id: int
    valid_from_us: int
    document: str


@dataclass(frozen=True, slots=True)
class Rules:
    """A PBX's dial plan, known extensions (number to department) and tariffs, by id.

    `assignments` are in order: the first that fits a call decides. The versions of a tariff
    ascend by `valid_from_us`; of two with the same instant the later one holds.
    """

    plan: DialPlan
    zone: str = "UTC"
    extensions: Mapping[str, str] = field(default_factory=dict)
    assignments: tuple[Assignment, ...] = ()
    versions: Mapping[int, tuple[Version, ...]] = field(default_factory=dict)
