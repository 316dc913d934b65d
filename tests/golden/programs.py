"""Every answer of the API: what is read, what is written, and every kind of refusal."""

import json
from collections.abc import Mapping

from client import Answer, Browser
from keep import slug
from office import ask
from setup_forms import Keys
from world import World

BASE = "/api/v1"
READ = (
    "/openapi.json", "/docs", "/calls", "/calls?limit=5&order=oldest", "/calls?limit=3",
    "/calls?from=2026-10-01&to=2026-11-01&limit=1000", "/calls?extension=121",
    "/calls?department=Depot", "/calls?owner=Elif+Hartwig", "/calls?account_code=8801",
    "/calls?trunk=PJSIP/havel", "/calls?pbx=Annex", "/calls?site=Berlin", "/calls?source=screen",
    "/calls?direction=internal", "/calls?call_type=mobile", "/calls?keyword=0171",
    "/calls?cost_min=0.50&cost_max=2", "/calls?answered=false", "/calls?unrated=true",
    "/calls?below_cost=true", "/calls?colour=blue", "/calls?limit=0", "/calls?limit=1&limit=2",
    "/calls?cursor=nonsense", "/calls?cursor=%ff", "/calls?from=soon", "/calls?direction=up",
    "/calls?department=Nobody", "/calls?cost_min=much", "/calls/1", "/calls/2", "/calls/50",
    "/calls/9999999", "/calls/99999999999999999999", "/calls/x", "/charges/summary",
    *(
        f"/charges/summary?group_by={group}"
        for group in (
            "extension", "department", "trunk", "account_code", "owner", "pbx", "call_type",
            "colour",
        )
    ),
    "/charges/summary?group_by=trunk&from=2026-10-01&to=2026-11-01&direction=out",
    "/extensions", "/extensions?kind=owner", "/extensions?kind=department",
    "/extensions?keyword=12&limit=3&first=2", "/extensions?locked=true",
    "/extensions?payment_type=postpaid&billing=true", "/extensions?site=Atlantis",
    "/recharges", "/recharges?kind=owner", "/recharges?keyword=121&limit=2&first=1",
    "/recharges?from=2026-09-01&to=2026-10-01", "/recharges?from=soon", "/recharges?kind=x",
    "/sources", "/sources?x=1", "/statements?number=121", "/statements?number=121&order=newest",
    "/statements?kind=owner&number=Elif+Hartwig", "/statements?kind=department&number=Tax",
    "/statements?kind=account_code&number=8801&from=2026-08-01",
    "/statements?number=122&type=charge&limit=2&first=1", "/statements?number=999",
    "/statements?number=121&currency=USD", "/statements?number=121&currency=dollar",
    "/statements", "/plans", "/plans/1", "/plans/2", "/plans/99", "/exchange-rates",
    "/exchange-rates?source=USD&target=EUR&limit=1&offset=1", "/exchange-rates?from=2026-09-01",
    "/exchange-rates?source=usd", "/nothing", "/calls/1/nothing",
)  # fmt: skip
FOREIGN = ("", "unknown", "owner", "extension", "reader", "withdrawn")
FOR_FOREIGN = (
    "/calls?limit=5", "/calls/1", "/calls/2", "/calls/3", "/charges/summary?group_by=call_type",
    "/charges/summary?group_by=department", "/extensions", "/extensions?kind=owner", "/recharges",
    "/statements?number=121", "/statements?kind=owner&number=Elif+Hartwig", "/sources", "/plans",
    "/calls?below_cost=true", "/calls?department=Tax", "/exchange-rates",
)  # fmt: skip
MOST_PAGES = 400


def read(world: World, port: int, keys: Keys) -> None:
    """Keep what can be read, with the widest token and with narrow, wrong and no ones."""
    program = Program(world, port, "all", keys.tokens["all"])
    for path in READ:
        program.get(path)
    for call in _calls_of_note(world):
        program.get(f"/calls/{call}", name=f"call-{call}")
    program.walk("/calls?limit=97&order=oldest")
    for path in ("/healthz", "/metrics", "/api/v2/calls", "/api/"):
        program.get(path, base="", name=f"probe-{slug(path)}")
    for who in FOREIGN:
        token = keys.tokens.get(who, "tollbook_nobody-knows-this-token" if who else "")
        stranger = Program(world, port, who or "none", token)
        for path in FOR_FOREIGN:
            stranger.get(path)
        stranger.get("/metrics", base="", name="metrics-passed-on", forwarded=True)
        stranger.post("refused-recharge", "/recharges", {"amount": "1", "extensions": ["121"]})
        stranger.post("refused-authorise", "/authorise", {"caller": "121", "dialled": "0301"})


def write(world: World, port: int, keys: Keys) -> None:
    """Recharge, correct codes, decide on calls and settle them, each also wrongly."""
    program = Program(world, port, "all", keys.tokens["all"])
    _recharge(program)
    _correct(program)
    _decide(program)


class Program:
    """A program with a token, whose requests are kept under the token's name."""

    def __init__(self, world: World, port: int, name: str, token: str) -> None:
        self._world = world
        self._client = Browser(port, token=token)
        self._name = name

    def get(
        self, path: str, *, base: str = BASE, name: str = "", forwarded: bool = False
    ) -> Answer:
        """Ask and keep the answer."""
        headers = {"X-Forwarded-For": "192.0.2.7"} if forwarded else {}
        answer = self._client.get(f"{base}{path}", **headers)
        self._keep(name or slug(path), f"GET {base}{path}", answer)
        return answer

    def post(self, name: str, path: str, content: object, *, key: str = "") -> Answer:
        """Send JSON at an instant of its own and keep the answer."""
        self._world.step()
        keyed: Mapping[str, str] = {"Idempotency_Key": key} if key else {}
        answer = self._client.post_json(f"{BASE}{path}", content, **keyed)
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        said = f" [key {key}]" if key else ""
        head = f"POST {BASE}{path}{said}\n{sent.decode('utf-8', 'replace')}"
        self._keep(f"write-{name}", head, answer)
        return answer

    def walk(self, path: str) -> None:
        """Follow `next` to the end and keep which calls were met."""
        met: list[int] = []
        cursor = ""
        for _ in range(MOST_PAGES):
            answer = json.loads(self._client.get(f"{BASE}{path}{cursor}").text)
            met += [call["id"] for call in answer["calls"]]
            if not answer["next"]:
                break
            cursor = f"&cursor={answer['next']}"
        body = json.dumps(met).encode()
        self._world.keeper.keep(f"api/{self._name}/walk", f"walk {path}", {"calls met": body})

    def _keep(self, name: str, head: str, answer: Answer) -> None:
        text = f"{head} with token {self._name}\n{answer.head}"
        self._world.keeper.keep(f"api/{self._name}/{name}", text, {"body": answer.body})


def _recharge(program: Program) -> None:
    two = {"extensions": ["121", "122"], "amount": "10.00", "reason": "October"}
    program.post("recharge", "/recharges", two, key="till-9")
    program.post("recharge-repeated", "/recharges", two, key="till-9")
    program.post("recharge-conflict", "/recharges", {**two, "amount": "11"}, key="till-9")
    for name, body in (
        ("no-key", two),
        ("owners", {"owners": ["Elif Hartwig"], "amount": "5"}),
        ("departments", {"departments": ["Tax"], "amount": "5", "site": "Berlin"}),
        ("unknown", {"extensions": ["999"], "amount": "5"}),
        ("both", {"extensions": ["121"], "owners": ["Elif Hartwig"], "amount": "5"}),
        ("nobody", {"amount": "5"}),
        ("nothing", {"extensions": ["121"], "amount": "0"}),
        ("number", {"extensions": ["121"], "amount": 5}),
        ("more", {"extensions": ["121"], "amount": "5", "colour": "blue"}),
        ("no-json", b"{"),
        ("list", []),
    ):
        key = "" if name == "no-key" else f"till-{name}"
        program.post(f"recharge-{name}", "/recharges", body, key=key)


def _correct(program: Program) -> None:
    for name, call, body in (
        ("code", 3, {"account_code": "4101", "reason": "forgotten"}),
        ("code-same", 3, {"account_code": "4101"}),
        ("code-off", 3, {"account_code": None}),
        ("code-unknown", 3, {"account_code": "7777"}),
        ("code-missing", 3, {}),
        ("code-of-nothing", 9_999_999, {"account_code": "4101"}),
    ):
        program.post(name, f"/calls/{call}/account-code", body)


def _decide(program: Program) -> None:
    asked = {"caller": "121", "dialled": "00033123456789", "switch_call_id": "s-1"}
    held = program.post("ask", "/authorise", asked, key="c-1")
    hold = json.loads(held.text).get("hold") or "none"
    program.post("ask-repeated", "/authorise", asked, key="c-1")
    program.post("ask-conflict", "/authorise", {**asked, "dialled": "0301"}, key="c-1")
    program.post("renew", "/authorise/renew", {"hold": hold, "talked_s": 60})
    settled = {"hold": hold, "talk_s": 61}
    program.post("settle", "/authorise/settle", settled)
    program.post("settle-repeated", "/authorise/settle", settled)
    program.post("settle-other", "/authorise/settle", {"hold": hold, "talk_s": 99})
    program.post("release-settled", "/authorise/release", {"hold": hold})
    other = program.post("ask-other", "/authorise", {**asked, "switch_call_id": "s-2"}, key="c-2")
    let_go = {"hold": json.loads(other.text).get("hold") or "none"}
    program.post("release", "/authorise/release", let_go)
    program.post("release-repeated", "/authorise/release", let_go)
    left = {**asked, "switch_call_id": "s-3"}
    program.post("ask-left", "/authorise", left, key="c-3")
    for name, body in (
        ("typed", {"caller": "121", "typed": "8801**00301234567#"}),
        ("device", {"device": "PJSIP/122-0000001a", "dialled": "0030445566"}),
        ("code", {"caller": "121", "dialled": "00301234567", "account_code": "8801"}),
        ("internal", {"caller": "121", "dialled": "122"}),
        ("emergency", {"caller": "121", "dialled": "112"}),
        ("barred", {"caller": "124", "dialled": "00044123456789"}),
        ("locked", {"caller": "140", "dialled": "00301234567"}),
        ("unknown", {"caller": "999", "dialled": "00301234567"}),
        ("no-caller", {"dialled": "00301234567"}),
        ("both", {"caller": "121", "typed": "1", "dialled": "2"}),
        ("more", {"caller": "121", "dialled": "1", "colour": "blue"}),
        ("number", {"caller": 121, "dialled": "1"}),
        ("no-json", b"caller=121"),
    ):
        program.post(f"ask-{name}", "/authorise", body, key=f"k-{name}")
    program.post("ask-no-key", "/authorise", asked)
    program.post("ask-emergency-no-key", "/authorise", {"caller": "121", "dialled": "112"})
    program.post("renew-unknown", "/authorise/renew", {"hold": "9:x", "talked_s": 1})
    program.post("renew-wrong", "/authorise/renew", {"hold": 1, "talked_s": "x"})
    future = {"hold": hold, "talk_s": 5, "answered": "2030-01-01T00:00:00Z"}
    program.post("settle-future", "/authorise/settle", future)
    program.post("verb-unknown", "/authorise/nothing", {})
    program.get("/authorise", name="ask-by-get")


def _calls_of_note(world: World) -> list[int]:
    """Return calls of which each shows something else: plan, fee, correction, legs, none of it."""
    found = [
        ask(world, f"SELECT coalesce(({sql}), 0)")
        for sql in (
            (
                "SELECT min(call_id) FROM tollbook_charge JOIN tollbook_charge_parts"
                " ON tollbook_charge.id = charge_id"
            ),
            (
                "SELECT max(call_id) FROM tollbook_charge JOIN tollbook_charge_parts"
                " ON tollbook_charge.id = charge_id"
            ),
            "SELECT min(call_id) FROM tollbook_fee",
            "SELECT min(call_id) FROM tollbook_code_change",
            "SELECT max(id) FROM tollbook_call WHERE legs_count > 1",
            "SELECT max(call_id) FROM tollbook_charge WHERE unrated_reason <> ''",
        )
    ]
    return sorted({call for call in found if call} - {1, 2, 50})
