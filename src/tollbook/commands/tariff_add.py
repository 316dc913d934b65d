"""`tollbook tariff add`: publish a tariff document."""

import argparse
from datetime import datetime, timedelta

from tollbook.app.access.actor import Actor
from tollbook.app.tariffs.below_cost import comparisons
from tollbook.app.tariffs.publish import Faulty, is_any_call_since, publish
from tollbook.commands.loss_words import loss_words
from tollbook.commands.words import DONE, INCOMPLETE, note, tell_faults
from tollbook.core.tariff import Fault, TariffDefinition
from tollbook.wiring.start import Installation

_DAY = timedelta(days=1)
MOST_TOLD = 20  # Prefixes sold below cost; the screen lists them all.


def run(
    args: argparse.Namespace,
    installation: Installation,
    tariff: TariffDefinition,
    faults: tuple[Fault, ...],
    valid_from: datetime | None,
) -> int:
    """Publish *tariff* and say from when on it counts, and for which calls it does not."""
    done = publish(
        tariff,
        doubts=faults,
        by=Actor("command line", installation.now()),
        valid_from=valid_from,
        default=args.default,
    )
    if isinstance(done, Faulty):
        tell_faults(args.file, done.faults)
        return INCOMPLETE
    tell_faults(args.file, done.doubts)
    since = (
        "for all calls"
        if done.valid_from.year == 1970
        else f"from {done.valid_from:%Y-%m-%d %H:%M:%S} UTC on"
    )
    words = f'"{done.name}" version {done.number}, {since}'
    note(f"Published {words}." if done.is_new else f"{words}: the newest version already.")
    if done.is_default:
        note("It prices every call that no other assignment claims.")
    if done.is_new and is_any_call_since(done.valid_from):
        period = f"--from {done.valid_from:%Y-%m-%d} --to {installation.now() + _DAY:%Y-%m-%d}"
        note(
            "Calls that are stored already keep their prices until they are priced again: "
            f"tollbook rerate {period} --dry-run shows what would change."
        )
    _warn_of_losses(done.name, at=max(done.valid_from, installation.now()))
    return DONE


def _warn_of_losses(name: str, *, at: datetime) -> None:
    """Say on which prefixes the tariff *name* loses money, or makes another one lose it."""
    for pair in comparisons(at=at):
        if name not in (pair.charge_tariff, pair.cost_tariff):
            continue
        said = f'warning: "{pair.charge_tariff}" beside the cost "{pair.cost_tariff}"'
        if pair.fault:
            note(f"{said}: {pair.fault}.")
        for loss in pair.losses[:MOST_TOLD]:
            note(f"{said}: {loss_words(loss, pair.currency)}")
        if len(pair.losses) > MOST_TOLD:
            left = len(pair.losses) - MOST_TOLD
            note(f"{said}: {left:,} more prefixes are sold below cost.")
