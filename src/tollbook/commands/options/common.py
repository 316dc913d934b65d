"""Options that several verbs have."""

import argparse
from pathlib import Path
from typing import TypeAlias

Actions: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name


def action(actions: Actions, name: str, words: str, example: str) -> argparse.ArgumentParser:
    """Add what a verb can do: its *name*, what that is in *words*, and an *example* of its use."""
    return actions.add_parser(name, help=words, epilog=f"Example: tollbook {example}")


def data_folder(parser: argparse.ArgumentParser) -> None:
    """Add `--data`, the folder of the installation."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the folder that holds everything (default: $TOLLBOOK_DATA, else ./data)",
    )


def as_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def port_number(text: str) -> int:
    """Return the port that *text* is; raises what argparse tells the user."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f'"{text}" is no port, expected 1 to 65535')
    return int(text)


def narrowing(parser: argparse.ArgumentParser) -> None:
    """Add the options that say whose calls are meant, by name."""
    for name in ("extension", "department", "owner", "account-code", "trunk", "pbx", "site"):
        parser.add_argument(f"--{name}", metavar="NAME", help=f"only this {name.replace('-', ' ')}")
    parser.add_argument("--direction", choices=["in", "out", "internal", "transit"])
    parser.add_argument("--call-type", metavar="TYPE", help="only this call type")
