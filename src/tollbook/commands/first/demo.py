"""`tollbook demo`: which office is wanted, and whether its folder can hold it."""

import argparse
import socket
from pathlib import Path

from tollbook.commands.first import GoOn
from tollbook.commands.words import refuse
from tollbook.demo.folder import DemoError, DemoManifest, planned
from tollbook.wiring.clock import now

DEFAULT_FOLDER = Path("data/demo")
FIRST_PORT, LAST_PORT = 5015, 5099


def run(args: argparse.Namespace, go_on: GoOn) -> int:
    """Go on with what the office is made from."""
    if args.calls < 1:
        return refuse("demo", f"--calls is {args.calls}, expected 1 or more. Nothing was made.")
    args.data = (args.data or DEFAULT_FOLDER).absolute()
    try:
        plan = planned(args.data, _wanted(args))
    except DemoError as fault:
        return refuse("demo", str(fault))
    return go_on(plan)


def _wanted(args: argparse.Namespace) -> DemoManifest:
    until = now().replace(microsecond=0).isoformat()
    return DemoManifest(seed=args.seed, calls=args.calls, until=until, port=_free_port())


def _free_port() -> int:
    """Return the first port from 5015 on that nobody uses, for the sample's 3CX."""
    for port in range(FIRST_PORT, LAST_PORT):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    return LAST_PORT
