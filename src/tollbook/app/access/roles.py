"""Who may see and do what: roles, permissions, and how far a user's sight reaches.

A role is a set of permissions. An owner's and an extension's user have a reach besides: of the
pages that they may open they see only what is theirs. `visible_calls` and its neighbours narrow a
question to it, so that lists, totals, exports and single objects all agree. What lies beyond is
answered as if it did not exist.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from django.contrib.auth.models import User
from django.db.models import QuerySet

from tollbook.storage.models import (
    AccountCode,
    Department,
    Extension,
    Owner,
    UserRole,
)
from tollbook.storage.models.access import Role
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_log import EVERYTHING

__all__ = [
    "EVERYWHERE",
    "EVERY_PERMISSION",
    "NO_SUCH",
    "PERMISSIONS",
    "PERMISSION_WORDS",
    "ROLES_EXPLAINED",
    "ROLE_WORDS",
    "WITHIN_REACH",
    "Access",
    "Permission",
    "Reach",
    "Role",
    "access_of",
    "sees_call",
    "visible_calls",
    "visible_codes",
    "visible_departments",
    "visible_extensions",
    "visible_owners",
]

NO_SUCH: Final = 0  # an id that no row has


class Permission(StrEnum):
    """What a page or an action asks of a user."""

    SEE_CALLS = "see_calls"
    SEE_MONEY = "see_money"
    CHANGE_MONEY = "change_money"
    SEE_DIRECTORY = "see_directory"
    CHANGE_DIRECTORY = "change_directory"
    SEE_POLICIES = "see_policies"
    CHANGE_POLICIES = "change_policies"
    SEE_TARIFFS = "see_tariffs"
    CHANGE_TARIFFS = "change_tariffs"
    SEE_RECORDS = "see_records"
    CHANGE_RECORDS = "change_records"
    SEE_SOURCES = "see_sources"
    CHANGE_SOURCES = "change_sources"
    SEE_REPORTS = "see_reports"
    SEE_SETTINGS = "see_settings"
    CHANGE_SETTINGS = "change_settings"
    SET_PINS = "set_pins"
    CHANGE_USERS = "change_users"
    CHANGE_TOKENS = "change_tokens"
    SEE_AUDIT = "see_audit"


PERMISSION_WORDS: Final = {
    Permission.SEE_CALLS: "see calls and what they cost",
    Permission.SEE_MONEY: "see balances, recharges and charges",
    Permission.CHANGE_MONEY: "recharge, adjust, give credit, lock",
    Permission.SEE_DIRECTORY: "see extensions, departments, owners and account codes",
    Permission.CHANGE_DIRECTORY: "add and change extensions, departments, owners, account codes",
    Permission.SEE_POLICIES: "see classes of service, budgets and guards",
    Permission.CHANGE_POLICIES: "change classes of service, budgets and guards",
    Permission.SEE_TARIFFS: "see tariffs, plans and assignments",
    Permission.CHANGE_TARIFFS: "change tariffs, plans and assignments; re-rate calls",
    Permission.SEE_RECORDS: "see raw records, quarantine and duplicates",
    Permission.CHANGE_RECORDS: "import files, release and dismiss records",
    Permission.SEE_SOURCES: "see sources and their state",
    Permission.CHANGE_SOURCES: "add, start and stop sources",
    Permission.SEE_REPORTS: "see reports and statistics",
    Permission.SEE_SETTINGS: "see sites and dial plans",
    Permission.CHANGE_SETTINGS: "change sites and dial plans",
    Permission.SET_PINS: "set the PINs of extensions",
    Permission.CHANGE_USERS: "add users, change their roles, reset passwords, sign users out",
    Permission.CHANGE_TOKENS: "make and withdraw tokens",
    Permission.SEE_AUDIT: "read the audit log",
}
# What a user with a reach may hold: whoever asks for these must narrow by it.
WITHIN_REACH: Final = frozenset(
    {Permission.SEE_CALLS, Permission.SEE_MONEY, Permission.SEE_REPORTS}
)
_ONLY_ADMINISTRATORS: Final = frozenset(
    {
        Permission.CHANGE_SOURCES,
        Permission.CHANGE_SETTINGS,
        Permission.CHANGE_USERS,
        Permission.CHANGE_TOKENS,
        Permission.SEE_AUDIT,
    }
)
EVERY_PERMISSION: Final = frozenset(Permission)
PERMISSIONS: Final = {
    Role.ADMINISTRATOR: EVERY_PERMISSION,
    Role.BILLING: EVERY_PERMISSION - _ONLY_ADMINISTRATORS,
    Role.VIEWER: frozenset(
        {
            Permission.SEE_CALLS,
            Permission.SEE_MONEY,
            Permission.SEE_DIRECTORY,
            Permission.SEE_POLICIES,
            Permission.SEE_TARIFFS,
            Permission.SEE_RECORDS,
            Permission.SEE_SOURCES,
            Permission.SEE_REPORTS,
        }
    ),
    Role.OWNER: WITHIN_REACH,
    Role.EXTENSION: frozenset({Permission.SEE_CALLS, Permission.SEE_MONEY}),
}
ROLE_WORDS: Final = {
    Role.ADMINISTRATOR: "Administrator",
    Role.BILLING: "Billing manager",
    Role.OWNER: "Owner",
    Role.EXTENSION: "Extension user",
    Role.VIEWER: "Viewer",
}
ROLES_EXPLAINED: Final = {
    Role.ADMINISTRATOR: "Sees and changes everything, users and settings too.",
    Role.BILLING: "Money, tariffs, extensions, codes and policies; no users, sources or settings.",
    Role.OWNER: "The calls and the balance of one owner's account codes, nothing else.",
    Role.EXTENSION: "The calls, balance and recharges of one extension. Signs in with its PIN.",
    Role.VIEWER: "Sees all calls, money and tariffs, and changes nothing.",
}


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose calls and money are seen: one owner's, one extension's, or with neither all."""

    owner_id: int | None = None
    extension_id: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is hidden."""
        return self.owner_id is None and self.extension_id is None


EVERYWHERE: Final = Reach()


@dataclass(frozen=True, slots=True)
class Access:
    """What one user may do; `role` is None for a user who was given none: nobody.

    `name` is what the user is called on screens: an extension's user is its number and name.
    """

    user_id: int
    name: str
    role: Role | None
    permissions: frozenset[Permission]
    reach: Reach = EVERYWHERE

    def may(self, permission: Permission) -> bool:
        """Say whether the user holds *permission*."""
        return permission in self.permissions

    @property
    def role_words(self) -> str:
        """The role as screens name it."""
        return ROLE_WORDS[self.role] if self.role else "No role"


def access_of(user: User) -> Access:
    """Return what *user* may do.

    Without a role of its own, a superuser is an administrator and anyone else nobody. The user of
    an owner or an extension that is no longer active is nobody too.
    """
    given = UserRole.objects.select_related("owner", "extension").filter(user_id=user.pk).first()
    name = user.get_username()
    if given is None:
        role = Role.ADMINISTRATOR if user.is_superuser else None
        return Access(user.pk, name, role, PERMISSIONS[role] if role else frozenset())
    holder = given.owner or given.extension
    if given.extension is not None:
        name = f"{given.extension.number} {given.extension.name}".strip()
    if holder is not None and not holder.active:
        return Access(user.pk, name, None, frozenset(), Reach(NO_SUCH, NO_SUCH))
    role = Role(given.role)
    reach = Reach(owner_id=given.owner_id, extension_id=given.extension_id)
    return Access(user.pk, name, role, PERMISSIONS[role], reach)


def visible_calls(reach: Reach, wanted: CallFilter = EVERYTHING) -> CallFilter:
    """Return *wanted* narrowed to the calls within *reach*; beyond it, to none."""
    if reach.owner_id is not None:
        wanted = replace(wanted, owner_id=_both(wanted.owner_id, reach.owner_id))
    if reach.extension_id is not None:
        wanted = replace(wanted, extension_id=_both(wanted.extension_id, reach.extension_id))
    return wanted


def sees_call(reach: Reach, *, owner_id: int | None, extension_id: int | None) -> bool:
    """Say whether the call of this owner and this extension is within *reach*."""
    return (reach.owner_id is None or reach.owner_id == owner_id) and (
        reach.extension_id is None or reach.extension_id == extension_id
    )


def visible_extensions(reach: Reach) -> QuerySet[Extension]:
    """Return the extensions within *reach*; an owner has account codes, not extensions."""
    if reach.is_everything:
        return Extension.objects.all()
    return Extension.objects.filter(pk=reach.extension_id or NO_SUCH)


def visible_departments(reach: Reach) -> QuerySet[Department]:
    """Return the departments within *reach*: to whom has a reach, none."""
    return Department.objects.all() if reach.is_everything else Department.objects.none()


def visible_owners(reach: Reach) -> QuerySet[Owner]:
    """Return the owners within *reach*."""
    if reach.is_everything:
        return Owner.objects.all()
    return Owner.objects.filter(pk=reach.owner_id or NO_SUCH)


def visible_codes(reach: Reach) -> QuerySet[AccountCode]:
    """Return the account codes within *reach*: an owner's own, an extension's none."""
    if reach.is_everything:
        return AccountCode.objects.all()
    return AccountCode.objects.filter(owner_id=reach.owner_id or NO_SUCH)


def _both(asked: int | None, own: int) -> int:
    return own if asked in (None, own) else NO_SUCH
