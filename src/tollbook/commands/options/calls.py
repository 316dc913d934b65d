"""Options of the verbs that look at stored calls, price them again, or decide about one."""

import argparse

from tollbook.commands.options.common import as_json, data_folder, narrowing


def report(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook report`."""
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
    narrowing(parser)
    parser.add_argument("--keyword", metavar="TEXT", help="part of any number or name")
    parser.add_argument("--cost-min", metavar="AMOUNT", help="charged this much or more")
    parser.add_argument("--cost-max", metavar="AMOUNT", help="charged this much or less")
    parser.add_argument("--unrated", action="store_true", help="only calls that no rate matched")
    parser.add_argument(
        "--below-cost", action="store_true", help="only calls charged less than they cost"
    )
    data_folder(parser)


def rerate(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook rerate`."""
    parser.add_argument("--from", dest="from_", metavar="ISO", help="first instant or day")
    parser.add_argument("--to", metavar="ISO", help="the instant or day it ends before")
    parser.add_argument(
        "--late",
        action="store_true",
        help="in place of a period: the calls that late ones have moved in a volume or bundle",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what it would come to")
    narrowing(parser)
    parser.add_argument("--unrated", action="store_true", help="only calls that have no price now")
    data_folder(parser)
    as_json(parser)


def what_if(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook what-if`."""
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
    narrowing(parser)
    parser.add_argument("--format", choices=["csv", "xlsx", "json"], help="a file, not a table")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to write (default: standard output)"
    )
    data_folder(parser)
    as_json(parser)


def authorise(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook authorise`."""
    parser.add_argument("--caller", required=True, metavar="101", help="the extension that calls")
    parser.add_argument("--dialled", metavar="N", help="the number dialled")
    parser.add_argument("--typed", metavar="KEYS", help="what is keyed after 9, code included")
    parser.add_argument("--account-code", metavar="C", help="the account code, beside --dialled")
    parser.add_argument("--at", metavar="ISO", help="the instant, with offset (default: now)")
    parser.add_argument("--pbx", metavar="P", help="the PBX, if several know the extension")
    parser.add_argument("--site", metavar="S", help="the site, if several know the extension")
    parser.add_argument("--trunk", metavar="T", help="the trunk, if prices depend on it")
    data_folder(parser)
    as_json(parser)
