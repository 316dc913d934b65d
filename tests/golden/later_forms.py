"""What people do at the screens once calls are there: files, money, codes, records, users."""

import re

import papers
from client import Upload
from diary import asterisk_file, avaya_file
from office import ask
from setup_forms import PASSWORD
from visitor import Visitor

PRIVATE = "/extensions/recharge"


def import_files(admin: Visitor) -> None:
    """Import files by upload, good, known and wrong ones; add and stop sources."""
    good = Upload("file", "more.csv", asterisk_file(50, seed=7).encode(), "text/csv")
    depot = Upload("file", "depot.log", avaya_file(20, seed=8).encode())
    main = {"pbx": "Main house", "format": "asterisk-csv"}
    admin.submit("import", "/import", main, good)
    admin.submit("import-again", "/import", main, good)
    admin.submit("import-depot", "/import", {"pbx": "Depot", "format": "avaya-ipoffice"}, depot)
    admin.submit("import-guessed", "/import", {"pbx": "Depot", "format": ""}, depot)
    admin.submit("import-new-pbx", "/import", {"pbx": "Cellar", "format": "hipath"}, depot)
    admin.submit("import-no-file", "/import", main)
    admin.submit("import-wrong-zone", "/import", {**main, "zone": "Mars"}, good)
    admin.submit("import-no-pbx", "/import", {"pbx": "", "format": "3cx"}, good)
    empty = Upload("file", "empty.csv", b"")
    admin.submit("import-empty", "/import", main, empty)
    source = {"pbx": "Depot", "format": "3cx", "transport": "udp", "port": "5031", "name": "screen"}
    admin.submit("source-add", "/sources/add", source)
    admin.submit("source-twice", "/sources/add", source)
    admin.submit("source-wrong", "/sources/add", {**source, "port": "x", "peers": "here"})
    row = ask(admin.world, "SELECT id FROM tollbook_source WHERE name = 'screen'")
    admin.submit("source-stop", "/sources", {}, action=f"/sources/{row}/stop")
    admin.submit("source-start", "/sources", {}, action=f"/sources/{row}/start")


def move_money(admin: Visitor) -> None:
    """Recharge and adjust one and many, twice with one key, and undo."""
    one = f"{PRIVATE}?kind=extension&id=1"
    place = {"action": PRIVATE}
    admin.submit("recharge", one, {"amount": "12.5", "reason": "cash"}, **place)
    admin.submit("recharge-wrong", one, {"amount": "a lot"}, **place)
    admin.submit("recharge-nothing", one, {"amount": "0"}, **place)
    seen = admin.browser.get(one)
    admin.submit("recharge-once", one, {"amount": "3"}, shown=seen, **place)
    admin.submit("recharge-twice", one, {"amount": "3"}, shown=seen, **place)
    admin.submit("recharge-other", one, {"amount": "4"}, shown=seen, **place)
    adjust = f"{one}&adjust=1"
    admin.submit("adjust", adjust, {"amount": "-2.25", "reason": "a mistake"}, **place)
    admin.submit("adjust-why", adjust, {"amount": "-1", "reason": ""}, **place)
    many = f"{PRIVATE}?kind=extension&id=2&id=3&id=4"
    seen = admin.submit("recharge-many-seen", many, {"amount": "5"}, **place)
    admin.submit("recharge-many", many, {}, shown=seen, **place)
    owner = f"{PRIVATE}?kind=owner&id=1"
    admin.submit("recharge-owner", owner, {"amount": "20"}, **place)
    entry = ask(admin.world, "SELECT max(id) FROM tollbook_entry WHERE kind = 'recharge'")
    undo = {"action": "/extensions/recharges/undo"}
    for name in ("undo", "undo-again"):
        admin.submit(name, "/calls", {"entries": str(entry), "reason": "slip"}, **undo)
    admin.submit("undo-nothing", "/calls", {"entries": "x"}, **undo)
    lock = {"status": "locked"}
    edit = {"action": "/extensions/edit"}
    admin.submit("lock", "/extensions/edit?kind=extension&id=9", lock, **edit)


def correct_codes(admin: Visitor) -> None:
    """Give calls other account codes, see what that moves, take it back."""
    world = admin.world
    own = "SELECT min(id) FROM tollbook_call WHERE account_code = '' AND call_type = 'mobile'"
    first = ask(world, own)
    second = ask(world, f"{own} AND id > ?", first)
    place = {"action": "/calls/account-code"}
    one = f"/calls/account-code?id={first}"
    seen = admin.submit("code-of-call-seen", one, {"code": "8801", "reason": "forgot"}, **place)
    admin.submit("code-of-call", one, {"step": "post"}, shown=seen, **place)
    admin.submit("code-of-call-same", one, {"code": "8801", "step": "post"}, **place)
    admin.submit("code-of-call-wrong", one, {"code": "7777", "step": "post"}, **place)
    both = f"{one}&id={second}"
    seen = admin.submit("code-of-calls-seen", both, {"code": "4101"}, **place)
    admin.submit("code-of-calls", both, {"step": "post"}, shown=seen, **place)
    change = ask(world, "SELECT max(id) FROM tollbook_code_change")
    for name in ("code-undone", "code-undone-again"):
        admin.submit(name, "/calls", {}, action=f"/calls/account-code/{change}/undo")
    admin.submit("code-undone-unknown", "/calls", {}, action="/calls/account-code/9999/undo")


def decide_on_records(admin: Visitor) -> None:
    """Dismiss and retry rejected records, release duplicates, bill the past and undo it."""
    world = admin.world
    reject = ask(world, "SELECT min(id) FROM tollbook_reject WHERE state = 'new'")
    page = f"/calls/quarantine/{reject}"
    for name in ("dismiss", "dismiss-again"):
        admin.submit(name, page, {}, action=f"{page}/dismiss")
    again = {"action": "/calls/quarantine/again"}
    admin.submit("try-again", "/calls/quarantine/again", {}, **again)
    admin.submit("try-again-wrong-zone", "/calls/quarantine/again", {"zone": "Mars"}, **again)
    low = ask(world, "SELECT min(id) FROM tollbook_duplicate")
    high = ask(world, "SELECT max(id) FROM tollbook_duplicate")
    page = f"/calls/duplicates/release?id={low}&id={high}"
    for name in ("release", "release-again"):
        admin.submit(name, page, {}, action="/calls/duplicates/release")
    billed = {"set_billing": "1", "billing": "on", "step": "set"}
    late = "/extensions/edit?kind=extension&id=21&id=22&id=23"
    admin.submit("holders-billed", late, billed, action="/extensions/edit")
    bill = "/calls/unbilled/bill"
    admin.submit("bill-past", f"{bill}?since=2026-10-01", {"since": "2026-10-01"})
    admin.submit("bill-past-again", f"{bill}?since=2026-10-01", {"since": "2026-10-01"})
    admin.submit("bill-odd-day", bill, {"since": "soon"})
    undo = re.search(rf"{bill}/\d+/undo", admin.browser.get(bill).text)
    if undo is not None:
        for name in ("bill-undone", "bill-undone-again"):
            admin.submit(name, bill, {}, action=undo.group(0))
    admin.submit("bill-undone-unknown", bill, {}, action=f"{bill}/9999/undo")


def rerate(admin: Visitor) -> None:
    """Price calls again from the page: dry run, run, and what is wrong."""
    period = "from=2026-08-01&to=2026-09-15"
    seen = admin.look(f"/tariffs/rerate/dry-run?{period}", area="forms")
    admin.submit("rerate", f"/tariffs/rerate?{period}", {}, action="/tariffs/rerate", shown=seen)
    odd = {"from": "2026-09-15", "to": "2026-08-01"}
    admin.submit("rerate-backwards", "/tariffs/rerate", odd)
    admin.submit("rerate-odd-day", "/tariffs/rerate", {"from": "soon", "to": "2026-08-01"})
    run = ask(admin.world, "SELECT max(id) FROM tollbook_rating_run")
    admin.submit("rerate-resume", "/calls", {}, action=f"/tariffs/rerate/{run}/carry-on")


def see_alarms(admin: Visitor) -> None:
    """Mark alarms as seen and lift one that closes."""
    first = ask(admin.world, "SELECT min(id) FROM tollbook_alarm")
    seen = {"action": "/policies/alarms/seen"}
    admin.submit("alarms-seen", "/policies/alarms", {"alarm": [str(first)]}, **seen)
    admin.submit("alarms-none", "/policies/alarms", {}, **seen)
    closing = ask(admin.world, "SELECT min(id) FROM tollbook_alarm WHERE closes = 1")
    for name in ("alarm-lift", "alarm-lift-again"):
        admin.submit(name, "/policies/alarms", {}, action=f"/policies/alarms/{closing}/lift")


def change_users(admin: Visitor) -> None:
    """Change roles and passwords, shut users out, end sessions, change one's own password."""
    world = admin.world
    row = ask(world, "SELECT id FROM auth_user WHERE username = 'second'")
    user = f"/users/{row}"
    admin.submit("role", f"{user}/role", {"role": "billing"})
    admin.submit("role-same", f"{user}/role", {"role": "billing"})
    admin.submit("role-no-owner", f"{user}/role", {"role": "owner", "owner": ""})
    admin.submit("role-own", "/users/1/role", {"role": "viewer"})
    for name in ("shut-out", "let-in", "sign-out", "new-password"):
        admin.submit(f"user-{name}", user, {}, action=f"{user}/{name}")
    admin.submit("user-own-password", "/users/1", {}, action="/users/1/new-password")
    admin.submit("user-own-shut-out", "/users/1", {}, action="/users/1/shut-out")
    admin.submit("user-unknown", "/users", {}, action="/users/999/shut-out")
    admin.submit("session-unknown", user, {}, action=f"{user}/sessions/9999/end")
    admin.submit("pin-remove", "/users/pins/4", {}, action="/users/pins/4/remove")
    password = {"old": "wrong", "new": "short", "again": "short"}
    place = {"action": "/account/password"}
    admin.submit("password-wrong", "/account", password, **place)
    differs = {"old": PASSWORD, "new": "one long password", "again": "another password"}
    admin.submit("password-differs", "/account", differs, **place)
    same = {"old": PASSWORD, "new": "a cart and two horses", "again": "a cart and two horses"}
    admin.submit("password", "/account", same, **place)
    admin.submit("others-out", "/account", {}, action="/account/sessions/end-others")
    admin.submit("site", "/", {"site": "1", "next": "/calls"}, action="/site")
    admin.submit("site-unknown", "/", {"site": "77"}, action="/site")


def try_forbidden(visitor: Visitor) -> None:
    """Send forms that this role may not send."""
    for name, place, fields in (
        ("recharge", PRIVATE, {"kind": "extension", "id": "1", "amount": "5", "key": "k"}),
        ("owner", "/owners/add", {"name": "By stealth"}),
        ("tariff", "/tariffs/upload", {"text": papers.TARIFF, "do": "check"}),
        ("code-of-call", "/calls/account-code", {"ids": "1", "code": "8801"}),
        ("user", "/users/add", {"role": "admin", "name": "stealth"}),
        ("import", "/import", {"pbx": "Depot", "format": "3cx"}),
        ("alarms", "/policies/alarms/seen", {"alarm": "1"}),
        ("dial-plan", "/settings/dial-plan/1", {"country": "DE"}),
    ):
        visitor.submit(f"forbidden-{name}", "/account", fields, action=place)
