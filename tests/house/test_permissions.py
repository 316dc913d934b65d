"""Every address says whom it lets in; nothing is open because somebody forgot."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

from tollbook.api.auth import NeedsScope
from tollbook.api.service import api
from tollbook.app.access.roles import (
    PERMISSIONS,
    ROLE_WORDS,
    ROLES_EXPLAINED,
    WITHIN_REACH,
    Access,
    Permission,
)
from tollbook.storage.models.access import Role
from tollbook.web.frame.permissions import Need, for_everyone, may_open, need_of, needs

# They show no data; the probes ask for a token where they show figures (test_probes).
OPEN = {"static", "favicon", "sign_in", "sign_in_extension", "healthz", "metrics"}
API_OPEN = {"openapi-json", "openapi-view", "api-root"}  # the description of the API, no data


def addresses() -> Iterator[URLPattern]:
    """Yield every address that has a name or a view, those of the API too."""
    waiting: list[Any] = list(get_resolver().url_patterns)
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, URLResolver):
            waiting.extend(entry.url_patterns)
        elif isinstance(entry, URLPattern):
            yield entry


def is_of_the_api(address: URLPattern) -> bool:
    module = getattr(address.callback, "__module__", "")
    return address.name in API_OPEN or module.startswith(("ninja.", "tollbook.api."))


def test_every_page_names_the_permission_it_needs() -> None:
    unnamed = [
        str(address.pattern)
        for address in addresses()
        if not is_of_the_api(address)
        and address.name not in OPEN
        and need_of(address.callback) is None
    ]

    assert unnamed == [], (
        "decorate these views with @needs(Permission...) of web/frame/permissions.py"
    )


def test_every_operation_of_the_api_needs_a_scope() -> None:
    asked = {
        f"{prefix}{path}": operation.auth_param
        if isinstance(operation.auth_param, NeedsScope)
        else router.auth
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
    }

    assert len(asked) >= 4
    bare = [path for path, auth in asked.items() if not isinstance(auth, NeedsScope)]
    assert bare == [], "give these operations, or their router, auth=NeedsScope(...)"


def test_what_is_open_is_there() -> None:
    """A name that no address has would hide what takes it later."""
    assert {address.name for address in addresses()} >= OPEN | API_OPEN


def test_the_walk_meets_a_page_without_a_permission() -> None:
    """The check can fail: a view that says nothing is found, and shut but to administrators."""

    def forgotten(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.path)

    assert need_of(forgotten) is None
    assert not may_open(_holding(Role.BILLING), need_of(forgotten))
    assert may_open(_holding(Role.ADMINISTRATOR), need_of(forgotten))


def test_seeing_and_changing_are_asked_for_apart() -> None:
    view = needs(Permission.SEE_TARIFFS, to_change=Permission.CHANGE_TARIFFS)(_page)

    assert need_of(view) == Need(Permission.SEE_TARIFFS, Permission.CHANGE_TARIFFS)
    assert may_open(_holding(Role.VIEWER), need_of(view), "GET")
    assert not may_open(_holding(Role.VIEWER), need_of(view), "POST")
    assert may_open(_holding(Role.EXTENSION), need_of(for_everyone(_other_page)), "POST")


def test_who_has_a_reach_holds_only_what_is_narrowed_by_it() -> None:
    for role in (Role.OWNER, Role.EXTENSION):
        assert PERMISSIONS[role] <= WITHIN_REACH, role


def test_only_administrators_change_users_and_read_the_audit_log() -> None:
    for permission in (Permission.CHANGE_USERS, Permission.SEE_AUDIT, Permission.CHANGE_TOKENS):
        assert [role for role in Role if permission in PERMISSIONS[role]] == [Role.ADMINISTRATOR]


def test_a_viewer_changes_nothing() -> None:
    assert all(one.value.startswith("see_") for one in PERMISSIONS[Role.VIEWER])


def test_every_role_has_a_name_permissions_and_a_sentence() -> None:
    assert set(PERMISSIONS) == set(ROLE_WORDS) == set(ROLES_EXPLAINED) == set(Role)


def _holding(role: Role) -> Access:
    return Access(1, "anna", role, PERMISSIONS[role])


def _page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path)


def _other_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path)
