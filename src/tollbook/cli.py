"""The command line: verbs, their options and help. It imports nothing heavy.

Each verb's body lives in `tollbook.commands.<module>` and is loaded when the verb is called.
Exit status: 0 done; 1 finished, but something was rejected, unrated, refused or in error;
2 wrong use; 3 this verb is not built yet.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tollbook import __version__

DONE, INCOMPLETE, WRONG_USE, NOT_BUILT = 0, 1, 2, 3

Add = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its words, its example and where its body is (None: not built yet)."""

    name: str
    does: str
    example: str
    module: str | None = None
    arguments: Add | None = None


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser()
    unbuilt = {verb.name for verb in VERBS if verb.module is None}
    if words and words[0] in unbuilt and not {"-h", "--help"} & set(words):
        print(f"tollbook {words[0]}: this verb is not built yet.", file=sys.stderr)
        return NOT_BUILT
    try:
        args = parser.parse_args(words)
    except SystemExit as leaving:  # argparse has printed what is wrong, or the help.
        return int(leaving.code or 0)
    if args.module is None:
        parser.print_help(sys.stderr)
        return WRONG_USE
    try:
        status = int(import_module(f"tollbook.commands.{args.module}").run(args))
        sys.stdout.flush()  # Here, where it can still be said that the disk is full.
    except KeyboardInterrupt:
        return 130
    except OSError as fault:
        return int(import_module("tollbook.commands.files").output_lost(words[0], fault))
    return status


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="tollbook",
        description="Call accounting, billing and live call control for any PBX.",
        epilog="Example: tollbook serve --data /var/lib/tollbook --port 8080",
    )
    parser.set_defaults(module=None)
    parser.add_argument("--version", action="version", version=f"tollbook {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", title="verbs")
    for verb in VERBS:
        built = "" if verb.module else " (not built yet)"
        sub = verbs.add_parser(
            verb.name,
            help=verb.does + built,
            description=verb.does[0].upper() + verb.does[1:] + built + ".",
            epilog=f"Example:\n  {verb.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(module=verb.module)
        if verb.arguments:
            verb.arguments(sub)
    return parser


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the folder that holds everything (default: $TOLLBOOK_DATA, else ./data)",
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f'"{text}" is no port, expected 1 to 65535')
    return int(text)


def _serving(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    parser.add_argument("--port", type=_port, help="port of the web pages (default: 8080)")
    parser.add_argument("--host", help="address of the web pages (default: 127.0.0.1)")


def _demo(parser: argparse.ArgumentParser) -> None:
    _serving(parser)
    parser.add_argument(
        "--seed", type=int, default=1, help="another seed is another office (default: 1)"
    )
    parser.add_argument(
        "--calls", type=int, default=20_000, help="how many past calls (default: 20000)"
    )
    parser.add_argument("--no-serve", action="store_true", help="make the office, then stop")


def _control(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    parser.add_argument("--host", help="address for FastAGI (default: setting agi_host)")
    parser.add_argument("--port", type=int, help="port for FastAGI (default: agi_port, else 4573)")
    parser.add_argument(
        "--authorise-port",
        type=int,
        help="port for questions by HTTP (default: setting authorise_port; 0: none)",
    )


def _process(parser: argparse.ArgumentParser) -> None:
    _data(parser)


def _work(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rebuild",
        action="store_true",
        help="write the columnar copy of the calls anew, then stop",
    )
    parser.add_argument(
        "--check", action="store_true", help="compare that copy with the database, then stop"
    )
    _data(parser)


def _doctor(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument(
        "--mend",
        action="store_true",
        help="make anew what is only derived: the use of budgets, the columnar copy",
    )
    _data(parser)


def _formats(parser: argparse.ArgumentParser) -> None:
    _json(parser)


def _detect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="records of an unknown PBX; - is standard input"
    )
    _json(parser)


def _parse(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        required=True,
        metavar="NAME|DEF.toml",
        help="a format of `tollbook formats`, or your own",
    )
    parser.add_argument("--zone", help="time zone of stamps that name none, as Europe/Berlin")
    parser.add_argument("--received", metavar="ISO", help="when the records arrived, with offset")
    parser.add_argument("file", metavar="FILE", help="the records; - is standard input")


def _rate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tariff", required=True, metavar="TARIFF", help="a tariff document, TOML or JSON"
    )
    parser.add_argument(
        "--plan", metavar="PLAN", help="discounts, bundles, taxes around the base price"
    )
    parser.add_argument(
        "--explain", action="store_true", help="add the rates considered and why each lost"
    )
    parser.add_argument("calls", metavar="CALLS.jsonl", help="one call a line; - is standard input")


def _import(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    parser.add_argument("file", metavar="FILE", help="the records; - is standard input")
    parser.add_argument(
        "--format", required=True, metavar="F", help="a format of `tollbook formats`"
    )
    parser.add_argument("--pbx", required=True, metavar="P", help="the PBX they come from, by name")
    parser.add_argument("--zone", help="time zone of the records, if not the site's")
    _json(parser)


def _pbx(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a PBX", epilog="Example: tollbook pbx add Reception")
    add.add_argument("name", help="the PBX's name, as people say it")
    add.add_argument("--site", help="its site (default: the first)")
    add.add_argument("--brand", default="", help="its maker, for the lists")
    _data(add)
    listing = actions.add_parser(
        "list", help="list the PBXs", epilog="Example: tollbook pbx list --json"
    )
    _data(listing)
    _json(listing)


def _source(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser(
        "add",
        help="add a source of records",
        epilog=(
            "Example: tollbook source add --pbx P --format 3cx --transport tcp-listen --port 5015"
        ),
    )
    add.add_argument("--pbx", required=True, metavar="P")
    add.add_argument("--format", required=True, metavar="F")
    add.add_argument(
        "--transport",
        required=True,
        choices=["tcp-listen", "tcp-connect", "udp", "serial", "tail", "drop"],
    )
    add.add_argument("--name", help="the source's name (default: PBX and transport)")
    add.add_argument("--host", help="tcp-listen: address to listen on; tcp-connect: the PBX")
    add.add_argument("--port", type=int, help="TCP or UDP port")
    add.add_argument("--peers", help="addresses that may connect, parted by commas (networks too)")
    add.add_argument("--ack", help=r"bytes to send once records are on disk, as \x06")
    add.add_argument("--path", help="tail: the file; drop: the folder")
    add.add_argument("--zone", help="time zone of the records, if not the site's")
    _data(add)
    for name, does in (("start", "start a source"), ("stop", "stop a source and close its port")):
        one = actions.add_parser(
            name, help=does, epilog=f"Example: tollbook source {name} Reception"
        )
        one.add_argument("name", help="the source's name or number")
        _data(one)
    listing = actions.add_parser(
        "list", help="the sources", epilog="Example: tollbook source list --json"
    )
    _data(listing)
    _json(listing)


def _tariff(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser(
        "add",
        help="publish a tariff document",
        epilog="Example: tollbook tariff add carrier-a.toml",
    )
    add.add_argument("file", metavar="TARIFF", help="TOML or JSON; a known name gets a new version")
    add.add_argument(
        "--from", dest="valid_from", metavar="ISO", help="when the version takes effect"
    )
    add.add_argument(
        "--default", action="store_true", help="price all calls by it that no other claims"
    )
    _data(add)
    check = actions.add_parser(
        "check",
        help="validate one, change nothing",
        epilog="Example: tollbook tariff check carrier-a.toml",
    )
    check.add_argument("file", metavar="TARIFF")
    check.add_argument(
        "--cost", metavar="TARIFF", help="warn of prefixes that it sells below what this one asks"
    )
    listing = actions.add_parser("list", help="the tariffs", epilog="Example: tollbook tariff list")
    _data(listing)
    _json(listing)
    _deck_import(actions)
    _deck_export(actions)


def _plan(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser(
        "add",
        help="put a plan in force for calls to come",
        epilog='Example: tollbook plan add plan.toml --site "Main office"',
    )
    add.add_argument("file", metavar="PLAN", help="the document of `rate --plan`, TOML or JSON")
    add.add_argument("--site", metavar="NAME", help="whose calls (default: every other site's)")
    add.add_argument("--from", dest="valid_from", metavar="ISO", help="when it takes effect")
    _data(add)
    check = actions.add_parser(
        "check",
        help="validate one, change nothing",
        epilog="Example: tollbook plan check plan.toml",
    )
    check.add_argument("file", metavar="PLAN")
    listing = actions.add_parser("list", help="all versions", epilog="Example: tollbook plan list")
    _data(listing)
    _json(listing)
    show = actions.add_parser(
        "show", help="print a version's document", epilog="Example: tollbook plan show 3"
    )
    show.add_argument("id", type=int, metavar="ID", help="as `plan list` prints it")
    _data(show)


def _exchange(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser(
        "add",
        help="set or correct one rate",
        epilog="Example: tollbook exchange add USD EUR 0.92 --on 2026-10-01",
    )
    add.add_argument("source", metavar="SOURCE", help="one of this currency")
    add.add_argument("target", metavar="TARGET", help="is so much of this one")
    add.add_argument("rate", metavar="RATE")
    add.add_argument("--on", required=True, metavar="DAY", help="from this local day on")
    _data(add)
    bank = actions.add_parser(
        "import",
        help="take the European Central Bank's rates",
        epilog="Example: tollbook exchange import eurofxref-hist.xml",
    )
    bank.add_argument("file", metavar="XML", help="eurofxref-daily.xml or eurofxref-hist.xml")
    _data(bank)
    listing = actions.add_parser(
        "list", help="the newest rates", epilog="Example: tollbook exchange list --source EUR"
    )
    listing.add_argument("--source", metavar="CURRENCY")
    listing.add_argument("--target", metavar="CURRENCY")
    _data(listing)
    _json(listing)


def _deck_import(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    deck = actions.add_parser(
        "import",
        help="publish a carrier's rate deck, CSV or XLSX",
        epilog='Example: tollbook tariff import rates.xlsx --tariff "Carrier A" --dry-run',
    )
    deck.add_argument("file", metavar="DECK", help="one prefix a row, headings above")
    deck.add_argument("--tariff", required=True, metavar="NAME", help="new, or gets a new version")
    deck.add_argument("--currency", help="of a new tariff (default: the site's)")
    deck.add_argument("--zone", help="of a new tariff (default: the site's)")
    deck.add_argument("--carrier", help="whose columns to remember (default: the tariff's name)")
    deck.add_argument(
        "--column",
        action="append",
        metavar="FIELD=HEADING",
        help="what a column is, where its heading does not say; may be repeated",
    )
    deck.add_argument("--header-row", type=int, metavar="N", help="row of the headings; 0: none")
    deck.add_argument("--decimal", choices=[".", ","], help="sign before decimals")
    deck.add_argument("--dates", choices=["iso", "dmy", "mdy"], help="order of day and month")
    deck.add_argument("--several", action="store_true", help="prefix cells hold lists and ranges")
    deck.add_argument("--amend", action="store_true", help="rates that the deck leaves out stay")
    deck.add_argument("--from", dest="valid_from", metavar="ISO", help="when it takes effect")
    deck.add_argument("--dry-run", action="store_true", help="say what changes, change nothing")
    _data(deck)
    _json(deck)


def _deck_export(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = actions.add_parser(
        "export",
        help="write a tariff's rates as a deck",
        epilog='Example: tollbook tariff export "Carrier A" --format xlsx -o carrier-a.xlsx',
    )
    export.add_argument("name", metavar="NAME", help="the tariff, as it is in force")
    export.add_argument("--format", default="csv", choices=["csv", "xlsx"])
    export.add_argument("-o", "--output", metavar="FILE", help="default: standard output")
    _data(export)


def _recharge(parser: argparse.ArgumentParser) -> None:
    whom = parser.add_mutually_exclusive_group(required=True)
    for kind, word in (("extension", "NUMBER"), ("owner", "NAME"), ("department", "NAME")):
        whom.add_argument(
            f"--{kind}", action="append", metavar=word, help=f"this {kind}; may be repeated"
        )
    parser.add_argument("--amount", required=True, help="for each; more than 0, as 10.00")
    parser.add_argument("--key", help="your own: the same key never recharges twice")
    parser.add_argument("--site", metavar="NAME", help="where two sites have the number")
    parser.add_argument("--reason", default="", metavar="TEXT", help="stands in the history")
    _data(parser)
    _json(parser)


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="a report of `tollbook report --list`"
    )
    parser.add_argument("--list", action="store_true", help="list the reports")
    parser.add_argument("--from", dest="from_", metavar="ISO", help="first instant or day")
    parser.add_argument("--to", metavar="ISO", help="the instant or day it ends before")
    parser.add_argument("--format", default="csv", choices=["csv", "xlsx", "pdf", "json"])
    parser.add_argument(
        "--by", choices=["day", "month", "year"], help="statistics: a line for each (default: day)"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to write (default: standard output)"
    )
    for name in ("extension", "department", "owner", "account-code", "trunk", "pbx", "site"):
        parser.add_argument(f"--{name}", metavar="NAME", help=f"only this {name.replace('-', ' ')}")
    parser.add_argument("--direction", choices=["in", "out", "internal", "transit"])
    parser.add_argument("--call-type", metavar="TYPE", help="only this call type")
    parser.add_argument("--keyword", metavar="TEXT", help="part of any number or name")
    parser.add_argument("--cost-min", metavar="AMOUNT", help="charged this much or more")
    parser.add_argument("--cost-max", metavar="AMOUNT", help="charged this much or less")
    parser.add_argument("--unrated", action="store_true", help="only calls that no rate matched")
    parser.add_argument(
        "--below-cost", action="store_true", help="only calls charged less than they cost"
    )
    _data(parser)


def _rerate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="from_", metavar="ISO", help="first instant or day")
    parser.add_argument("--to", metavar="ISO", help="the instant or day it ends before")
    parser.add_argument(
        "--late",
        action="store_true",
        help="in place of a period: the calls that late ones have moved in a volume or bundle",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what it would come to")
    for name in ("extension", "department", "owner", "account-code", "trunk", "pbx", "site"):
        parser.add_argument(f"--{name}", metavar="NAME", help=f"only this {name.replace('-', ' ')}")
    parser.add_argument("--direction", choices=["in", "out", "internal", "transit"])
    parser.add_argument("--call-type", metavar="TYPE", help="only this call type")
    parser.add_argument("--unrated", action="store_true", help="only calls that have no price now")
    _data(parser)
    _json(parser)


def _what_if(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tariff",
        required=True,
        action="append",
        metavar="T",
        help="a stored tariff's name or a tariff document; several stand side by side",
    )
    parser.add_argument(
        "--from", dest="from_", required=True, metavar="ISO", help="first instant or day"
    )
    parser.add_argument(
        "--to", required=True, metavar="ISO", help="the instant or day it ends before"
    )
    for name in ("extension", "department", "owner", "account-code", "trunk", "pbx", "site"):
        parser.add_argument(f"--{name}", metavar="NAME", help=f"only this {name.replace('-', ' ')}")
    parser.add_argument("--direction", choices=["in", "out", "internal", "transit"])
    parser.add_argument("--call-type", metavar="TYPE", help="only this call type")
    parser.add_argument("--format", choices=["csv", "xlsx", "json"], help="a file, not a table")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to write (default: standard output)"
    )
    _data(parser)
    _json(parser)


def _authorise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--caller", required=True, metavar="101", help="the extension that calls")
    parser.add_argument("--dialled", metavar="N", help="the number dialled")
    parser.add_argument("--typed", metavar="KEYS", help="what is keyed after 9, code included")
    parser.add_argument("--account-code", metavar="C", help="the account code, beside --dialled")
    parser.add_argument("--at", metavar="ISO", help="the instant, with offset (default: now)")
    parser.add_argument("--pbx", metavar="P", help="the PBX, if several know the extension")
    parser.add_argument("--site", metavar="S", help="the site, if several know the extension")
    parser.add_argument("--trunk", metavar="T", help="the trunk, if prices depend on it")
    _data(parser)
    _json(parser)


def _token(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser(
        "create",
        help="make an API token",
        epilog="Example: tollbook token create --scope calls:read",
    )
    create.add_argument(
        "--scope", action="append", required=True, metavar="S", help="calls:read, …"
    )
    create.add_argument("--name", default="", help="what it is for")
    create.add_argument("--expires", metavar="ISO", help="when it ends (default: never)")
    _data(create)
    _json(create)
    listing = actions.add_parser(
        "list", help="the tokens, without their secrets", epilog="Example: tollbook token list"
    )
    listing.add_argument(
        "--state", choices=["active", "ended", "withdrawn"], help="only tokens in this state"
    )
    _data(listing)
    _json(listing)
    revoke = actions.add_parser(
        "revoke",
        help="withdraw a token, at once and for ever",
        epilog='Example: tollbook token revoke "ERP"',
    )
    revoke.add_argument("name", help="the token's name or number")
    _data(revoke)


def _bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one benchmark (default: all)")
    parser.add_argument("--list", action="store_true", help="list the benchmarks")
    parser.add_argument("--calls", type=int, help="how many calls (default: the benchmark's own)")
    parser.add_argument("--database", metavar="URL", help="also measure on this PostgreSQL server")
    _json(parser)


VERBS = (
    Verb(
        "serve",
        "run web pages, collectors and jobs on one machine",
        "tollbook serve --data /var/lib/tollbook --port 8080",
        "serve",
        _serving,
    ),
    Verb("demo", "the same on a sample office", "tollbook demo", "demo", _demo),
    Verb("web", "run only the web pages", "tollbook web --data /var/lib/tollbook", "web", _serving),
    Verb(
        "collect",
        "run only the collectors",
        "tollbook collect --data /var/lib/tollbook",
        "collect",
        _process,
    ),
    Verb(
        "control",
        "run only live call control",
        "tollbook control --data /var/lib/tollbook --port 4573",
        "control",
        _control,
    ),
    Verb("work", "run only the background jobs", "tollbook work", "work", _work),
    Verb(
        "formats",
        "list the PBX formats that can be read",
        "tollbook formats --json",
        "formats",
        _formats,
    ),
    Verb(
        "detect",
        "say which formats fit a file, best first",
        "tollbook detect records.log",
        "detect",
        _detect,
    ),
    Verb(
        "learn",
        "write a definition from a sample",
        "tollbook learn sample.log --known known.jsonl -o def.toml",
    ),
    Verb(
        "parse",
        "turn a PBX's records into calls, as JSON Lines",
        "tollbook parse --format asterisk-csv --zone Europe/Berlin Master.csv",
        "parse",
        _parse,
    ),
    Verb(
        "rate",
        "price calls by a tariff, as JSON Lines",
        "tollbook rate --tariff carrier-a.toml --explain calls.jsonl",
        "rate",
        _rate,
    ),
    Verb(
        "import",
        "store a file's records: raw, calls, charges",
        "tollbook import Master.csv --format asterisk-csv --pbx Reception",
        "import_",
        _import,
    ),
    Verb("pbx", "add and list PBXs", "tollbook pbx add Reception --brand Asterisk", "pbx", _pbx),
    Verb(
        "source",
        "add, list, start and stop sources of records",
        "tollbook source add --pbx P --format 3cx --transport tcp-listen --port 5015",
        "source",
        _source,
    ),
    Verb(
        "tariff",
        "publish, check and list tariffs",
        "tollbook tariff add carrier-a.toml",
        "tariff",
        _tariff,
    ),
    Verb(
        "plan",
        "discounts, bundles, charges and taxes of stored calls",
        'tollbook plan add plan.toml --site "Main office"',
        "plan",
        _plan,
    ),
    Verb(
        "exchange",
        "add and list exchange rates",
        "tollbook exchange import eurofxref-daily.xml",
        "exchange",
        _exchange,
    ),
    Verb(
        "rerate",
        "price stored calls again",
        "tollbook rerate --from 2026-10-01 --to 2026-11-01 --dry-run",
        "rerate",
        _rerate,
    ),
    Verb(
        "what-if",
        "compare tariffs over past calls",
        "tollbook what-if --tariff other.toml --from 2026-10-01 --to 2026-11-01",
        "what_if",
        _what_if,
    ),
    Verb(
        "authorise",
        "may this caller place this call, and why",
        "tollbook authorise --caller 101 --dialled 0301234",
        "authorise",
        _authorise,
    ),
    Verb(
        "report",
        "print a report",
        "tollbook report call-log --from 2026-10-01 --to 2026-11-01 --format csv -o october.csv",
        "report",
        _report,
    ),
    Verb(
        "recharge",
        "put money on accounts, all that are named or none",
        "tollbook recharge --extension 101 --extension 102 --amount 10.00 --key till-4711",
        "recharge",
        _recharge,
    ),
    Verb(
        "token",
        "make, list and withdraw API tokens",
        "tollbook token create --scope calls:read",
        "token",
        _token,
    ),
    Verb("backup", "write everything into one file", "tollbook backup -o tollbook-backup.tar"),
    Verb(
        "restore",
        "bring a backup back",
        "tollbook restore tollbook-backup.tar --data /var/lib/tollbook",
    ),
    Verb(
        "doctor",
        "prove that what is stored is whole",
        "tollbook doctor --json",
        "doctor",
        _doctor,
    ),
    Verb("bench", "measure this machine", "tollbook bench import", "bench", _bench),
)
