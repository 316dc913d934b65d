"""`tollbook recharge`: put money on accounts, all named or none, once for a key."""

import argparse
import json
import secrets
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from tollbook.app.access.actor import Actor
from tollbook.app.billing.money_tables import movement_object
from tollbook.app.billing.recharge import Booked, Gift, post_gift, read_amount
from tollbook.app.directory.holders import HolderKind, Unknown, find_holders
from tollbook.app.faults import RequestRefused
from tollbook.commands.tables import Right, print_table
from tollbook.commands.words import DONE, INCOMPLETE, refuse, tell
from tollbook.storage.models import Site
from tollbook.wiring.start import Installation

ACTOR = "command line"
_AMOUNTS = ("pre_balance", "amount", "post_balance")


def run(args: argparse.Namespace, installation: Installation) -> int:
    """Post the recharge and print the balances before and after; status 1 if it is refused."""
    kind, names = _whom(args)
    micros = read_amount(args.amount)
    if isinstance(micros, RequestRefused):
        return refuse("recharge", f"--amount: {micros.message}")
    ids = find_holders(kind, list(dict.fromkeys(names)), site=args.site)
    if isinstance(ids, Unknown):
        return refuse("recharge", f"--{kind}: {ids.message}")
    gift = Gift(
        kind=kind,
        ids=ids,
        amount_micros=micros,
        sender="cli",
        key=args.key if args.key is not None else secrets.token_urlsafe(16),
        reason=args.reason,
    )
    done = post_gift(gift, Actor(ACTOR, installation.now()))
    if isinstance(done, RequestRefused):
        return tell("recharge", done.message, INCOMPLETE)
    _print(done, as_json=args.json, site=args.site)
    return DONE


def _whom(args: argparse.Namespace) -> tuple[HolderKind, Sequence[str]]:
    """Return the kind that is named with its names: the parser lets in exactly one."""
    if args.owner:
        return "owner", args.owner
    return ("department", args.department) if args.department else ("extension", args.extension)


def _print(done: Booked, *, as_json: bool, site: str | None) -> None:
    sites = Site.objects.order_by("id")
    zone = ZoneInfo((sites.filter(name=site) if site else sites).values_list("zone", flat=True)[0])
    found = [movement_object(one, zone=zone) for one in done.movements]
    if as_json:
        print(json.dumps({"recharges": found, "repeated": done.repeated}, ensure_ascii=False))
    else:
        labels = [movement.label for movement in done.movements]
        print_table(
            ("Account", Right("Before"), Right("Amount"), Right("After"), "Currency"),
            (
                (label, *(str(one[key]) for key in _AMOUNTS), str(one["currency"]))
                for label, one in zip(labels, found, strict=True)
            ),
            lines=(
                f"{label}  {one['pre_balance']} + {one['amount']} = {one['post_balance']} "
                f"{one['currency']}"
                for label, one in zip(labels, found, strict=True)
            ),
        )
    if done.repeated:
        tell("recharge", "posted before; this time nothing moved.")
