"""`tollbook tariff add | check | list | import | export`."""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tollbook.app.words import counted
from tollbook.commands.deck import export_deck, import_deck
from tollbook.commands.files import cannot_read
from tollbook.core.money import format_amount
from tollbook.core.tariff import (
    Fault,
    TariffDefinition,
    TariffSyntaxError,
    compile_tariff,
    decode_tariff,
    read_tariff,
)
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation

if TYPE_CHECKING:
    from tollbook.core.rating.losses import Loss

DONE, INCOMPLETE, WRONG_USE = 0, 1, 2
_DAY = timedelta(days=1)
MOST_TOLD = 20  # Prefixes sold below cost; the screen lists them all.
WEEK = datetime(2026, 3, 2, tzinfo=UTC)  # Without holidays or a change of clocks in most zones.


def run(args: argparse.Namespace) -> int:
    """Do what the action says."""
    actions = {
        "add": _add,
        "check": _check,
        "list": _list,
        "import": import_deck,
        "export": export_deck,
    }
    try:
        return actions[args.action](args)
    except SettingsError as refusal:
        return _say(str(refusal), WRONG_USE)


def _check(args: argparse.Namespace) -> int:
    tariff, faults, status = _read(args.file)
    _tell_faults(args.file, faults)
    if tariff is None:
        return status
    rates = counted(len(tariff.rates), "rate")
    bands = counted(len(tariff.bands), "band") if tariff.bands else "no bands"
    print(
        f'{args.file}: "{tariff.name}" in {tariff.currency}, {rates}, {bands}, can be published.',
        file=sys.stderr,
    )
    return _check_against(tariff, args) if args.cost else DONE


def _check_against(tariff: TariffDefinition, args: argparse.Namespace) -> int:
    """Warn of every prefix that *tariff* sells below the cost of another."""
    # The batch form takes a second to load.
    from tollbook.core.rating.losses import compared  # noqa: PLC0415

    cost, faults, status = _read(args.cost)
    if cost is None:
        _tell_faults(args.cost, faults)
        return status
    if cost.currency != tariff.currency:
        words = f"{args.file} is in {tariff.currency}, {args.cost} in {cost.currency}"
        return _say(f"{words}: they cannot be compared.", INCOMPLETE)
    losses = compared(compile_tariff(tariff), compile_tariff(cost), since=WEEK)
    for loss in losses:
        print(f"{args.file}: warning: {_loss_words(loss, tariff.currency)}", file=sys.stderr)
    if not losses:
        print(f"{args.file}: sells nothing below {args.cost}.", file=sys.stderr)
    return DONE


def _add(args: argparse.Namespace) -> int:
    tariff, faults, status = _read(args.file)
    if tariff is None:
        _tell_faults(args.file, faults)
        return status
    valid_from = None
    if args.valid_from:
        try:
            valid_from = datetime.fromisoformat(args.valid_from)
        except ValueError:
            return _say(
                f"--from is {args.valid_from!r}, expected as 2026-10-01T00:00:00Z", WRONG_USE
            )
        if valid_from.tzinfo is None:
            return _say(f"--from is {args.valid_from!r}: add its offset, as Z or +01:00", WRONG_USE)
    installation = open_installation(data_dir=args.data)
    from tollbook.app.tariffs.publish import (  # noqa: PLC0415 - needs Django set up
        Faulty,
        is_any_call_since,
        publish,
    )

    done = publish(
        installation.door,
        tariff,
        doubts=faults,
        at=installation.now(),
        actor="command line",
        valid_from=valid_from,
        default=args.default,
    )
    if isinstance(done, Faulty):
        _tell_faults(args.file, done.faults)
        return INCOMPLETE
    _tell_faults(args.file, done.doubts)
    since = (
        "for all calls"
        if done.valid_from.year == 1970
        else f"from {done.valid_from:%Y-%m-%d %H:%M:%S} UTC on"
    )
    words = f'"{done.name}" version {done.number}, {since}'
    print(
        f"Published {words}." if done.is_new else f"{words}: the newest version already.",
        file=sys.stderr,
    )
    if done.is_default:
        print("It prices every call that no other assignment claims.", file=sys.stderr)
    if done.is_new and is_any_call_since(done.valid_from):
        period = f"--from {done.valid_from:%Y-%m-%d} --to {installation.now() + _DAY:%Y-%m-%d}"
        print(
            "Calls that are stored already keep their prices until they are priced again: "
            f"tollbook rerate {period} --dry-run shows what would change.",
            file=sys.stderr,
        )
    _warn_of_losses(done.name, at=max(done.valid_from, installation.now()))
    return DONE


def _warn_of_losses(name: str, *, at: datetime) -> None:
    """Say on which prefixes the tariff *name* loses money, or makes another one lose it."""
    from tollbook.app.tariffs.below_cost import comparisons  # noqa: PLC0415 - needs Django set up

    for pair in comparisons(at=at):
        if name not in (pair.charge_tariff, pair.cost_tariff):
            continue
        said = f'warning: "{pair.charge_tariff}" beside the cost "{pair.cost_tariff}"'
        if pair.fault:
            print(f"{said}: {pair.fault}.", file=sys.stderr)
        for loss in pair.losses[:MOST_TOLD]:
            print(f"{said}: {_loss_words(loss, pair.currency)}", file=sys.stderr)
        if len(pair.losses) > MOST_TOLD:
            left = len(pair.losses) - MOST_TOLD
            print(f"{said}: {left:,} more prefixes are sold below cost.", file=sys.stderr)


def _loss_words(loss: "Loss", currency: str) -> str:
    place = f"{loss.prefix} {loss.destination}".strip() or "any number"
    return (
        f"{place}: {loss.talk_s} s at {loss.at:%a %H:%M} UTC charge {format_amount(loss.charge)} "
        f"and cost {format_amount(loss.cost)} {currency}"
    )


def _list(args: argparse.Namespace) -> int:
    open_installation(data_dir=args.data)
    from tollbook.app.tariffs.publish import list_tariffs  # noqa: PLC0415 - needs Django set up

    found = list_tariffs()
    if args.json:
        rows = [
            {**asdict(one), "newest_valid_from": one.newest_valid_from.isoformat()} for one in found
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return DONE
    for one in found:
        used = "assigned" if one.assigned else "not assigned"
        print(f"{one.name:<32} {one.currency} {one.zone:<24} version {one.newest_number:<4} {used}")
    if not found:
        print(
            "There is no tariff yet. Add one: tollbook tariff add carrier-a.toml", file=sys.stderr
        )
    return DONE


def _read(name: str) -> tuple[TariffDefinition | None, tuple[Fault, ...], int]:
    """Return the tariff in the file *name*, its faults, and the exit status if it is refused."""
    try:
        reading = read_tariff(decode_tariff(Path(name).read_bytes(), name=name))
    except OSError as fault:
        return None, (), _say(cannot_read(name, fault), WRONG_USE)
    except TariffSyntaxError as fault:
        return None, (Fault(fault.place, "tariff.syntax", fault.message),), INCOMPLETE
    return reading.tariff, reading.faults, DONE if reading.tariff else INCOMPLETE


def _tell_faults(name: str, faults: Iterable[Fault]) -> None:
    for fault in faults:
        grade = "warning: " if fault.severity == "warning" else ""
        print(f"{name}: {fault.place}: {grade}{fault.message}", file=sys.stderr)


def _say(words: str, status: int) -> int:
    print(f"tollbook tariff: {words}", file=sys.stderr)
    return status
