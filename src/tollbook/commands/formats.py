"""`tollbook formats`: the formats that can be read, and in which layouts."""

import argparse
import json

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
    for each in known:
        print(f"{each.name:<{width}}  {each.version}  {each.title}")
        for layout in each.layouts:
            print(f"{'':<{width}}     {layout}")
    return DONE
