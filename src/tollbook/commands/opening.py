"""Open the installation that a verb works on, then run the verb's body.

Bodies import models at the top of their modules, and models can be imported only once Django is
set up: so the body is imported after the installation is open.
"""

import argparse
from importlib import import_module

from tollbook.commands.words import refuse
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation


def run(args: argparse.Namespace, *found: object) -> int:
    """Run the body with the open installation and what was *found* before; 2 if it cannot start."""
    try:
        installation = open_installation(data_dir=args.data, pages=args.pages)
        body = import_module(f"tollbook.commands.{args.module}")
        return int(body.run(args, installation, *found))
    except SettingsError as fault:
        return refuse(args.verb, str(fault))
