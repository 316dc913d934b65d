"""`tollbook tariff check`: validate a tariff, alone or beside the one that is its cost."""

import argparse
from datetime import UTC, datetime

from tollbook.app.words import counted
from tollbook.commands.loss_words import loss_words
from tollbook.commands.tariff_file import read_tariff_file
from tollbook.commands.words import DONE, INCOMPLETE, note, tell, tell_faults
from tollbook.core.tariff import TariffDefinition, compile_tariff

WEEK = datetime(2026, 3, 2, tzinfo=UTC)  # Without holidays or a change of clocks in most zones.


def run(args: argparse.Namespace) -> int:
    """Say what the file holds, or why it would be refused."""
    tariff, faults, status = read_tariff_file(args.file)
    tell_faults(args.file, faults)
    if tariff is None:
        return status
    rates = counted(len(tariff.rates), "rate")
    bands = counted(len(tariff.bands), "band") if tariff.bands else "no bands"
    note(f'{args.file}: "{tariff.name}" in {tariff.currency}, {rates}, {bands}, can be published.')
    return _check_against(tariff, args) if args.cost else DONE


def _check_against(tariff: TariffDefinition, args: argparse.Namespace) -> int:
    """Warn of every prefix that *tariff* sells below the cost of another."""
    # The batch form takes a second to load.
    from tollbook.core.rating.losses import compared

    cost, faults, status = read_tariff_file(args.cost)
    if cost is None:
        tell_faults(args.cost, faults)
        return status
    if cost.currency != tariff.currency:
        words = f"{args.file} is in {tariff.currency}, {args.cost} in {cost.currency}"
        return tell("tariff", f"{words}: they cannot be compared.", INCOMPLETE)
    losses = compared(compile_tariff(tariff), compile_tariff(cost), since=WEEK)
    for loss in losses:
        note(f"{args.file}: warning: {loss_words(loss, tariff.currency)}")
    if not losses:
        note(f"{args.file}: sells nothing below {args.cost}.")
    return DONE
