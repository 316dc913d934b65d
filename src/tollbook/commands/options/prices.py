"""Options of the verbs for tariffs, plans and exchange rates."""

import argparse

from tollbook.commands.options.common import Actions, action, as_json, data_folder


def rate(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook rate`."""
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


def tariff(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook tariff`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = action(actions, "add", "publish a tariff document", "tariff add carrier-a.toml")
    add.add_argument("file", metavar="TARIFF", help="TOML or JSON; a known name gets a new version")
    add.add_argument(
        "--from", dest="valid_from", metavar="ISO", help="when the version takes effect"
    )
    add.add_argument(
        "--default", action="store_true", help="price all calls by it that no other claims"
    )
    data_folder(add)
    add.set_defaults(module="tariff_add", first="tariff_add")
    check = action(actions, "check", "validate one, change nothing", "tariff check carrier-a.toml")
    check.add_argument("file", metavar="TARIFF")
    check.add_argument(
        "--cost", metavar="TARIFF", help="warn of prefixes that it sells below what this one asks"
    )
    check.set_defaults(module="tariff_check", opens=False)
    listing = action(actions, "list", "the tariffs", "tariff list")
    data_folder(listing)
    as_json(listing)
    _deck_import(actions)
    _deck_export(actions)


def plan(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook plan`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = action(
        actions,
        "add",
        "put a plan in force for calls to come",
        'plan add plan.toml --site "Main office"',
    )
    add.add_argument("file", metavar="PLAN", help="the document of `rate --plan`, TOML or JSON")
    add.add_argument("--site", metavar="NAME", help="whose calls (default: every other site's)")
    add.add_argument("--from", dest="valid_from", metavar="ISO", help="when it takes effect")
    data_folder(add)
    add.set_defaults(first="plan_add")
    check = action(actions, "check", "validate one, change nothing", "plan check plan.toml")
    check.add_argument("file", metavar="PLAN")
    check.set_defaults(module="plan_check", opens=False)
    listing = action(actions, "list", "all versions", "plan list")
    data_folder(listing)
    as_json(listing)
    show = action(actions, "show", "print a version's document", "plan show 3")
    show.add_argument("id", type=int, metavar="ID", help="as `plan list` prints it")
    data_folder(show)


def exchange(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook exchange`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = action(
        actions, "add", "set or correct one rate", "exchange add USD EUR 0.92 --on 2026-10-01"
    )
    add.add_argument("source", metavar="SOURCE", help="one of this currency")
    add.add_argument("target", metavar="TARGET", help="is so much of this one")
    add.add_argument("rate", metavar="RATE")
    add.add_argument("--on", required=True, metavar="DAY", help="from this local day on")
    data_folder(add)
    add.set_defaults(first="exchange_add")
    bank = action(
        actions,
        "import",
        "take the European Central Bank's rates",
        "exchange import eurofxref-hist.xml",
    )
    bank.add_argument("file", metavar="XML", help="eurofxref-daily.xml or eurofxref-hist.xml")
    data_folder(bank)
    listing = action(actions, "list", "the newest rates", "exchange list --source EUR")
    listing.add_argument("--source", metavar="CURRENCY")
    listing.add_argument("--target", metavar="CURRENCY")
    data_folder(listing)
    as_json(listing)


def _deck_import(actions: Actions) -> None:
    deck = action(
        actions,
        "import",
        "publish a carrier's rate deck, CSV or XLSX",
        'tariff import rates.xlsx --tariff "Carrier A" --dry-run',
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
    data_folder(deck)
    as_json(deck)
    deck.set_defaults(module="deck", first="deck")


def _deck_export(actions: Actions) -> None:
    export = action(
        actions,
        "export",
        "write a tariff's rates as a deck",
        'tariff export "Carrier A" --format xlsx -o carrier-a.xlsx',
    )
    export.add_argument("name", metavar="NAME", help="the tariff, as it is in force")
    export.add_argument("--format", default="csv", choices=["csv", "xlsx"])
    export.add_argument("-o", "--output", metavar="FILE", help="default: standard output")
    data_folder(export)
    export.set_defaults(module="deck_export")
