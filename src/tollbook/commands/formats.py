"""`tollbook formats`: the formats that can be read, and in which layouts."""

import argparse
import json

from tollbook.commands.tables import Right, print_table
from tollbook.commands.words import DONE
from tollbook.formats import list_formats


def run(args: argparse.Namespace) -> int:
    """Print the packaged formats, as a table or as JSON Lines."""
    known = list_formats()
    if args.json:
        for each in known:
            content = {
                "format": each.name,
                "title": each.title,
                "version": each.version,
                "layouts": list(each.layouts),
            }
            print(json.dumps(content))
        return DONE
    width = max(len(each.name) for each in known)
    print_table(
        ("Format", Right("Version"), "What it reads"),
        ((each.name, str(each.version), (each.title, *each.layouts)) for each in known),
        lines=(
            line
            for each in known
            for line in (
                f"{each.name:<{width}}  {each.version}  {each.title}",
                *(f"{'':<{width}}     {layout}" for layout in each.layouts),
            )
        ),
    )
    return DONE
