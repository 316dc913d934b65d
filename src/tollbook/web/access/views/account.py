"""Signing in and out, the password, and where one is signed in."""

from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tollbook.app.access.lockout import Locked, LockOut
from tollbook.app.access.pin_list import has_pins, sites_with_pins
from tollbook.app.access.pins import sign_in_extension
from tollbook.app.access.roles import ROLES_EXPLAINED
from tollbook.app.access.sessions import (
    close_session,
    end_other_sessions,
    end_session,
    list_sessions,
    open_session,
)
from tollbook.app.access.sign_in import (
    SignedIn,
    WrongPassword,
    change_password,
    must_change_password,
    sign_in,
)
from tollbook.storage.db.installation import current
from tollbook.web.frame.flash import say
from tollbook.web.frame.forms import form_page
from tollbook.web.frame.permissions import access_of, for_everyone
from tollbook.web.frame.request import address_of, instant, site_facts, user_of
from tollbook.web.frame.site_choice import choose_site


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; let in, refuse, or say how long the lock lasts."""
    place = _place_after(request)
    if request.user.is_authenticated:
        return redirect(place)
    name = request.POST.get("name", "")
    context: dict[str, object] = {"next": place, "name": name, "has_pins": has_pins()}
    if request.method != "POST":
        return render(request, "tollbook/access/sign_in.html", context)
    came = sign_in(
        name,
        request.POST.get("password", ""),
        address=address_of(request),
        lock_out=_lock_out(),
        at=instant(),
    )
    if isinstance(came, SignedIn):
        return _let_in(request, came, place)
    context["refused"] = _words(came, "Name or password")
    status = 429 if isinstance(came, Locked) else 401
    return render(request, "tollbook/access/sign_in.html", context, status=status)


@never_cache
@sensitive_post_parameters("pin")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_extension_page(request: HttpRequest) -> HttpResponse:
    """Ask for an extension and its PIN, and for the site where there are several."""
    place = _place_after(request)
    if request.user.is_authenticated:
        return redirect(place)
    sites = sites_with_pins()
    number, site = request.POST.get("extension", ""), request.POST.get("site", "")
    chosen = next((one for one in sites if str(one[0]) == site), sites[0] if sites else (0, ""))
    context: dict[str, object] = {
        "next": place,
        "extension": number,
        "site": chosen[0],
        "sites": sites,
    }
    if request.method != "POST":
        return render(request, "tollbook/access/sign_in_extension.html", context)
    came = sign_in_extension(
        number,
        request.POST.get("pin", ""),
        site_id=chosen[0],
        address=address_of(request),
        lock_out=_lock_out(),
        at=instant(),
    )
    if isinstance(came, SignedIn):
        response = _let_in(request, came, place)
        choose_site(request, chosen[0])  # Its clock and its currency are the extension's.
        return response
    context["refused"] = _words(came, "Extension or PIN")
    status = 429 if isinstance(came, Locked) else 401
    return render(request, "tollbook/access/sign_in_extension.html", context, status=status)


def _let_in(request: HttpRequest, came: SignedIn, place: str) -> HttpResponse:
    """Begin a session under a new key, so that nobody knew it before, and go on."""
    login(request, came.user)
    _note_session(request, came.user.pk)
    return redirect(place)


def _note_session(request: HttpRequest, user_id: int) -> None:
    """Let the user see this session among those that are open."""
    open_session(
        str(request.session.session_key),
        user_id,
        address=address_of(request),
        agent=request.headers.get("User-Agent", ""),
        at=instant(),
    )


def _lock_out() -> LockOut:
    installed = current().settings
    return LockOut(failures=installed.lockout_failures, minutes=installed.lockout_minutes)


def _words(came: WrongPassword | Locked, what: str) -> str:
    if isinstance(came, Locked):
        site = site_facts()
        return (
            "Too many failures: sign-in is locked until "
            f"{came.until.astimezone(site.zone):%H:%M:%S} ({site.zone_name})."
        )
    if came.left < 1:
        return f"{what} is not right. That was one failure too many: sign-in is locked now."
    if came.left <= 2:
        tries = "1 more try" if came.left == 1 else f"{came.left} more tries"
        return f"{what} is not right. {tries.capitalize()} before a lock."
    return f"{what} is not right."


def _place_after(request: HttpRequest) -> str:
    """Return the page that was wanted, if it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else reverse("home")


@for_everyone
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    close_session(str(request.session.session_key))
    logout(request)
    return redirect("sign_in")


@for_everyone
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show where the user is signed in, and the form for another password."""
    return render(request, "tollbook/access/account.html", _sessions(request))


@for_everyone
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; the page of those who must, before anything else."""
    user = user_of(request)
    forced = must_change_password(user.pk)
    faults: tuple[str, ...] = ()
    if request.method == "POST":
        new = request.POST.get("new", "")
        if new != request.POST.get("again", ""):
            faults = ("The two new passwords differ. Type the same one twice.",)
        else:
            faults = change_password(
                user,
                old=request.POST.get("old", ""),
                new=new,
                address=address_of(request),
                at=instant(),
            )
        if not faults:
            update_session_auth_hash(request, user)
            _note_session(request, user.pk)
            say(request, "The password is changed. You are signed out everywhere else.")
            return redirect("home" if forced else "account")
    context = {"faults": faults, "forced": forced, **_sessions(request)}
    template = "tollbook/access/new_password.html" if forced else "tollbook/access/account.html"
    return form_page(request, template, context, refused=faults)


def _sessions(request: HttpRequest) -> dict[str, object]:
    user, role = user_of(request), access_of(request).role
    this = str(request.session.session_key)
    return {
        "sessions": list_sessions(user.pk, this=this, at=instant()),
        "has_password": user.has_usable_password(),
        "explained": ROLES_EXPLAINED[role] if role else "",
    }


@for_everyone
@require_POST
def end_one(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign the user out of one other session."""
    if not end_session(user_of(request).pk, session_id):
        raise Http404("no such session")
    say(request, "Signed out there.")
    return redirect("account")


@for_everyone
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign the user out everywhere but here."""
    ended = end_other_sessions(user_of(request).pk, this=str(request.session.session_key))
    say(request, f"Signed out in {ended} other {'place' if ended == 1 else 'places'}.")
    return redirect("account")
