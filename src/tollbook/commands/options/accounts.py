"""Options of the verbs for money on accounts and for API tokens."""

import argparse

from tollbook.commands.options.common import action, as_json, data_folder


def recharge(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook recharge`."""
    whom = parser.add_mutually_exclusive_group(required=True)
    for kind, word in (("extension", "NUMBER"), ("owner", "NAME"), ("department", "NAME")):
        whom.add_argument(
            f"--{kind}", action="append", metavar=word, help=f"this {kind}; may be repeated"
        )
    parser.add_argument("--amount", required=True, help="for each; more than 0, as 10.00")
    parser.add_argument("--key", help="your own: the same key never recharges twice")
    parser.add_argument("--site", metavar="NAME", help="where two sites have the number")
    parser.add_argument("--reason", default="", metavar="TEXT", help="stands in the history")
    data_folder(parser)
    as_json(parser)


def token(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tollbook token`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = action(actions, "create", "make an API token", "token create --scope calls:read")
    create.add_argument(
        "--scope", action="append", required=True, metavar="S", help="calls:read, …"
    )
    create.add_argument("--name", default="", help="what it is for")
    create.add_argument("--expires", metavar="ISO", help="when it ends (default: never)")
    data_folder(create)
    as_json(create)
    listing = action(actions, "list", "the tokens, without their secrets", "token list")
    listing.add_argument(
        "--state", choices=["active", "ended", "withdrawn"], help="only tokens in this state"
    )
    data_folder(listing)
    as_json(listing)
    revoke = action(
        actions, "revoke", "withdraw a token, at once and for ever", 'token revoke "ERP"'
    )
    revoke.add_argument("name", help="the token's name or number")
    data_folder(revoke)
