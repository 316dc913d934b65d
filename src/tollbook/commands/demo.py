"""`tollbook demo`: everything, on a sample office whose switches never sleep."""

import argparse
import socket
import sys
from pathlib import Path

from tollbook.commands.serve import serve
from tollbook.demo.folder import DemoError, DemoManifest, finish, planned
from tollbook.wiring.clock import now
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation
from tollbook.wiring.supervisor import Child

DONE, WRONG_USE = 0, 2
DEFAULT_FOLDER = Path("data/demo")
FIRST_PORT, LAST_PORT = 5015, 5099


def run(args: argparse.Namespace) -> int:
    """Make the office unless it is there, then serve it with its switches at work."""
    if args.calls < 1:
        _say(f"tollbook demo: --calls is {args.calls}, expected 1 or more. Nothing was made.")
        return WRONG_USE
    folder = (args.data or DEFAULT_FOLDER).absolute()
    try:
        plan = planned(folder, _wanted(args))
        installation = open_installation(data_dir=folder)
        if not plan.finished:
            from tollbook.demo.build import build  # noqa: PLC0415 - needs a configured Django

            _say(f"Making a sample office in {folder}; this takes some seconds.")
            build(installation, plan, say=lambda step: _say(f"» {step}"))
            finish(folder, plan)
        if args.no_serve:
            return DONE
        switches = Child("switches", (sys.executable, "-m", "tollbook.demo", str(folder)))
        return serve(installation, host=args.host, port=args.port, more=(switches,))
    except (DemoError, SettingsError) as fault:
        _say(f"tollbook demo: {fault}")
        return WRONG_USE


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


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
