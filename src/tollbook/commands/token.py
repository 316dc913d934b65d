"""`tollbook token create`: make an API token and print it, once."""

import argparse
import json
import sys
from zoneinfo import ZoneInfo

from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation

DONE, WRONG_USE = 0, 2


def run(args: argparse.Namespace) -> int:
    """Print the token on standard output, words about it on standard error."""
    try:
        installation = open_installation(data_dir=args.data)
    except SettingsError as fault:
        print(f"tollbook token: {fault}", file=sys.stderr)
        return WRONG_USE
    # Models can be imported only once the installation is open.
    from tollbook.app.period import PeriodError, moment  # noqa: PLC0415
    from tollbook.app.tokens import TokenError, create_token  # noqa: PLC0415
    from tollbook.storage.models import Site  # noqa: PLC0415

    zone = ZoneInfo(Site.objects.order_by("id").values_list("zone", flat=True)[0])
    try:
        token = create_token(
            scopes=args.scope,
            name=args.name,
            expires=moment(args.expires, zone=zone) if args.expires else None,
            at=installation.now(),
            by="command line",
        )
    except (TokenError, PeriodError) as fault:
        print(f"tollbook token: {fault}", file=sys.stderr)
        return WRONG_USE
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
