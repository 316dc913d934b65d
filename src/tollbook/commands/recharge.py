"""`tollbook recharge`: put money on accounts, all named or none, once for a key."""

import argparse
import json
import secrets
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation

if TYPE_CHECKING:
    from tollbook.app.billing.recharge import Booked
    from tollbook.app.directory.holders import HolderKind

DONE, REFUSED, WRONG_USE = 0, 1, 2
ACTOR = "command line"


def run(args: argparse.Namespace) -> int:
    """Post the recharge and print the balances before and after; status 1 if it is refused."""
    kind, names = _whom(args)
    try:
        installation = open_installation(data_dir=args.data)
    except SettingsError as fault:
        return _say(str(fault))
    # Models can be imported only once the installation is open.
    from tollbook.app.access.actor import Actor  # noqa: PLC0415
    from tollbook.app.billing.recharge import Gift, post_gift, read_amount  # noqa: PLC0415
    from tollbook.app.directory.holders import Unknown, find_holders  # noqa: PLC0415
    from tollbook.app.faults import RequestRefused  # noqa: PLC0415

    micros = read_amount(args.amount)
    if isinstance(micros, RequestRefused):
        return _say(f"--amount: {micros.message}")
    ids = find_holders(kind, list(dict.fromkeys(names)), site=args.site)
    if isinstance(ids, Unknown):
        return _say(f"--{kind}: {ids.message}")
    gift = Gift(
        kind=kind,
        ids=ids,
        amount_micros=micros,
        sender="cli",
        key=args.key if args.key is not None else secrets.token_urlsafe(16),
        reason=args.reason,
    )
    done = post_gift(installation.door, gift, Actor(ACTOR, installation.now()))
    if isinstance(done, RequestRefused):
        return _say(done.message, status=REFUSED)
    _print(done, as_json=args.json, site=args.site)
    return DONE


def _whom(args: argparse.Namespace) -> "tuple[HolderKind, Sequence[str]]":
    """Return the kind that is named with its names: the parser lets in exactly one."""
    if args.owner:
        return "owner", args.owner
    return ("department", args.department) if args.department else ("extension", args.extension)


def _print(done: "Booked", *, as_json: bool, site: str | None) -> None:
    from tollbook.app.billing.money_tables import movement_object  # noqa: PLC0415 - see `run`
    from tollbook.storage.models import Site  # noqa: PLC0415

    sites = Site.objects.order_by("id")
    zone = ZoneInfo((sites.filter(name=site) if site else sites).values_list("zone", flat=True)[0])
    found = [movement_object(one, zone=zone) for one in done.movements]
    if as_json:
        print(json.dumps({"recharges": found, "repeated": done.repeated}, ensure_ascii=False))
    else:
        for one, movement in zip(found, done.movements, strict=True):
            amounts = f"{one['pre_balance']} + {one['amount']} = {one['post_balance']}"
            print(f"{movement.label}  {amounts} {one['currency']}")
    if done.repeated:
        print("tollbook recharge: posted before; this time nothing moved.", file=sys.stderr)


def _say(words: str, *, status: int = WRONG_USE) -> int:
    print(f"tollbook recharge: {words}", file=sys.stderr)
    return status
