"""What an administrator fills in before calls come: people, codes, rules, prices, users.

Each form is sent wrong as well as right, for the words that go with what is wrong.
"""

import json
import re
from dataclasses import dataclass

import papers
from client import Answer, Upload
from office import ask
from visitor import Visitor

PASSWORD = "a horse and two carts"
PIN = "407291"
_ONE_TIME = re.compile(r"\b[a-z0-9]{5}(?:-[a-z0-9]{5}){3}\b")
_TOKEN = re.compile(r"\btollbook_[A-Za-z0-9_-]{20,}")
SCOPES = (
    "authorise", "calls:read", "calls:correct", "charges:read", "extensions:read", "recharge",
    "sources:read", "tariffs:read", "metrics:read",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the installation to others than the administrator: passwords and tokens."""

    passwords: dict[str, str]
    tokens: dict[str, str]


def set_rules(admin: Visitor) -> None:
    """Fill in dial plan, owners, extensions and codes."""
    _dial_plan(admin)
    _owners(admin)
    _extensions(admin)
    _codes(admin)


def set_limits(admin: Visitor) -> None:
    """Fill in classes of service, budgets, guards, and what extensions may spend."""
    _classes(admin)
    _budgets(admin)
    _guards(admin)
    _holders(admin)


def set_prices(admin: Visitor) -> None:
    """Fill in tariffs, single rates, decks, assignments, plans and exchange rates."""
    _tariffs(admin)
    _rates(admin)
    _decks(admin)
    _assignments(admin)
    _plans(admin)
    _exchange(admin)


def let_others_in(admin: Visitor) -> Keys:
    """Make users of every role, a PIN, and tokens of several reaches."""
    passwords = {}
    for role, name, owner in (
        ("billing", "till", ""),
        ("viewer", "looker", ""),
        ("owner", "kanzlei", "1"),
        ("admin", "second", ""),
    ):
        given = {"role": role, "name": name, "owner": owner}
        shown = admin.submit(f"user-{role}", "/users/add", given)
        passwords[name] = _found(_ONE_TIME, shown)
    admin.submit("user-nameless", "/users/add", {"role": "billing", "name": "", "owner": ""})
    admin.submit("user-twice", "/users/add", {"role": "viewer", "name": "looker"})
    admin.submit("user-no-owner", "/users/add", {"role": "owner", "name": "x", "owner": ""})
    admin.submit("user-odd-role", "/users/add", {"role": "king", "name": "arthur"})
    admin.submit("pin", "/users/pins/1", {"pin": PIN, "again": PIN})
    admin.submit("pin-differs", "/users/pins/1", {"pin": PIN, "again": "1"})
    admin.submit("pin-simple", "/users/pins/1", {"pin": "111111", "again": "111111"})
    admin.submit("pin-remove-none", "/users/pins/2", {}, action="/users/pins/2/remove")
    admin.submit("pins-made", "/users/pins", {"id": ["4", "5"]}, action="/users/pins/generate")
    admin.submit("pins-none", "/users/pins", {}, action="/users/pins/generate")
    for name, sheet in (("pins-file", papers.PIN_SHEET), ("pins-bad-file", "number\n1\n")):
        admin.submit(name, "/users/pins/import", {}, Upload("file", "pins.csv", sheet.encode()))
    admin.submit("pins-no-file", "/users/pins/import", {})
    return Keys(passwords, _tokens(admin))


def _tokens(admin: Visitor) -> dict[str, str]:
    tokens = {}
    narrow = ["calls:read", "charges:read", "extensions:read"]
    for name, changes in (
        ("all", {"scope": SCOPES}),
        ("owner", {"scope": narrow, "owner": "1"}),
        ("extension", {"scope": narrow, "extension": "121"}),
        ("reader", {"scope": ["sources:read"], "expires": "2027-01-01"}),
        ("withdrawn", {"scope": ["calls:read"]}),
    ):
        shown = admin.submit(f"token-{name}", "/tokens/add", {"name": name, **changes})
        tokens[name] = _found(_TOKEN, shown)
    row = ask(admin.world, "SELECT id FROM tollbook_api_token WHERE name = 'withdrawn'")
    for name in ("token-revoke", "token-revoke-again"):
        admin.submit(name, "/tokens", {}, action=f"/tokens/{row}/revoke")
    admin.submit("token-no-scope", "/tokens/add", {"name": "none"})
    both = {"name": "both", "scope": narrow, "owner": "1", "extension": "121"}
    admin.submit("token-both", "/tokens/add", both)
    admin.submit("token-past", "/tokens/add", {"scope": narrow, "expires": "2020-01-01"})
    return tokens


def _dial_plan(admin: Visitor) -> None:
    page, place = "/settings/dial-plan/1", "/settings/dial-plan/1"
    plan = papers.DIAL_PLAN
    tried = {**plan, "do": "try", "caller": "121", "dialled": "00049301234"}
    admin.submit("dial-plan-tried", page, tried, action=place)
    admin.submit("dial-plan", page, {**plan, "do": "save"}, action=place)
    wrong = {"country": "XX", "outside_prefixes": "a", "short_codes": "7", "carrier_prefixes": "?"}
    admin.submit("dial-plan-wrong", page, {**plan, **wrong, "do": "save"}, action=place)
    admin.submit("settings-no-json", "/settings", {"dial_plan": "{"})
    admin.submit("settings-list", "/settings", {"dial_plan": "[]"})
    odd = json.dumps({"country": "DE", "colour": "blue", "area_code": 30})
    admin.submit("settings-odd", "/settings", {"dial_plan": odd})
    admin.submit("money-currency", "/settings/money", {"currency": "USD"})
    admin.submit("money-bills-new", "/settings/money", {"bills_new": "1"})


def _owners(admin: Visitor) -> None:
    admin.submit("owner", "/owners/add", {"name": "Kanzlei Nord", "email": "nord@example.org"})
    admin.submit("owner-twice", "/owners/add", {"name": "Kanzlei Nord"})
    admin.submit("owner-empty", "/owners/add", {"name": "", "email": "no address"})
    admin.submit("owner-short-lived", "/owners/add", {"name": "Soon gone"})
    row = ask(admin.world, "SELECT id FROM tollbook_owner WHERE name = 'Soon gone'")
    admin.submit("owner-edit", f"/owners/{row}", {"name": "Soon gone!", "active": None})
    admin.submit("owner-delete", f"/owners/{row}", {}, action=f"/owners/{row}/delete")
    admin.submit("owner-delete-used", "/owners/1", {}, action="/owners/1/delete")
    admin.submit("owner-unknown", "/owners/1", {}, action="/owners/999/delete")


def _extensions(admin: Visitor) -> None:
    added = {"number": "332", "name": "Cleo Hart", "department": "Depot", "email": "c@example.org"}
    admin.submit("extension-add", "/extensions/add", added)
    admin.submit("extension-twice", "/extensions/add", added)
    admin.submit("extension-empty", "/extensions/add", {"number": "", "email": "x"})
    sheet = Upload("file", "extensions.csv", papers.EXTENSION_SHEET.encode())
    seen = admin.submit("extensions-seen", "/extensions/import", {}, sheet)
    admin.submit("extensions-taken", "/extensions/import", {}, shown=seen)
    bad = Upload("file", "bad.csv", b"number,colour\n,blue\n")
    admin.submit("extensions-bad", "/extensions/import", {}, bad)
    admin.submit("extensions-no-file", "/extensions/import", {})


def _codes(admin: Visitor) -> None:
    sheet = Upload("file", "codes.csv", papers.CODE_SHEET.encode())
    seen = admin.submit("codes-seen", "/codes/import", {}, sheet)
    admin.submit("codes-taken", "/codes/import", {"do": "import"}, shown=seen)
    bad = Upload("file", "codes.csv", papers.BAD_CODE_SHEET.encode())
    admin.submit("codes-bad", "/codes/import", {}, bad)
    admin.submit("codes-no-file", "/codes/import", {})
    admin.submit(
        "code-add",
        "/codes/add",
        {
            "code": "8810", "description": "House", "owner": "Kanzlei Nord", "restrict": "1",
            "minimum": "3", "maximum": "20", "blocked": "0900", "allowed": "", "fee": "60.00",
            "fee_unit_s": "60", "number": ["0301111", "0302222"], "label": ["court", "bank"],
        },
    )  # fmt: skip
    admin.submit("code-twice", "/codes/add", {"code": "8810"})
    wrong = {"code": "x", "minimum": "9", "maximum": "3", "fee": "free", "blocked": "a b"}
    admin.submit("code-wrong", "/codes/add", {**wrong, "restrict": "1", "owner": "Nobody"})
    row = ask(admin.world, "SELECT id FROM tollbook_account_code WHERE code = '8802'")
    admin.submit("code-edit", f"/codes/{row}", {"description": "Freed matter", "fee": "30"})
    admin.submit("code-delete", f"/codes/{row}", {}, action=f"/codes/{row}/delete")
    admin.submit("code-delete-used", "/codes/1", {}, action="/codes/1/delete")
    again = Upload("file", "codes.csv", papers.CODE_SHEET.encode())
    seen = admin.submit("codes-seen-again", "/codes/import", {}, again)
    admin.submit("codes-taken-again", "/codes/import", {"do": "import"}, shown=seen)


def _classes(admin: Visitor) -> None:
    barred = {
        "name": "No abroad",
        "rule_bars": ["yes", "no", "yes"],
        "rule_prefixes": ["", "33", "900"],
        "rule_countries": ["", "", ""],
        "rule_call_types": ["international", "", ""],
        "rule_hours": ["", "daytime", ""],
        "window_name": ["daytime", "", ""],
        "window_from": ["08:00", "", ""],
        "window_to": ["18:00", "", ""],
        "window_days": ["1, 2, 3, 4, 5", "", ""],
        "when_away": "open",
        "away_limit_s": "300",
    }
    admin.submit("class", "/policies/classes/add", barred)
    admin.submit("class-twice", "/policies/classes/add", barred)
    wrong = {**barred, "name": "", "rule_prefixes": ["x", "", ""], "window_from": ["25:00", "", ""]}
    admin.submit("class-wrong", "/policies/classes/add", wrong)
    codes = {"name": "With a code", "code_required": "1", "code_required_types": ["international"]}
    admin.submit("class-code", "/policies/classes/add", codes)
    admin.submit("class-edit", "/policies/classes/2", {"authorisation_required": "1"})
    admin.submit("class-gone", "/policies/classes/add", {"name": "Soon gone"})
    admin.submit("class-delete", "/policies/classes/3", {}, action="/policies/classes/3/delete")
    used = {"service_class": "1"}
    place = {"action": "/extensions/edit"}
    admin.submit("extension-class", "/extensions/edit?kind=extension&id=4", used, **place)
    admin.submit(
        "class-delete-used", "/policies/classes/1", {}, action="/policies/classes/1/delete"
    )


def _budgets(admin: Visitor) -> None:
    for name, changes in (
        ("extension", {"holder": "extension:2", "every": "month", "money": "3.00"}),
        ("minutes", {"holder": "extension:3", "every": "week", "minutes": "5", "warn_at": "50"}),
        ("department", {"holder": "department:1", "every": "month", "money": "20"}),
        ("owner", {"holder": "owner:1", "every": "day", "money": "1", "minutes": "60"}),
        ("nobody", {"holder": "", "money": "5"}),
        ("nothing", {"holder": "extension:5", "money": "", "minutes": ""}),
        ("wrong", {"holder": "extension:5", "money": "much", "warn_at": "0, 200"}),
    ):
        admin.submit(f"budget-{name}", "/policies/budgets/add", changes)
    admin.submit("budget-edit", "/policies/budgets/1", {"money": "2.50", "warn_at": "40, 90"})
    admin.submit("budget-off", "/policies/budgets/4", {"active": None})


def _guards(admin: Visitor) -> None:
    for name, changes in (
        ("calls", {"name": "Many", "kind": "calls", "threshold": "1", "window_s": "86400"}),
        (
            "spend",
            {"name": "Dear", "kind": "spend", "threshold": "0.10", "window_s": "86400",
             "closes": "1"},
        ),
        (
            "new",
            {"name": "Far", "kind": "new", "threshold": "0.01", "from": "00:00", "to": "24:00",
             "place": "site:1"},
        ),
        ("wrong", {"name": "", "kind": "calls", "threshold": "none", "window_s": "0"}),
    ):  # fmt: skip
        admin.submit(f"guard-{name}", "/policies/guards/add", changes)
    admin.submit("guard-edit", "/policies/guards/1", {"threshold": "2", "place": "department:1"})


def _holders(admin: Visitor) -> None:
    place = {"action": "/extensions/edit"}
    one = "/extensions/edit?kind=extension&id=1"
    limits = {"credit": "5", "call_limit": "2", "call_limit_s": "3600", "floor": "0.10"}
    more = {"concurrent_limit": "2", "caller_id": "493023125121", "email": "new@example.org"}
    admin.submit("holder-edit", one, {**limits, **more}, **place)
    admin.submit("holder-same", one, {}, **place)
    admin.submit("holder-wrong", one, {"credit": "-1", "call_limit_s": "x", "email": "?"}, **place)
    admin.submit(
        "owner-holder",
        "/extensions/edit?kind=owner&id=1",
        {"billing": "on", "payment_type": "postpaid", "credit": "100"},
        **place,
    )
    many = "/extensions/edit?kind=extension&id=6&id=7&id=8"
    ticked = {"set_billing": "1", "billing": "on", "set_credit": "1", "credit": "7.5"}
    seen = admin.submit("holders-seen", many, ticked, **place)
    admin.submit("holders-set", many, {}, shown=seen, **place)
    admin.submit("holders-none-ticked", many, {}, **place)
    admin.submit("holders-wrong", many, {"set_floor": "1", "floor": "deep"}, **place)
    anew = "/extensions/count-anew"
    admin.submit("count-anew", "/extensions/1", {}, action=anew)


def _tariffs(admin: Visitor) -> None:
    page = "/tariffs/upload"
    text = papers.TARIFF.replace('"Ostwind"', '"Uploaded"')
    admin.submit("tariff-checked", page, {"text": text, "do": "check"})
    admin.submit("tariff-published", page, {"text": text, "do": "publish"})
    wrong = {"text": papers.BAD_TARIFF, "do": "publish"}
    admin.submit("tariff-wrong", page, wrong)
    admin.submit("tariff-empty", page, {"do": "check"})
    later = {"do": "publish", "valid_from": "2026-12-01T00:00"}
    file = Upload("file", "again.json", papers.json_tariff().encode(), "application/json")
    admin.submit("tariff-file", page, later, file)
    new = {"name": "By hand", "prefix": "39", "unit_price": "0.04", "unit_s": "30"}
    admin.submit("tariff-new", "/tariffs/new", {**new, "extensions": "all"})
    admin.submit("tariff-new-wrong", "/tariffs/new", {"name": "", "currency": "E", "prefix": "x"})


def _rates(admin: Visitor) -> None:
    row = ask(admin.world, "SELECT id FROM tollbook_tariff WHERE name = 'By hand'")
    base = f"/tariffs/{row}/rates"
    rate = {
        "prefix": "41", "initial_cost": "0.1", "initial_s": "60", "unit_price": "0.02",
        "unit_s": "55", "window_from": "08:00:00", "window_to": "17:59:59", "remark": "day",
        "extensions": "some", "callers": ["121", "122"],
    }  # fmt: skip
    admin.submit("rate-add", f"{base}/add", rate)
    later = {**rate, "prefix": "42", "valid_from": "2026-12-01T00:00", "extensions": "all"}
    admin.submit("rate-add-later", f"{base}/add", later)
    admin.submit("rate-wrong", f"{base}/add", {**rate, "unit_price": "x", "unit_s": "0"})
    admin.submit("rate-nobody", f"{base}/add", {**rate, "extensions": "some", "callers": None})
    admin.submit("rate-edit", f"{base}/0", {"unit_price": "0.05", "extensions": "all"})
    place = {"action": f"{base}/change"}
    for name, do in (("off", "off"), ("on", "on"), ("delete", "delete")):
        admin.submit(f"rates-{name}", base, {"rate": ["0"], "do": do}, **place)
    admin.submit("rates-none", base, {"do": "delete"}, **place)
    admin.submit("rates-overtaken", base, {"rate": ["0"], "do": "off", "version": "1"}, **place)


def _decks(admin: Visitor) -> None:
    file = Upload("file", "deck.csv", papers.DECK.encode(), "text/csv")
    given = {"name": "Deck by screen", "currency": "EUR", "zone": "Europe/Berlin"}
    admin.submit("deck-taken", "/decks/import", given, file)
    page = admin.place
    seen = admin.submit("deck-seen", page, {"decimal": ",", "dates": "dmy", "do": "preview"})
    admin.submit("deck-published", page, {"do": "publish"}, shown=seen)
    bad = Upload("file", "bad.csv", papers.BAD_DECK.encode(), "text/csv")
    admin.submit("deck-bad", "/decks/import", {**given, "name": "Bad deck"}, bad)
    admin.submit("deck-no-file", "/decks/import", given)
    noise = Upload("file", "noise.csv", b"\x00\x01\x02")
    admin.submit("deck-noise", "/decks/import", given, noise)


def _assignments(admin: Visitor) -> None:
    page = "/tariffs/assignments"
    world = admin.world
    ostwind = str(ask(world, "SELECT id FROM tollbook_tariff WHERE name = 'Ostwind'"))
    cost = str(ask(world, "SELECT id FROM tollbook_tariff WHERE name = 'Ostwind, wholesale'"))
    depot = str(ask(world, "SELECT id FROM tollbook_pbx WHERE name = 'Depot'"))
    admin.submit("assignment", page, {"tariff": ostwind, "pbx": depot})
    extension = {"tariff": ostwind, "extension": "122", "from": "2026-10-01T00:00"}
    admin.submit("assignment-extension", page, {**extension, "prefixes_meet": "dialled"})
    admin.submit("assignment-code", page, {"tariff": ostwind, "account_code": "8801"})
    admin.submit("assignment-all", page, {"tariff": ostwind})
    admin.submit("assignment-wrong", page, {"tariff": ostwind, "extension": "999"})
    admin.submit("assignment-ip", page, {"tariff": ostwind, "source_ip": "home"})
    place = f"{page}/default"
    admin.submit("default-cost", page, {"kind": "cost", "tariff": cost}, action=place)
    admin.submit("default-odd", page, {"kind": "cost", "tariff": "999"}, action=place)
    row = ask(world, "SELECT max(id) FROM tollbook_tariff_assignment WHERE position < 1000000")
    admin.submit("assignment-up", page, {}, action=f"{page}/{row}/up")
    admin.submit("assignment-down", page, {}, action=f"{page}/{row}/down")
    admin.submit("assignment-down-again", page, {}, action=f"{page}/{row}/down")
    admin.submit("assignment-remove-none", page, {}, action=f"{page}/999/remove")
    admin.submit("assignment-remove", page, {}, action=f"{page}/{row}/remove")


def _plans(admin: Visitor) -> None:
    page = "/tariffs/plans/add"
    text = papers.PLAN.replace('"house"', '"the house"')
    admin.submit("plan-checked", page, {"text": text, "site": "1", "do": "check"})
    later = {"valid_from": "2026-11-01T00:00", "site": "1"}
    admin.submit("plan-added", page, {"text": text, "do": "add", **later})
    admin.submit("plan-wrong", page, {"text": papers.BAD_PLAN, "do": "add"})
    admin.submit("plan-odd-day", page, {"text": text, "do": "add", "valid_from": "soon"})
    admin.submit("plan-empty", page, {"do": "check"})


def _exchange(admin: Visitor) -> None:
    page = "/tariffs/exchange-rates/add"
    hand = {"source": "gbp", "target": "EUR", "rate": "1.17", "day": "2026-09-01", "do": "hand"}
    admin.submit("exchange", page, hand)
    admin.submit("exchange-wrong", page, {**hand, "rate": "-1"})
    admin.submit("exchange-odd-day", page, {**hand, "day": "soon"})
    bank = Upload("file", "ecb.xml", papers.ECB.encode(), "application/xml")
    admin.submit("exchange-bank", page, {"do": "file"}, bank)
    none = Upload("file", "none.xml", b"<nothing/>", "application/xml")
    admin.submit("exchange-no-bank", page, {"do": "file"}, none)
    admin.submit("exchange-no-file", page, {"do": "file"})


def _found(pattern: "re.Pattern[str]", shown: Answer) -> str:
    found = pattern.search(shown.text)
    if found is None:
        raise RuntimeError(f"the page shows no secret:\n{shown.text[:3000]}")
    return found.group(0)
