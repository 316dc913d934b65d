"""The command line: its parser and its exit status. It imports nothing heavy.

`tollbook.commands.verbs` is the table of verbs; a verb's body lives in
`tollbook.commands.<module>` and is loaded when the verb is called. Exit status: 0 done;
1 finished, but something was rejected, unrated, refused or in error; 2 wrong use; 3 this verb is
not built yet.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module

from tollbook import __version__
from tollbook.commands.verbs import VERBS
from tollbook.commands.words import NOT_BUILT, WRONG_USE, tell


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser()
    unbuilt = {verb.name for verb in VERBS if verb.module is None}
    if words and words[0] in unbuilt and not {"-h", "--help"} & set(words):
        return tell(words[0], "this verb is not built yet.", NOT_BUILT)
    try:
        args = parser.parse_args(words)
    except SystemExit as leaving:  # argparse has printed what is wrong, or the help.
        return int(leaving.code or 0)
    if args.module is None:
        parser.print_help(sys.stderr)
        return WRONG_USE
    try:
        status = _run(args)
        sys.stdout.flush()  # Here, where it can still be said that the disk is full.
    except KeyboardInterrupt:
        return 130
    except OSError as fault:
        return int(import_module("tollbook.commands.files").output_lost(args.verb, fault))
    return status


def _run(args: argparse.Namespace) -> int:
    """Run a verb: what it looks at first, then its body, on an open installation if it needs it."""
    go_on = partial(_run_body, args)
    if args.first is None:
        return go_on()
    return int(import_module(f"tollbook.commands.first.{args.first}").run(args, go_on))


def _run_body(args: argparse.Namespace, *found: object) -> int:
    module = "opening" if args.opens else args.module
    return int(import_module(f"tollbook.commands.{module}").run(args, *found))


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
        sub.set_defaults(
            verb=verb.name,
            module=verb.module,
            opens=verb.opens,
            pages=verb.pages,
            first=verb.first,
        )
        if verb.arguments:
            verb.arguments(sub)
    return parser
