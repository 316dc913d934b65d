"""`tollbook token create | list | revoke`: API tokens, each printed once, known by its name."""

import argparse
import json
from zoneinfo import ZoneInfo

from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import (
    TokenError,
    TokenLine,
    create_token,
    list_tokens,
    revoke_token,
)
from tollbook.app.reports.period import PeriodError, moment
from tollbook.commands.tables import Right, print_table
from tollbook.commands.words import DONE, note, refuse, tell
from tollbook.storage.models import Site
from tollbook.wiring.start import Installation

ACTOR = "command line"


def run(args: argparse.Namespace, installation: Installation) -> int:
    """Do what the action says."""
    actions = {"create": _create, "list": _list, "revoke": _revoke}
    return actions[args.action](args, installation)


def _create(args: argparse.Namespace, installation: Installation) -> int:
    """Print the token on standard output, words about it on standard error."""
    try:
        token = create_token(
            scopes=args.scope,
            name=args.name,
            expires=moment(args.expires, zone=_zone()) if args.expires else None,
            by=Actor(ACTOR, installation.now()),
        )
    except (TokenError, PeriodError) as fault:
        return refuse("token", str(fault))
    ends = token.expires.isoformat() if token.expires else None
    if args.json:
        shown = {"token": token.secret, "name": token.name, "scopes": token.scopes, "expires": ends}
        print(json.dumps(shown))
    else:
        print(token.secret)
    note(
        f'This is the token "{token.name}" for {", ".join(token.scopes)}; it ends '
        f"{ends or 'never'}. Keep it now: it is not stored and cannot be shown again."
    )
    return DONE


def _list(args: argparse.Namespace, installation: Installation) -> int:
    """Print the tokens, the newest first; secrets are not kept and so not shown."""
    tokens = list_tokens(at=installation.now(), state=args.state or "")
    if args.json:
        print(json.dumps([_object(token) for token in tokens], ensure_ascii=False))
        return DONE
    zone = _zone()
    print_table(
        (Right("ID"), "State", "Last used", "Name", "Scopes", "Only for"),
        (
            (
                str(token.id),
                token.state,
                _used(token, zone),
                token.name,
                ", ".join(token.scopes),
                token.whose or "",
            )
            for token in tokens
        ),
        lines=(_line(token, zone) for token in tokens),
    )
    if not tokens:
        tell("token", "there is no such token. `tollbook token create --scope calls:read`")
    return DONE


def _line(token: TokenLine, zone: ZoneInfo) -> str:
    bound = f"  only {token.whose}" if token.whose else ""
    return (
        f"{token.id:>4}  {token.state:<9}  used {_used(token, zone):<16}  "
        f"{token.name}  {', '.join(token.scopes)}{bound}"
    )


def _used(token: TokenLine, zone: ZoneInfo) -> str:
    return f"{token.last_used.astimezone(zone):%Y-%m-%d %H:%M}" if token.last_used else "never"


def _revoke(args: argparse.Namespace, installation: Installation) -> int:
    """Withdraw the token of that name, or else of that number."""
    tokens = list_tokens(at=installation.now())
    meant = [one for one in tokens if one.name == args.name] or [
        one for one in tokens if str(one.id) == args.name
    ]
    if not meant:
        return refuse(
            "token",
            f'there is no token "{args.name[:64]}". Nothing was withdrawn. '
            "See `tollbook token list`.",
        )
    token = meant[0]
    if revoke_token(token.id, by=Actor(ACTOR, installation.now())) is None:
        return tell("token", f'"{token.name}" was withdrawn before. Nothing was changed.')
    return tell("token", f'"{token.name}" is withdrawn, at once and for ever.')


def _object(token: TokenLine) -> dict[str, object]:
    """Return a token for programs; instants in UTC."""
    ends = {
        "created": token.created,
        "last_used": token.last_used,
        "expires": token.expires,
        "withdrawn": token.revoked,
    }
    return {
        "id": token.id,
        "name": token.name,
        "state": token.state,
        "scopes": token.scopes,
        "only": token.whose or None,
        "created_by": token.created_by,
        **{key: instant and instant.isoformat() for key, instant in ends.items()},
    }


def _zone() -> ZoneInfo:
    return ZoneInfo(Site.objects.order_by("id").values_list("zone", flat=True)[0])
