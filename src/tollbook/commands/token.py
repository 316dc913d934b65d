"""`tollbook token create | list | revoke`: API tokens, each printed once, known by its name."""

import argparse
import json
import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import Installation, open_installation

if TYPE_CHECKING:
    from tollbook.app.access.tokens import TokenLine

DONE, WRONG_USE = 0, 2
ACTOR = "command line"


def run(args: argparse.Namespace) -> int:
    """Do what the action says."""
    actions = {"create": _create, "list": _list, "revoke": _revoke}
    try:
        installation = open_installation(data_dir=args.data)
    except SettingsError as fault:
        return _say(str(fault), WRONG_USE)
    return actions[args.action](args, installation)


def _create(args: argparse.Namespace, installation: Installation) -> int:
    """Print the token on standard output, words about it on standard error."""
    # Models can be imported only once the installation is open.
    from tollbook.app.access.tokens import TokenError, create_token  # noqa: PLC0415
    from tollbook.app.reports.period import PeriodError, moment  # noqa: PLC0415

    try:
        token = create_token(
            scopes=args.scope,
            name=args.name,
            expires=moment(args.expires, zone=_zone()) if args.expires else None,
            at=installation.now(),
            by=ACTOR,
        )
    except (TokenError, PeriodError) as fault:
        return _say(str(fault), WRONG_USE)
    ends = token.expires.isoformat() if token.expires else None
    if args.json:
        shown = {"token": token.secret, "name": token.name, "scopes": token.scopes, "expires": ends}
        print(json.dumps(shown))
    else:
        print(token.secret)
    print(
        f'This is the token "{token.name}" for {", ".join(token.scopes)}; it ends '
        f"{ends or 'never'}. Keep it now: it is not stored and cannot be shown again.",
        file=sys.stderr,
    )
    return DONE


def _list(args: argparse.Namespace, installation: Installation) -> int:
    """Print the tokens, the newest first; secrets are not kept and so not shown."""
    from tollbook.app.access.tokens import list_tokens  # noqa: PLC0415 - see `_create`

    tokens = list_tokens(at=installation.now(), state=args.state or "")
    if args.json:
        print(json.dumps([_object(token) for token in tokens], ensure_ascii=False))
        return DONE
    zone = _zone()
    for token in tokens:
        used = f"{token.last_used.astimezone(zone):%Y-%m-%d %H:%M}" if token.last_used else "never"
        bound = f"  only {token.whose}" if token.whose else ""
        print(
            f"{token.id:>4}  {token.state:<9}  used {used:<16}  "
            f"{token.name}  {', '.join(token.scopes)}{bound}"
        )
    if not tokens:
        return _say("there is no such token. `tollbook token create --scope calls:read`", DONE)
    return DONE


def _revoke(args: argparse.Namespace, installation: Installation) -> int:
    """Withdraw the token of that name, or else of that number."""
    from tollbook.app.access.tokens import list_tokens, revoke_token  # noqa: PLC0415 - see `_create`

    tokens = list_tokens(at=installation.now())
    meant = [one for one in tokens if one.name == args.name] or [
        one for one in tokens if str(one.id) == args.name
    ]
    if not meant:
        return _say(
            f'there is no token "{args.name[:64]}". Nothing was withdrawn. '
            "See `tollbook token list`.",
            WRONG_USE,
        )
    token = meant[0]
    if revoke_token(token.id, at=installation.now(), by=ACTOR) is None:
        return _say(f'"{token.name}" was withdrawn before. Nothing was changed.', DONE)
    return _say(f'"{token.name}" is withdrawn, at once and for ever.', DONE)


def _object(token: "TokenLine") -> dict[str, object]:
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
    from tollbook.storage.models import Site  # noqa: PLC0415 - see `_create`

    return ZoneInfo(Site.objects.order_by("id").values_list("zone", flat=True)[0])


def _say(words: str, status: int) -> int:
    print(f"tollbook token: {words}", file=sys.stderr)
    return status
