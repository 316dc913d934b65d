"""`tollbook demo`: everything, on a sample office whose switches never sleep."""

import argparse
import sys

from tollbook.commands.serve import serve
from tollbook.commands.words import DONE, note, refuse
from tollbook.demo.build import build
from tollbook.demo.folder import DemoError, DemoManifest, finish
from tollbook.wiring.start import Installation
from tollbook.wiring.supervisor import Child


def run(args: argparse.Namespace, installation: Installation, plan: DemoManifest) -> int:
    """Make the office unless it is there, then serve it with its switches at work."""
    folder = args.data
    try:
        if not plan.finished:
            note(f"Making a sample office in {folder}; this takes some seconds.")
            build(installation, plan, say=lambda step: note(f"» {step}"))
            finish(folder, plan)
    except DemoError as fault:
        return refuse("demo", str(fault))
    if args.no_serve:
        return DONE
    switches = Child("switches", (sys.executable, "-m", "tollbook.demo", str(folder)))
    return serve(installation, host=args.host, port=args.port, more=(switches,))
