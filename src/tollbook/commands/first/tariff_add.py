"""`tollbook tariff add`: the tariff in the file, and the instant from which it is in force."""

import argparse

from tollbook.commands.first import GoOn
from tollbook.commands.first.valid_from import read_valid_from
from tollbook.commands.tariff_file import read_tariff_file
from tollbook.commands.words import tell_faults


def run(args: argparse.Namespace, go_on: GoOn) -> int:
    """Go on with the tariff, its faults, and that instant or None."""
    tariff, faults, status = read_tariff_file(args.file)
    if tariff is None:
        tell_faults(args.file, faults)
        return status
    valid_from = read_valid_from("tariff", args.valid_from)
    return valid_from if isinstance(valid_from, int) else go_on(tariff, faults, valid_from)
