"""Users, their roles, passwords and sessions: made, shut out, let in again."""

import csv
import io
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from support.factories import make_owner, make_user
from support.office import Office
from support.screens import PASSWORD, StandingClock
from tollbook.app.access.actor import Actor
from tollbook.app.access.roles import access_of
from tollbook.app.access.users import UserError, change_role, create_user, set_active
from tollbook.storage.models import AuditLog, Extension, Owner, UserRole
from tollbook.storage.models.access import Role


def shown(page: bytes, place: str) -> str:
    """Return what stands under the id *place*."""
    found = re.search(rf'id="{place}">([^<]+)<', page.decode())
    assert found, page.decode()
    return found[1]


def made(browser: Client, **form: str) -> tuple[str, str]:
    answer = browser.post("/users/add", form)
    assert answer.status_code == 200, answer.content.decode()
    return shown(answer.content, "made-name"), shown(answer.content, "made-password")


def signed_in(name: str, password: str) -> Client:
    other = Client()
    answer = other.post("/sign-in", {"name": name, "password": password})
    assert answer.status_code == 302, answer.content.decode()
    return other


def test_a_billing_manager_is_called_bill_and_letters_and_gets_a_long_password(
    browser: Client,
) -> None:
    """ZYC-04."""
    name, password = made(browser, role="billing")

    assert re.fullmatch(r"bill-[a-z]{4}", name)
    assert len(password) >= 16
    other = signed_in(name, password)
    assert other.get("/tariffs").status_code == 200
    assert other.get("/users").status_code == 403


def test_the_password_is_shown_once_and_kept_nowhere(browser: Client) -> None:
    name, password = made(browser, role="billing")

    assert password.encode() not in browser.get("/users").content
    assert password not in str(list(AuditLog.objects.values()))
    assert password not in str(list(User.objects.values()))
    assert name in str(list(AuditLog.objects.values()))


def test_the_billing_managers_password_can_be_changed(browser: Client) -> None:
    name, password = made(browser, role="billing", change_first="1")
    other = signed_in(name, password)

    assert other.get("/calls").headers["Location"] == "/account/password"
    new = "three carts and no horse"
    answer = other.post("/account/password", {"old": password, "new": new, "again": new})

    assert answer.headers["Location"] == "/"
    assert signed_in(name, new).get("/calls").status_code == 200


def test_an_owners_user_needs_its_owner(browser: Client, office: Office) -> None:
    refused = browser.post("/users/add", {"role": "owner", "name": "lisa"})
    assert refused.status_code == 422
    assert b"Choose the owner whose calls this user sees" in refused.content

    owner = make_owner("Smith & Partners")
    made(browser, role="owner", name="lisa", owner=str(owner.pk))
    assert UserRole.objects.get(user__username="lisa").owner_id == owner.pk


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"role": "viewer", "name": "anna"}, "There is already a user"),
        ({"role": "viewer", "name": "ANNA"}, "There is already a user"),
        ({"role": "viewer", "name": "two words"}, "without spaces"),
        ({"role": "viewer", "name": ""}, "A name has 2 to 150"),
        ({"role": "extension", "name": "e101"}, "Choose one of the roles"),
        ({"role": "king", "name": "karl"}, "Choose one of the roles"),
    ],
)
def test_a_user_is_not_made_when(browser: Client, form: dict[str, str], words: str) -> None:
    answer = browser.post("/users/add", form)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert User.objects.count() == 1


def test_who_is_shut_out_is_out_at_once_and_can_be_let_in_again(browser: Client) -> None:
    name, password = made(browser, role="viewer", name="vera")
    other = signed_in(name, password)
    vera = User.objects.get(username="vera").pk
    assert other.get("/calls").status_code == 200

    browser.post(f"/users/{vera}/shut-out")
    assert other.get("/calls").status_code == 302
    assert Client().post("/sign-in", {"name": name, "password": password}).status_code == 401

    browser.post(f"/users/{vera}/let-in")
    assert signed_in(name, password).get("/calls").status_code == 200


def test_nobody_shuts_out_oneself(browser: Client, user: User) -> None:
    answer = browser.post(f"/users/{user.pk}/shut-out", follow=True)

    assert b"You cannot shut yourself out" in answer.content
    assert User.objects.get(pk=user.pk).is_active


def test_the_last_administrator_stays(office: Office, user: User, clock: StandingClock) -> None:
    by = Actor("command line", clock())
    second = create_user(Role.ADMINISTRATOR, by=by, name="berta", change_first=False)

    set_active(user.pk, False, by=by, own_id=0)
    with pytest.raises(UserError, match="the last administrator"):
        set_active(second.user_id, False, by=by, own_id=0)


def test_a_new_password_ends_the_old_one_and_every_session(browser: Client) -> None:
    name, password = made(browser, role="viewer", name="vera")
    other = signed_in(name, password)
    vera = User.objects.get(username="vera").pk

    answer = browser.post(f"/users/{vera}/new-password")
    new = shown(answer.content, "made-password")

    assert other.get("/calls").status_code == 302
    assert Client().post("/sign-in", {"name": name, "password": password}).status_code == 401
    assert signed_in(name, new).get("/calls").headers["Location"] == "/account/password"


def test_ones_own_password_is_changed_on_ones_own_page(browser: Client, user: User) -> None:
    assert browser.post(f"/users/{user.pk}/new-password").headers["Location"] == "/account"
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_an_administrator_sees_where_a_user_is_signed_in_and_ends_it(browser: Client) -> None:
    name, password = made(browser, role="viewer", name="vera")
    other, third = signed_in(name, password), signed_in(name, password)
    vera = User.objects.get(username="vera").pk

    page = browser.get(f"/users/{vera}").content.decode()
    assert "2 places" in page
    session = re.findall(rf"/users/{vera}/sessions/(\d+)/end", page)[0]
    browser.post(f"/users/{vera}/sessions/{session}/end")
    assert sorted([other.get("/calls").status_code, third.get("/calls").status_code]) == [200, 302]

    browser.post(f"/users/{vera}/sign-out")
    assert {other.get("/calls").status_code, third.get("/calls").status_code} == {302}
    actions = AuditLog.objects.filter(object_type="user").values_list("action", flat=True)
    assert list(actions).count("user.sign_out") == 2


def test_the_list_is_searched_filtered_sorted_and_exported(browser: Client) -> None:
    owner = make_owner("Smith & Partners")
    made(browser, role="viewer", name="vera")
    made(browser, role="owner", name="lisa", owner=str(owner.pk))

    def names(query: str) -> list[str]:
        text = browser.get(f"/users/export.csv{query}").getvalue().decode("utf-8-sig")
        return [row[0] for row in csv.reader(io.StringIO(text))][1:]

    assert names("") == ["anna", "lisa", "vera"]
    assert names("?sort=-name") == ["vera", "lisa", "anna"]
    assert names("?q=smith") == ["lisa"]
    assert names("?role=viewer") == ["vera"]
    assert names("?role=admin") == ["anna"]
    assert b"No user fits" in browser.get("/users?q=nobody").content
    assert b"lisa" in browser.get("/users?q=smith").content
    assert browser.get("/users/export.xlsx").status_code == 200
    assert browser.get("/users/export.pdf").status_code == 404
    assert b"vera" in browser.get("/users?sort=nonsense&page=99").content


def test_the_roles_are_explained(browser: Client) -> None:
    page = browser.get("/users/roles").content.decode()

    assert "Billing manager" in page
    assert "read the audit log" in page


def test_a_user_without_a_role_is_let_in_nowhere(browser: Client) -> None:
    make_user("nemo", password=PASSWORD)
    nemo = signed_in("nemo", PASSWORD)

    answer = nemo.get("/")
    assert answer.status_code == 403
    assert b"This is not yours to open" in answer.content
    assert b"Sign out" in answer.content
    assert nemo.get("/account").status_code == 200
    assert nemo.post("/sign-out").status_code == 302


def test_an_owner_that_is_switched_off_takes_its_users_along(browser: Client) -> None:
    owner = make_owner("Smith & Partners")
    name, password = made(browser, role="owner", name="lisa", owner=str(owner.pk))
    lisa = signed_in(name, password)
    assert lisa.get("/calls").status_code == 200

    Owner.objects.update(active=False)

    assert lisa.get("/calls").status_code == 403
    assert access_of(User.objects.get(username="lisa")).permissions == frozenset()


def test_there_is_no_user_of_that_id(browser: Client) -> None:
    assert browser.get("/users/999").status_code == 404
    for place in ("new-password", "shut-out", "let-in", "sign-out", "sessions/1/end"):
        assert browser.post(f"/users/999/{place}").status_code == 404, place


def test_another_role_holds_at_once_and_is_written_down(browser: Client) -> None:
    name, password = made(browser, role="viewer", name="vera")
    vera, old_session = User.objects.get(username="vera").pk, signed_in(name, password)
    assert "signed out in 1 place and" in browser.get(f"/users/{vera}/role").content.decode()

    told = browser.post(f"/users/{vera}/role", {"role": "billing"}, follow=True).content.decode()

    assert "vera: Billing manager from now on, signed out everywhere." in told
    assert old_session.get("/calls").status_code == 302  # To the sign-in.
    assert signed_in(name, password).get("/codes/add").status_code == 200
    line = AuditLog.objects.get(action="user.change_role")
    assert ("Viewer" in line.before, "Billing manager" in line.after) == (True, True)
    assert line.actor == "anna"


def test_the_role_of_an_owner_needs_the_owner_and_loses_it_again(browser: Client) -> None:
    smith = make_owner("Smith")
    made(browser, role="viewer", name="vera")
    vera = User.objects.get(username="vera").pk

    refused = browser.post(f"/users/{vera}/role", {"role": "owner"})
    assert refused.status_code == 422
    assert "Choose the owner" in refused.content.decode()
    browser.post(f"/users/{vera}/role", {"role": "owner", "owner": str(smith.pk)})
    assert UserRole.objects.get(user_id=vera).owner_id == smith.pk
    browser.post(f"/users/{vera}/role", {"role": "viewer", "owner": str(smith.pk)})
    assert UserRole.objects.get(user_id=vera).owner_id is None


def test_the_same_role_ends_no_session(browser: Client) -> None:
    name, password = made(browser, role="viewer", name="vera")
    vera, session = User.objects.get(username="vera").pk, signed_in(name, password)

    told = browser.post(f"/users/{vera}/role", {"role": "viewer"}, follow=True).content.decode()

    assert "Nothing was changed" in told
    assert session.get("/calls").status_code == 200
    assert not AuditLog.objects.filter(action="user.change_role").exists()


def test_the_last_administrator_cannot_demote_himself(browser: Client, user: User) -> None:
    refused = browser.post(f"/users/{user.pk}/role", {"role": "viewer"})

    assert refused.status_code == 422
    assert "anna is the last administrator. Nothing was changed" in refused.content.decode()
    assert browser.get("/users").status_code == 200


def test_an_administrator_among_others_can(browser: Client, user: User) -> None:
    made(browser, role="admin", name="berta")

    browser.post(f"/users/{user.pk}/role", {"role": "viewer"})

    assert browser.get("/users").status_code == 302  # Signed out, and a viewer the next time.
    access = access_of(User.objects.get(pk=user.pk))
    assert access.role is Role.VIEWER
    assert not User.objects.get(pk=user.pk).is_superuser


def test_an_administrator_who_is_shut_out_does_not_count(browser: Client, user: User) -> None:
    made(browser, role="admin", name="berta")
    browser.post(f"/users/{User.objects.get(username='berta').pk}/shut-out")

    assert browser.post(f"/users/{user.pk}/role", {"role": "billing"}).status_code == 422


@pytest.mark.parametrize("role", ["extension", "", "root"])
def test_a_role_that_is_not_given_here_is_refused(browser: Client, role: str) -> None:
    made(browser, role="viewer", name="vera")
    vera = User.objects.get(username="vera").pk

    assert browser.post(f"/users/{vera}/role", {"role": role}).status_code == 422
    assert UserRole.objects.get(user_id=vera).role == "viewer"


def test_an_extensions_user_keeps_its_role(office: Office, clock: StandingClock) -> None:
    user = make_user("ext", role=Role.EXTENSION, extension=Extension.objects.first())

    with pytest.raises(UserError, match="no other role"):
        change_role(user.pk, Role.VIEWER, by=Actor("test", clock()))
