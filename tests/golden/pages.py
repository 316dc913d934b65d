"""Every page that can be opened, by every role, with the filters that lists have."""

from collections.abc import Iterator

from client import Browser
from office import ask
from setup_forms import PIN, Keys
from visitor import Visitor
from world import World

NEW_PASSWORD = "four grey geese flying"
PLAIN = (
    "/", "/home/spend", "/home/top", "/home/top?by=department", "/home/top?by=destination",
    "/home/failures", "/account", "/account/password", "/find", "/find?q=12", "/find?q=eli",
    "/health", "/calls", "/calls/live", "/calls/totals", "/calls/choices?extension=12",
    "/calls/choices?account_code=4", "/calls/choices?destination=Ger",
    "/calls/unbilled", "/calls/unbilled?period=year&reason=billing_off",
    "/calls/unbilled?period=all&reason=unrated", "/calls/unbilled/bill",
    "/calls/unbilled/bill?since=2026-08-01", "/calls/unbilled/bill?since=soon",
    "/calls/account-code?id=1", "/calls/account-code?call_type=mobile&period=last-month",
    "/import", "/import/unknown", "/calls/quarantine", "/calls/quarantine?state=dismissed",
    "/calls/quarantine?reason=call.layout_unknown", "/calls/quarantine?q=nora",
    "/calls/quarantine/again", "/calls/quarantine/again?zone=Europe/London",
    "/calls/duplicates", "/calls/duplicates/release", "/calls/duplicates/release?id=1&id=2",
    "/sources", "/sources?state=stopped", "/sources/rows", "/sources/add",
    "/tariffs", "/tariffs?assigned=yes", "/tariffs?q=ost", "/tariffs/upload", "/tariffs/tester",
    "/tariffs/rerate", "/tariffs/rerate/dry-run?from=2026-10-01&to=2026-10-31",
    "/tariffs/rerate/dry-run?from=soon", "/tariffs/what-if", "/tariffs/what-if/result",
    "/tariffs/what-if?tariff=1&tariff=3", "/tariffs/assignments",
    "/tariffs/assignments?extension=122&pbx=1&at=2026-11-02T10:00",
    "/tariffs/new", "/decks/import", "/decks/unknown",
    "/codes", "/codes?q=88", "/codes?owner=1&sort=-code", "/codes?restrict=yes",
    "/codes?active=no", "/codes/add", "/codes/import", "/codes/999",
    "/owners", "/owners?active=yes&sort=-name", "/owners/add", "/owners/1", "/owners/999",
    "/policies/classes", "/policies/classes/add", "/policies/classes/1", "/policies/classes/99",
    "/policies/budgets", "/policies/budgets?kind=extension", "/policies/budgets?state=closed",
    "/policies/budgets/add", "/policies/budgets/add?holder=extension:5", "/policies/budgets/1",
    "/policies/may-call", "/policies/may-call?caller=121&number=00033123456789",
    "/policies/may-call?caller=124&number=00044123456&code=8801",
    "/policies/may-call?caller=121&number=8801**00301234567%23&keyed=1",
    "/policies/may-call?caller=121&number=112&at=soon",
    "/policies/guards", "/policies/guards/add", "/policies/guards/1", "/policies/guards/99",
    "/policies/alarms", "/policies/alarms?seen=no", "/policies/alarms?kind=fraud&closing=yes",
    "/settings", "/settings?caller=121&dialled=00033123456789", "/settings/money",
    "/settings/dial-plan", "/settings/dial-plan/1", "/settings/dial-plan/99",
    "/settings/dial-plan?caller=121&dialled=067010330301234",
    "/users", "/users?role=viewer", "/users/add", "/users/add?role=owner", "/users/roles",
    "/users/1", "/users/1/role", "/users/999", "/users/pins", "/users/pins?pin=yes",
    "/users/pins/1", "/users/pins/import", "/tokens", "/tokens?state=withdrawn", "/tokens/add",
    "/extensions", "/extensions?q=12&sort=-balance", "/extensions?kind=owner",
    "/extensions?kind=department", "/extensions?billing=on&payment=postpaid",
    "/extensions?status=locked", "/extensions?per_page=100&department=1", "/extensions/add",
    "/extensions/import", "/extensions/recharge?kind=extension&id=1",
    "/extensions/recharge?kind=extension&id=1&adjust=1",
    "/extensions/recharge?kind=extension&id=1&id=2", "/extensions/recharge",
    "/extensions/edit?kind=extension&id=1", "/extensions/edit?kind=extension&id=1&id=2",
    "/extensions/edit?kind=owner&id=1", "/extensions/edit?kind=department&id=1",
    "/extensions/recharges", "/extensions/recharges?q=121&from=2026-09-01T00:00",
    "/extensions/1", "/extensions/2", "/extensions/999", "/extensions/owner/1",
    "/extensions/department/1", "/extensions/nobody/1", "/extensions/extension/1/statement",
    "/extensions/extension/1/statement?period=all", "/extensions/owner/1/statement?period=year",
    "/extensions/department/1/statement?period=all&sort=-time",
    "/extensions/extension/2/statement?period=all&kind=charge&q=mobile",
    "/codes/1/statement", "/codes/1/statement?period=all", "/codes/1/statement?period=all&kind=fee",
    "/statistics", "/statistics?by=month", "/statistics?by=year&extension=121",
    "/statistics?from=2026-09-01&to=2026-09-30",
    "/tariffs/plans", "/tariffs/plans?state=in+force", "/tariffs/plans/add", "/tariffs/plans/1",
    "/tariffs/plans/2", "/tariffs/plans/99", "/tariffs/plans/1/document.json",
    "/tariffs/exchange-rates", "/tariffs/exchange-rates?source=USD&all=yes&sort=day",
    "/tariffs/exchange-rates/add", "/sign-in", "/sign-in/extension", "/no/such/page",
    "/static/nothing.css", "/favicon.ico", "/calls/99999999", "/calls/x",
)  # fmt: skip
CALL_FILTERS = (
    "period=month", "period=last-month", "period=today", "period=nonsense",
    "from=2026-09-01T00:00&to=2026-09-15T12:00", "q=0171", "extension=121", "department=1",
    "owner=1", "trunk=1", "pbx=1", "source=1", "direction=out", "direction=internal",
    "call_type=international", "answered=no", "unrated=1", "arrived=month", "account_code=8801",
    "destination=Germany", "cost_min=0.50", "cost_max=0.10", "cost_min=much", "size=100",
    "period=year&sort=-charge", "sort=duration", "period=year&direction=out&answered=yes",
)  # fmt: skip
FILES = (
    "/calls/export.{}", "/calls/unbilled/export.{}", "/calls/quarantine/export.{}",
    "/sources/export.{}", "/tariffs/export.{}", "/codes/export.{}", "/owners/export.{}",
    "/policies/budgets/export.{}", "/policies/alarms/export.{}", "/users/export.{}",
    "/users/pins/export.{}", "/tokens/export.{}", "/extensions/export.{}",
    "/extensions/recharges/export.{}", "/extensions/extension/1/statement.{}?period=all",
    "/extensions/owner/1/statement.{}?period=all", "/codes/1/statement.{}?period=all",
    "/statistics/export.{}", "/tariffs/plans/export.{}", "/tariffs/exchange-rates/export.{}",
    "/tariffs/what-if/export.{}?tariff=1&tariff=3&from=2026-10-01&to=2026-10-31",
)  # fmt: skip
MORE_FILES = (
    "/calls/export.csv?period=last-month", "/calls/export.xlsx?direction=out&period=year",
    "/extensions/export.csv?kind=owner", "/extensions/export.csv?kind=department",
    "/statistics/export.csv?by=month", "/calls/unbilled/export.csv?period=all",
    "/tariffs/what-if/unrated.csv?tariff=3&from=2026-08-01&to=2026-10-31", "/owners/export.pdf",
    "/extensions/1/statement.csv", "/tariffs/what-if/export.csv",
)  # fmt: skip
PARTS = (
    "/calls?period=year", "/extensions/recharge?kind=extension&id=1",
    "/extensions/edit?kind=extension&id=1", "/sources", "/calls/1", "/home/top",
)  # fmt: skip
CALLS_SHOWN = 12
SOME, FEW = 2, 5  # other roles open every second, who is not signed in every fifth of a kind


def open_all(world: World, admin: Visitor, keys: Keys) -> None:
    """Open everything as the administrator, and the same pages as every other role."""
    rows, files = list(dict.fromkeys(_of_rows(world))), list(_files())
    admin.look(*PLAIN, *rows, *files, *(f"/calls?{one}" for one in CALL_FILTERS))
    admin.look(*(f"/calls/totals?{one}" for one in CALL_FILTERS))
    for path in PARTS:
        admin.look(path, **{"HX-Request": "true"})
    for visitor in others(world, admin.browser.port, keys):
        share = FEW if visitor.role == "nobody" else SOME
        visitor.look(*(PLAIN[::FEW] if share == FEW else PLAIN), *rows[::share], *files[::share])
        visitor.look(*(f"/calls?{one}" for one in CALL_FILTERS[::share]))


def others(world: World, port: int, keys: Keys) -> Iterator[Visitor]:
    """Yield a visitor of each other role, signed in."""
    yield Visitor(world, Browser(port), "nobody")
    for name, role in (("till", "billing"), ("looker", "viewer"), ("kanzlei", "owner")):
        visitor = Visitor(world, Browser(port), role)
        visitor.sign_in(name, keys.passwords[name], new=NEW_PASSWORD)
        yield visitor
    visitor = Visitor(world, Browser(port), "extension")
    world.step()
    visitor.browser.get("/sign-in/extension")
    visitor.browser.post("/sign-in/extension", {"extension": "121", "pin": PIN, "site": "1"})
    yield visitor


def fail_to_sign_in(world: World, port: int, keys: Keys) -> None:
    """Sign in wrongly until it is locked, and rightly with a password that must be changed."""
    stranger = Visitor(world, Browser(port), "stranger")
    for number in range(7):
        wrong = {"name": "admin", "password": f"guess {number}"}
        stranger.submit(f"sign-in-{number}", "/sign-in", wrong)
        pin = {"extension": "122", "pin": f"00000{number}", "site": "1"}
        stranger.submit(f"sign-in-extension-{number}", "/sign-in/extension", pin)
    fresh = Visitor(world, Browser(port), "fresh")
    known = {"name": "second", "password": keys.passwords["second"], "next": "/calls?q=1"}
    fresh.submit("sign-in", "/sign-in", known)
    fresh.look("/calls", "/account/password")
    short = {"old": known["password"], "new": "short", "again": "short"}
    fresh.submit("password-short", "/account/password", short)
    foreign = {**known, "next": "https://example.org/"}
    fresh.submit("sign-in-foreign", "/sign-in", foreign)
    fresh.submit("sign-out", "/account/password", {}, action="/sign-out")
    stranger.browser.cookies.clear()
    stranger.submit("forged", "/health", {"name": "x"}, action="/sign-in")


def audit(world: World, admin: Visitor) -> None:
    """Open the audit log, its filters, files and each of its newest lines."""
    last = ask(world, "SELECT max(id) FROM tollbook_audit_log")
    admin.look(
        *("/audit", "/audit?sort=oldest", "/audit?q=owner", "/audit?actor=admin&period=month"),
        *("/audit?type=owner", "/audit?action=sign_in", "/audit?object=1", "/audit?from=soon"),
        *("/audit/export.csv", "/audit/export.xlsx", "/audit/export.csv?actor=demo"),
        *(f"/audit?at={last - 100}", "/audit/999999", "/metrics", "/healthz"),
        *(f"/audit/{row}" for row in range(1, last + 1, 3)),
        area="audit",
    )


def _files() -> Iterator[str]:
    for pattern in FILES:
        for kind in ("csv", "xlsx"):
            yield pattern.format(kind)
    yield from MORE_FILES


def _of_rows(world: World) -> Iterator[str]:
    """Yield the pages of single rows: calls of every sort, rejects, tariffs, codes, runs."""
    calls = ask(world, "SELECT max(id) FROM tollbook_call")
    for call in range(1, calls, max(1, calls // CALLS_SHOWN)):
        yield from (f"/calls/{call}", f"/calls/{call}/why")
    for sql in (
        "SELECT min(call_id) FROM tollbook_charge WHERE amount_micros IS NULL",
        (
            "SELECT min(call_id) FROM tollbook_charge_parts JOIN tollbook_charge"
            " ON tollbook_charge.id = charge_id"
        ),
        "SELECT min(call_id) FROM tollbook_fee",
        "SELECT max(call_id) FROM tollbook_charge WHERE run > 0",
        "SELECT min(call_id) FROM tollbook_code_change",
        "SELECT min(id) FROM tollbook_call WHERE legs_count > 1",
        "SELECT min(id) FROM tollbook_call WHERE partial = 1",
        "SELECT min(released_call_id) FROM tollbook_reject WHERE released_call_id IS NOT NULL",
    ):
        row = ask(world, f"SELECT coalesce(({sql}), 0)")
        yield from (f"/calls/{row}", f"/calls/{row}/why") if row else ()
    for reject in (1, 2, 5, 8):
        yield f"/calls/quarantine/{reject}"
    for tariff in range(1, ask(world, "SELECT max(id) FROM tollbook_tariff") + 1):
        base = f"/tariffs/{tariff}"
        yield from (base, f"{base}?q=49", f"{base}/rates", f"{base}/rates/add", f"{base}/rates/0")
        for file in ("", "/document.json", "/deck.csv", "/deck.xlsx"):
            yield f"{base}/versions/1{file}"
        yield f"/tariffs/tester?tariff={tariff}&number=493012345&start=2026-11-02T10:00:00&talk=61"
    yield "/tariffs/3/versions/2"
    yield "/tariffs/3/versions/9"
    for code in (1, ask(world, "SELECT id FROM tollbook_account_code WHERE code = '8801'")):
        yield f"/codes/{code}"
    for run in range(1, ask(world, "SELECT coalesce(max(id), 0) FROM tollbook_rating_run") + 1):
        yield from (f"/tariffs/rerate/{run}", f"/tariffs/rerate/{run}/differences")
    yield "/tariffs/what-if/result?tariff=1&tariff=3&from=2026-10-01&to=2026-10-31"
    yield "/tariffs/what-if/result?tariff=3&from=soon&to=2026-10-31"
