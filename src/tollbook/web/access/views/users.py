"""Users: who may sign in, as what, and where they are signed in now."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.roles import (
    PERMISSION_WORDS,
    PERMISSIONS,
    ROLE_WORDS,
    ROLES_EXPLAINED,
    Permission,
    Role,
)
from tollbook.app.access.sessions import list_sessions
from tollbook.app.access.users import (
    MADE_HERE,
    SORTS,
    UserError,
    UserFilter,
    UserLine,
    change_role,
    count_users,
    create_user,
    end_session_of,
    end_sessions_of,
    every_user,
    find_user,
    list_users,
    owner_of_user,
    reset_password,
    set_active,
)
from tollbook.app.directory.choices import owner_names
from tollbook.documents.table import Cell, Column, Kind
from tollbook.web.frame.files import list_file
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page, present
from tollbook.web.frame.listing import Head, ListQuery, asked_of, choice, page_by
from tollbook.web.frame.permissions import needs
from tollbook.web.frame.request import by_of, instant, user_of
from tollbook.web.frame.row_ids import row_id

HEADS = (
    Head("Name", "name"),
    Head("Role", "role"),
    Head("Sees only"),
    Head("Last signed in", "seen"),
    Head("Made by"),
    Head("State"),
)
COLUMNS = (
    Column("name", "Name", width_chars=24),
    Column("role", "Role"),
    Column("holder", "Sees only", width_chars=28),
    Column("seen", "Last signed in", Kind.INSTANT, width_chars=20),
    Column("created", "Made", Kind.INSTANT, width_chars=20),
    Column("created_by", "Made by"),
    Column("state", "State"),
)
ROLE_CHOICES = [(role.value, ROLE_WORDS[role]) for role in Role]


@dataclass(frozen=True, slots=True)
class UserForm:
    """What was typed for a new user, and what is wrong with which field."""

    role: str = Role.VIEWER.value
    name: str = ""
    owner: str = ""
    change_first: bool = True
    faults: dict[str, str] = field(default_factory=dict)


@needs(Permission.CHANGE_USERS)
@require_safe
def users(request: HttpRequest) -> HttpResponse:
    """Show the users that the filter holds."""
    asked = _asked(request)
    wanted = _wanted(asked)
    found = page_by(asked, HEADS, total=count_users(wanted), read=partial(list_users, wanted))
    context = {
        "list": found,
        "roles": ROLE_CHOICES,
    }
    return render(request, "tollbook/access/users.html", context)


@needs(Permission.CHANGE_USERS)
@require_safe
def users_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Send all users that the filter holds."""
    rows = _cells(_asked(request))
    return list_file("Users", COLUMNS, rows, kind=kind)


@needs(Permission.CHANGE_USERS)
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """Explain the roles: what each may see and do."""
    context = {
        "roles": [(ROLE_WORDS[role], ROLES_EXPLAINED[role]) for role in Role],
        "lines": [
            (words, [permission in PERMISSIONS[role] for role in Role])
            for permission, words in PERMISSION_WORDS.items()
        ],
    }
    return render(request, "tollbook/access/roles.html", context)


@needs(Permission.CHANGE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Make a user and show its password, this once."""
    form = UserForm(role=request.GET.get("role", Role.VIEWER.value))
    if request.method == "POST":
        form = UserForm(
            role=request.POST.get("role", "")[:20],
            name=request.POST.get("name", "").strip()[:200],
            owner=request.POST.get("owner", "")[:20],
            change_first=request.POST.get("change_first") == "1",
        )
        try:
            made = create_user(
                _role(form.role),
                by=by_of(request),
                name=form.name,
                owner_id=row_id(form.owner),
                change_first=form.change_first,
            )
        except UserError as refused:
            form.faults[refused.field or "role"] = str(refused)
        else:
            return _show_password(request, made.user_id, made.name, made.password, is_new=True)
    context = {
        "form": form,
        "roles": [(role.value, ROLE_WORDS[role], ROLES_EXPLAINED[role]) for role in MADE_HERE],
        "owners": _owners(),
    }
    return form_page(request, "tollbook/access/add_user.html", context, refused=form.faults)


@needs(Permission.CHANGE_USERS)
@require_safe
def user(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show one user: what it may, and where it is signed in."""
    line = _line(user_id)
    context = {
        "user": line,
        "explained": ROLES_EXPLAINED[line.role] if line.role else "Sees nothing.",
        "is_self": user_id == user_of(request).pk,
        "sessions": list_sessions(user_id, this="", at=instant()),
    }
    return render(request, "tollbook/access/user.html", context)


@needs(Permission.CHANGE_USERS)
@require_http_methods(["GET", "HEAD", "POST"])
def role(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show the form for another role, or give it and sign the user out everywhere."""
    line = _line(user_id)
    form = UserForm(role=line.role.value if line.role else "", owner=_owner_id(line))
    if request.method == "POST":
        form = UserForm(
            role=request.POST.get("role", "")[:20], owner=request.POST.get("owner", "")[:20]
        )
        try:
            changed = change_role(
                user_id, _role(form.role), by=by_of(request), owner_id=row_id(form.owner)
            )
        except UserError as refused:
            form.faults[refused.field or "role"] = str(refused)
        else:
            if changed is None:
                say(request, f"{line.name} has this role already. Nothing was changed.")
            else:
                of = f" of {changed.holder}" if changed.holder else ""
                told = f"{line.name}: {changed.role_words}{of} from now on, signed out everywhere."
                say(request, told)
            return redirect("user", user_id)
    context = {
        "user": line,
        "form": form,
        "is_self": user_id == user_of(request).pk,
        "sessions": len(list_sessions(user_id, this="", at=instant())),
        "roles": [(role.value, ROLE_WORDS[role], ROLES_EXPLAINED[role]) for role in MADE_HERE],
        "owners": _owners(),
    }
    return form_page(request, "tollbook/access/user_role.html", context, refused=form.faults)


@needs(Permission.CHANGE_USERS)
@require_POST
def new_password(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give a user another password and show it, this once."""
    line = _line(user_id)
    if user_id == user_of(request).pk:
        say(request, "Change your own password here: it asks for the present one.", level="warn")
        return redirect("account")
    try:
        made = reset_password(user_id, by=by_of(request))
    except UserError as refused:
        say(request, str(refused), level="danger")
        return redirect("user", user_id)
    return _show_password(request, line.id, made.name, made.password, is_new=False)


@needs(Permission.CHANGE_USERS)
@require_POST
def switch(request: HttpRequest, user_id: int, to: str) -> HttpResponse:
    """Shut a user out, or let it in again."""
    line = _line(user_id)
    on = to == "on"
    try:
        set_active(user_id, on, by=by_of(request), own_id=user_of(request).pk)
    except UserError as refused:
        say(request, str(refused), level="danger")
    else:
        done = "may sign in again" if on else "is shut out and signed out everywhere"
        say(request, f"{line.name} {done}.")
    return redirect("user", user_id)


@needs(Permission.CHANGE_USERS)
@require_POST
def sign_out_all(request: HttpRequest, user_id: int) -> HttpResponse:
    """End all sessions of a user."""
    line = _line(user_id)
    ended = end_sessions_of(user_id, by=by_of(request))
    places = "1 place" if ended == 1 else f"{ended} places"
    say(request, f"{line.name} is signed out in {places}.")
    return redirect("user", user_id)


@needs(Permission.CHANGE_USERS)
@require_POST
def sign_out_one(request: HttpRequest, user_id: int, session_id: int) -> HttpResponse:
    """End one session of a user."""
    line = _line(user_id)
    if not end_session_of(user_id, session_id, by=by_of(request)):
        raise Http404("no such session")
    say(request, f"{line.name} is signed out there.")
    return redirect("user", user_id)


def _show_password(
    request: HttpRequest, user_id: int, name: str, password: str, *, is_new: bool
) -> HttpResponse:
    context = {"user_id": user_id, "name": name, "password": password, "is_new": is_new}
    return render(request, "tollbook/access/shown_once.html", context)


def _line(user_id: int) -> UserLine:
    return present(find_user(user_id), "user")


def _role(text: str) -> Role:
    if text not in {role.value for role in MADE_HERE}:
        raise UserError("Choose one of the roles.", field="role")
    return Role(text)


def _owner_id(line: UserLine) -> str:
    """Return the id of the owner whose user it is, as the form sends it."""
    given = owner_of_user(line.id)
    return "" if given is None else str(given)


def _owners() -> list[tuple[str, str]]:
    return [(str(owner_id), name) for owner_id, name in owner_names(only_active=True)]


def _asked(request: HttpRequest) -> ListQuery:
    return asked_of(request, filters=("role", "active"), sort="name")


def _wanted(asked: ListQuery) -> UserFilter:
    role = asked.filters["role"]
    known = role in {one.value for one in Role}
    sort = asked.sort if asked.sort.removeprefix("-") in SORTS else "name"
    return UserFilter(
        sought=asked.q,
        role=Role(role) if known else None,
        sort=sort,
        active=choice(asked, "active"),
    )


def _cells(asked: ListQuery) -> Iterator[tuple[Cell, ...]]:
    for line in every_user(_wanted(asked)):
        yield (
            line.name,
            line.role_words,
            line.holder,
            line.seen,
            line.created,
            line.created_by,
            "active" if line.active else "shut out",
        )
