"""Commands that need no installation: helps, formats, parsing, pricing files, wrong usage."""

from collections.abc import Iterator

import papers
from keep import slug
from samples import samples
from world import Command, World

VERBS = (
    "serve", "demo", "web", "collect", "control", "work", "formats", "detect", "learn", "parse",
    "rate", "import", "pbx", "source", "tariff", "plan", "exchange", "rerate", "what-if",
    "authorise", "report", "recharge", "token", "backup", "restore", "doctor", "bench",
)  # fmt: skip
ACTIONS = {
    "pbx": ("add", "list"),
    "source": ("add", "start", "stop", "list"),
    "tariff": ("add", "check", "list", "import", "export"),
    "plan": ("add", "check", "list", "show"),
    "exchange": ("add", "import", "list"),
    "token": ("create", "list", "revoke"),
}
WRONG = (
    "",
    "nonsense",
    "learn sample.log",
    "backup -o x.tar",
    "restore x.tar",
    "parse",
    "parse --format 3cx",
    "parse --format nobody 3cx.txt",
    "parse --format 3cx --zone Mars/Base 3cx.txt",
    "parse --format 3cx --received yesterday 3cx.txt",
    "parse --format 3cx no-such-file.txt",
    "parse --format broken.toml 3cx.txt",
    "detect no-such-file.txt",
    "rate --tariff tariff.toml",
    "rate --tariff no-such.toml calls.jsonl",
    "rate --tariff bad-tariff.toml calls.jsonl",
    "rate --tariff tariff.toml --plan bad-plan.toml calls.jsonl",
    "rate --tariff tariff.toml no-such.jsonl",
    "tariff",
    "tariff check no-such.toml",
    "plan check no-such.toml",
    "plan show first",
    "source add --pbx P --format 3cx --transport pigeon",
    "web --port 70000",
    "serve --port x",
    "demo --calls 0",
    "report nonsense",
    "recharge --extension 101",
    "recharge --amount 5",
    "exchange add USD EUR",
    "token create",
    "bench --list",
    "bench nonsense",
    "--version",
)
BROKEN_DEFINITION = 'name = "broken"\ntitle = "no records"\nversion = "one"\ncolour = "red"\n'
OWN_DEFINITION = """\
name = "own"
title = "A definition of one's own"
version = 1

[time]
formats = ["%Y-%m-%d %H:%M:%S"]

[[record]]
layout = "five columns"
delimiter = ";"
columns = ["start", "talk", "who", "whom", "code"]

[fields]
start = "start"
talk_s = { from = "talk", as = "seconds" }
caller = "who"
dialled = "whom"
callee = "whom"
account_code = "code"
"""
OWN_RECORDS = """\
2026-09-20 10:00:00;61;390;0301234567;8801
2026-09-20 10:05:00;x;390;0301234567;
2026-09-20 10:10:00;0;390;391;
"""


def lay_out(world: World) -> None:
    """Write the input files that commands read."""
    for name, sample in samples().items():
        world.file(f"{name}.txt", sample.raw)
    for name, text in (
        ("tariff.toml", papers.TARIFF),
        ("tariff-again.toml", papers.TARIFF_AGAIN),
        ("cost.toml", papers.COST_TARIFF),
        ("dollar.json", papers.DOLLAR_TARIFF),
        ("bad-tariff.toml", papers.BAD_TARIFF),
        ("plan.toml", papers.PLAN),
        ("plan-for-files.toml", papers.PLAN_FOR_FILES),
        ("bad-plan.toml", papers.BAD_PLAN),
        ("again.json", papers.json_tariff()),
        ("no-plan.toml", 'zone = "Europe/Berlin"\n'),
        ("ecb.xml", papers.ECB),
        ("no-ecb.xml", "<nothing/>"),
        ("deck.csv", papers.DECK),
        ("deck-again.csv", papers.DECK_AGAIN),
        ("bad-deck.csv", papers.BAD_DECK),
        ("calls.jsonl", papers.calls_to_price()),
        ("broken.toml", BROKEN_DEFINITION),
        ("own.toml", OWN_DEFINITION),
        ("own.txt", OWN_RECORDS),
    ):
        world.file(name, text)


def say_help(world: World) -> None:
    """Keep the help of every verb and action, and what wrong use is told."""
    helps = [(), *((verb,) for verb in VERBS)]
    helps += [(verb, action) for verb, actions in ACTIONS.items() for action in actions]
    world.read(
        [
            *(Command(f"help/{'-'.join(('tollbook', *one))}", (*one, "--help")) for one in helps),
            *(Command(f"usage/{slug(line)}", _words(line)) for line in WRONG),
        ]
    )


def read_records(world: World) -> None:
    """Keep what each format makes of its sample, and which formats fit what."""
    world.read([*_parsed(), *_detected()])


def price_files(world: World) -> None:
    """Keep what tariffs and plans make of a file of calls, and what checks say."""
    given = papers.calls_to_price().encode()
    base, plan = "rate --tariff tariff.toml", "--plan plan-for-files.toml"
    world.read(
        [
            Command("rate/tariff", _words(f"{base} calls.jsonl")),
            Command("rate/explained", _words(f"{base} --explain calls.jsonl")),
            Command("rate/second-version", _words("rate --tariff tariff-again.toml calls.jsonl")),
            Command("rate/dollar", _words("rate --tariff dollar.json --explain -"), given),
            Command("rate/cost", _words("rate --tariff cost.toml calls.jsonl")),
            Command("rate/plan", _words(f"{base} {plan} calls.jsonl")),
            Command("rate/plan-explained", _words(f"{base} {plan} --explain calls.jsonl")),
            Command("rate/json-tariff", _words("rate --tariff again.json calls.jsonl")),
            *(
                Command(f"check/{slug(line)}", _words(line))
                for line in (
                    *("tariff check tariff.toml", "tariff check tariff-again.toml"),
                    *("tariff check tariff.toml --cost cost.toml", "tariff check dollar.json"),
                    *("tariff check dollar.json --cost cost.toml", "tariff check bad-tariff.toml"),
                    *("plan check plan.toml", "plan check plan-for-files.toml"),
                    *("plan check bad-plan.toml", "plan check no-plan.toml"),
                )
            ),
        ]
    )


def _parsed() -> Iterator[Command]:
    for name, sample in samples().items():
        words = ("parse", "--format", name, "--zone", sample.zone)
        arrived = ("--received", "2026-11-10T09:00:00Z")
        yield Command(f"parse/{name}", (*words, *arrived, f"{name}.txt"))
        yield Command(f"parse/{name}-without-zone", ("parse", "--format", name, "-"), sample.raw)
    yield Command("parse/own-definition", _words("parse --format own.toml --zone UTC own.txt"))
    yield Command("parse/wrong-format", _words("parse --format 3cx --zone UTC hipath.txt"))
    yield Command("parse/nothing", _words("parse --format 3cx --zone UTC -"))
    noise = bytes(range(256)) * 4
    yield Command("parse/noise", _words("parse --format hipath --zone UTC -"), noise)


def _detected() -> Iterator[Command]:
    yield Command("formats/table", ("formats",))
    yield Command("formats/json", ("formats", "--json"))
    for name in samples():
        yield Command(f"detect/{name}", ("detect", f"{name}.txt"))
        yield Command(f"detect/{name}-json", ("detect", f"{name}.txt", "--json"))
    yield Command("detect/nothing", ("detect", "-"))
    yield Command("detect/noise", ("detect", "-"), b"\x00\xff\n" * 50)


def _words(line: str) -> tuple[str, ...]:
    return tuple(line.split())
