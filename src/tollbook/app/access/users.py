"""Users who sign in with a name: who there is, making them, shutting them out.

Extensions' users are made with their PIN (`app.access.pins`); here they are listed, shut out and
let in again like all others. A user is never deleted: the audit log names it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat, Trim

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.access.passwords import one_time_password, random_letters
from tollbook.app.access.roles import ROLE_WORDS
from tollbook.app.access.sign_in import expect_new_password, forget_new_password
from tollbook.core.instants import from_us, to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import Owner, UserRole, UserSession
from tollbook.storage.models.access import Role

BILLING_PREFIX: Final = "bill-"
BILLING_LETTERS: Final = 4
MADE_HERE: Final = (Role.ADMINISTRATOR, Role.BILLING, Role.OWNER, Role.VIEWER)
SORTS: Final = ("name", "role", "seen")
_NAME: Final = re.compile(r"[\w.@+-]{2,150}")


class UserError(ValueError):
    """A change to a user that cannot be made; `field` names what is wrong, if one field is."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class UserLine:
    """One user as lists show it; `role` is None for a user who was given none.

    `holder` names the owner or the extension whose user it is; `seen` is when it signed in last.
    """

    id: int
    name: str
    role: Role | None
    holder: str
    active: bool
    seen: datetime | None
    created: datetime | None
    created_by: str

    @property
    def role_words(self) -> str:
        """The role as screens name it."""
        return ROLE_WORDS[self.role] if self.role else "No role"


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that was just made, to be shown this once."""

    user_id: int
    name: str
    password: str


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which users are asked for; sorted by one of `SORTS`, a minus before it turns round."""

    sought: str = ""
    role: Role | None = None
    active: bool | None = None
    sort: str = "name"


def count_users(wanted: UserFilter) -> int:
    """Return how many users fit."""
    return _matching(wanted).count()


def list_users(wanted: UserFilter, *, first: int, count: int) -> list[UserLine]:
    """Return the users that fit, sorted, *count* from the *first* on (0-based)."""
    return [_user_line(user) for user in _matching(wanted)[first : first + count]]


def every_user(wanted: UserFilter) -> Iterator[UserLine]:
    """Yield all users that fit, sorted, some hundred held at a time."""
    yield from map(_user_line, _matching(wanted).iterator(chunk_size=500))


def _matching(wanted: UserFilter) -> QuerySet[Any]:
    users = _with_roles()
    if wanted.sought:
        parts = Q(username__icontains=wanted.sought) | Q(holder__icontains=wanted.sought)
        users = users.filter(parts)
    if wanted.role is not None:
        users = users.filter(role=wanted.role.value)
    if wanted.active is not None:
        users = users.filter(is_active=wanted.active)
    key = wanted.sort.removeprefix("-")
    column = {"name": F("username"), "role": F("role"), "seen": F("last_login")}[key]
    turned = wanted.sort != key
    order = column.desc(nulls_last=True) if turned else column.asc(nulls_last=True)
    return users.order_by(order, "username")


def _user_line(user: User) -> UserLine:
    """Return a user of `_with_roles` as a line."""
    role: str = getattr(user, "role", "")
    created_us: int | None = getattr(user, "given_us", None)
    return UserLine(
        id=user.pk,
        name=user.get_username(),
        role=Role(role) if role else None,
        holder=getattr(user, "holder", ""),
        active=user.is_active,
        seen=user.last_login,
        created=from_us(created_us) if created_us is not None else user.date_joined,
        created_by=getattr(user, "given_by", ""),
    )


def find_user(user_id: int) -> UserLine | None:
    """Return one user; None if there is none."""
    user = _with_roles().filter(pk=user_id).first()
    return _user_line(user) if user else None


def owner_of_user(user_id: int) -> int | None:
    """Return the id of the owner whose user it is, None for another's."""
    return UserRole.objects.filter(user_id=user_id).values_list("owner_id", flat=True).first()


def create_user(
    role: Role, *, by: Actor, name: str = "", owner_id: int | None = None, change_first: bool = True
) -> NewPassword:
    """Make a user of *role* and return its password, which is not kept.

    A billing manager without a name is called `bill-` and some random letters. An owner's user
    needs its owner. *change_first*: the first sign-in must choose another password. Raises
    UserError.
    """
    if role not in MADE_HERE:
        raise UserError(
            "Extensions sign in with a PIN: set one for the extension instead.", field="role"
        )
    owner = _owner_for(role, owner_id)
    password = one_time_password()
    with door().transaction():
        called = _free_name(name.strip(), role)
        user = User.objects.create_user(username=called, password=password)
        UserRole.objects.create(
            user=user, role=role, owner=owner, created_us=to_us(by.at), created_by=by.name
        )
        if change_first:
            expect_new_password(user.pk)
        record_change(
            by,
            "user.add",
            of=("user", user.pk),
            after={"name": called, "role": role.value, "owner": owner.name if owner else None},
        )
    return NewPassword(user.pk, called, password)


def reset_password(user_id: int, *, by: Actor, change_first: bool = True) -> NewPassword:
    """Give a user a new password, sign it out everywhere, and return the password once.

    Raises UserError for an extension's user, who has a PIN instead.
    """
    line = _line(user_id)
    if line.role is Role.EXTENSION:
        raise UserError("An extension's user has no password. Set a new PIN instead.")
    password = one_time_password()
    with door().transaction():
        user = User.objects.get(pk=user_id)
        user.set_password(password)
        user.save(update_fields=["password"])
        if change_first:
            expect_new_password(user_id)
        else:
            forget_new_password(user_id)
        sign_out_everywhere(user_id)
        _record(by, "user.reset_password", line)
    return NewPassword(user_id, line.name, password)


def set_active(user_id: int, active: bool, *, by: Actor, own_id: int) -> UserLine:  # noqa: FBT001 - the new state
    """Let a user in again, or shut it out and end its sessions.

    *own_id* is who asks: nobody shuts out oneself, or the last administrator. Raises UserError.
    """
    line = _line(user_id)
    if not active and user_id == own_id:
        raise UserError("You cannot shut yourself out. Ask another administrator.")
    with door().transaction():
        if not active and line.role is Role.ADMINISTRATOR and _is_last_administrator(user_id):
            raise UserError(
                f"{line.name} is the last administrator. Nothing was changed; make another first."
            )
        User.objects.filter(pk=user_id).update(is_active=active)
        if not active:
            sign_out_everywhere(user_id)
        _record(
            by,
            "user.activate" if active else "user.deactivate",
            line,
            before={"active": line.active},
            after={"active": active},
        )
    return _line(user_id)


def change_role(
    user_id: int, role: Role, *, by: Actor, owner_id: int | None = None
) -> UserLine | None:
    """Give a user another role, end its sessions, and return it; None if nothing would change.

    The new role holds from the next sign-in on: no page that is open goes on with the old one. An
    owner's user needs its owner. Raises UserError, also for an extension's user, who has a PIN,
    and for the last administrator.
    """
    line = _line(user_id)
    if role not in MADE_HERE or line.role is Role.EXTENSION:
        raise UserError(
            "An extension's user has no other role. Set the extension's PIN, or take it away.",
            field="role",
        )
    owner = _owner_for(role, owner_id)
    with door().transaction():
        line = _line(user_id)
        is_demoted = line.role is Role.ADMINISTRATOR and role is not Role.ADMINISTRATOR
        if is_demoted and line.active and _is_last_administrator(user_id):
            raise UserError(
                f"{line.name} is the last administrator. Nothing was changed; make another first.",
                field="role",
            )
        if line.role is role and line.holder == (owner.name if owner else ""):
            return None
        UserRole.objects.update_or_create(
            user_id=user_id,
            defaults={"role": role, "owner": owner},
            create_defaults={
                "role": role,
                "owner": owner,
                "created_us": to_us(by.at),
                "created_by": by.name,
            },
        )
        # A former superuser has a role of its own from now on.
        User.objects.filter(pk=user_id).update(is_superuser=role is Role.ADMINISTRATOR)
        sign_out_everywhere(user_id)
        changed = _line(user_id)
        _record(
            by,
            "user.change_role",
            line,
            before=_role_words(line),
            after=_role_words(changed),
        )
    return changed


def sign_out_everywhere(user_id: int) -> int:
    """End all sessions of a user, inside the transaction that is open; return how many."""
    keys = list(UserSession.objects.filter(user_id=user_id).values_list("key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(key__in=keys).delete()
    return len(keys)


def end_sessions_of(user_id: int, *, by: Actor) -> int:
    """Sign a user out everywhere on behalf of *by*; return how many sessions ended."""
    line = _line(user_id)
    with door().transaction():
        ended = sign_out_everywhere(user_id)
        _record(by, "user.sign_out", line, after={"sessions": ended})
    return ended


def end_session_of(user_id: int, session_id: int, *, by: Actor) -> bool:
    """End one session of a user on behalf of *by*; False if it is not that user's or has ended."""
    line = _line(user_id)
    with door().transaction():
        session = UserSession.objects.filter(pk=session_id, user_id=user_id).first()
        if session is None:
            return False
        Session.objects.filter(session_key=session.key).delete()
        session.delete()
        where = {"sessions": 1, "address": session.address}
        _record(by, "user.sign_out", line, after=where)
    return True


def _with_roles() -> QuerySet[Any]:
    given = UserRole.objects.filter(user_id=OuterRef("pk"))
    named = given.annotate(
        whose=Coalesce(
            "owner__name",
            Trim(Concat("extension__number", Value(" "), "extension__name")),
            Value(""),
            output_field=CharField(),
        )
    )
    own = Case(When(is_superuser=True, then=Value(Role.ADMINISTRATOR.value)), default=Value(""))
    return User.objects.annotate(
        role=Coalesce(Subquery(given.values("role")), own, output_field=CharField()),
        holder=Coalesce(Subquery(named.values("whose")), Value(""), output_field=CharField()),
        given_us=Subquery(given.values("created_us")),
        given_by=Coalesce(Subquery(given.values("created_by")), Value("")),
    )


def _line(user_id: int) -> UserLine:
    line = find_user(user_id)
    if line is None:
        raise UserError(f"There is no user {user_id}. Nothing was changed.")
    return line


def _owner_for(role: Role, owner_id: int | None) -> Owner | None:
    if role is not Role.OWNER:
        return None
    owner = Owner.objects.filter(pk=owner_id or 0).first()
    if owner is None:
        raise UserError("Choose the owner whose calls this user sees.", field="owner")
    return owner


def _free_name(name: str, role: Role) -> str:
    """Return the name to give; raises UserError for one that cannot be, or is taken."""
    if not name and role is Role.BILLING:
        while True:
            name = BILLING_PREFIX + random_letters(BILLING_LETTERS)
            if not User.objects.filter(username__iexact=name).exists():
                return name
    if not _NAME.fullmatch(name):
        raise UserError(
            "A name has 2 to 150 letters, digits and . @ + - _, without spaces.", field="name"
        )
    if User.objects.filter(username__iexact=name).exists():
        raise UserError(f'There is already a user "{name}". Choose another name.', field="name")
    return name


def _role_words(line: UserLine) -> dict[str, str]:
    """Return a role as the audit log keeps it."""
    words = {"name": line.name, "role": line.role_words}
    return words | ({"holder": line.holder} if line.holder else {})


def _is_last_administrator(user_id: int) -> bool:
    """Say whether no other administrator would be left; locks the others' rows."""
    others = _with_roles().filter(role=Role.ADMINISTRATOR.value, is_active=True)
    ids = list(others.order_by("pk").values_list("pk", flat=True))
    # Serialise: of two administrators who disable each other concurrently, the second is refused.
    list(User.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    return not others.filter(pk__in=ids).exclude(pk=user_id).exists()


def _record(
    by: Actor, action: str, line: UserLine, *, before: object = None, after: object = None
) -> None:
    said = after if after is not None else {"name": line.name}
    record_change(by, action, of=("user", line.id), before=before, after=said)
