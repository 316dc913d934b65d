"""Options of the verbs for records, PBXs and sources."""

import argparse

from tollbook.commands.options.common import action, as_json, data_folder


def formats(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook formats`."""
    as_json(parser)


def detect(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook detect`."""
    parser.add_argument(
        "file", metavar="FILE", help="records of an unknown PBX; - is standard input"
    )
    as_json(parser)


def parse(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook parse`."""
    parser.add_argument(
        "--format",
        required=True,
        metavar="NAME|DEF.toml",
        help="a format of `tollbook formats`, or your own",
    )
    parser.add_argument("--zone", help="time zone of stamps that name none, as Europe/Berlin")
    parser.add_argument("--received", metavar="ISO", help="when the records arrived, with offset")
    parser.add_argument("file", metavar="FILE", help="the records; - is standard input")


def import_(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook import`."""
    data_folder(parser)
    parser.add_argument("file", metavar="FILE", help="the records; - is standard input")
    parser.add_argument(
        "--format", required=True, metavar="F", help="a format of `tollbook formats`"
    )
    parser.add_argument("--pbx", required=True, metavar="P", help="the PBX they come from, by name")
    parser.add_argument("--zone", help="time zone of the records, if not the site's")
    as_json(parser)


def pbx(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook pbx`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = action(actions, "add", "add a PBX", "pbx add Reception")
    add.add_argument("name", help="the PBX's name, as people say it")
    add.add_argument("--site", help="its site (default: the first)")
    add.add_argument("--brand", default="", help="its maker, for the lists")
    data_folder(add)
    listing = action(actions, "list", "list the PBXs", "pbx list --json")
    data_folder(listing)
    as_json(listing)


def source(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook source`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = action(
        actions,
        "add",
        "add a source of records",
        "source add --pbx P --format 3cx --transport tcp-listen --port 5015",
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
    data_folder(add)
    for name, does in (("start", "start a source"), ("stop", "stop a source and close its port")):
        one = action(actions, name, does, f"source {name} Reception")
        one.add_argument("name", help="the source's name or number")
        data_folder(one)
    listing = action(actions, "list", "the sources", "source list --json")
    data_folder(listing)
    as_json(listing)
