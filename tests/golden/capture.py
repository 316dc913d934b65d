"""Capture every output of a checkout of Tollbook, so that two checkouts can be compared.

    PYTHONPATH=CHECKOUT/src python tests/golden/capture.py OUT [--only PATTERN]

Builds a fixed installation in a temporary folder, drives it through its command line and over
HTTP, and writes one file an answer below OUT. Two captures of one checkout are the same to the
byte; `scripts/golden` compares two checkouts. PATTERN is matched against names such as
`pages/admin/calls`: only what fits is kept, and what nothing depends on is not even asked.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import asking
import later_forms
import live
import office
import pages
import programs
import setup_forms
import stateless
import tables
from client import Browser
from keep import Keeper
from normal import Normaliser
from visitor import Visitor
from world import World, free_port, wait_until_answered

MARK = ".golden"


def main() -> int:
    """Run the capture that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "out", type=Path, help="folder for the answers; an earlier capture in it is replaced"
    )
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names to keep")
    asked = parser.parse_args()
    checkout = os.environ.get("PYTHONPATH", "").partition(os.pathsep)[0]
    if not checkout or not (Path(checkout) / "tollbook").is_dir():
        print(f'PYTHONPATH begins with "{checkout}", which holds no tollbook.', file=sys.stderr)
        return 2
    if not made_empty(asked.out):
        print(f"{asked.out}: holds something else. Name a new folder.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        capture(Path(folder), asked.out, only=asked.only)
    return 0


def made_empty(out: Path) -> bool:
    """Make *out* an empty folder; False if it holds anything but an earlier capture."""
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        return False
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARK).write_text("answers of tests/golden/capture.py\n", encoding="ascii")
    return True


def capture(folder: Path, out: Path, *, only: str) -> None:
    """Capture everything into *out*, working in *folder*."""
    normaliser = Normaliser()
    normaliser.hide(str(folder), "<folder>")
    world = World(folder, Keeper(out, normaliser, only=only))
    with closing(world):
        _act(world, normaliser)


def _act(world: World, normaliser: Normaliser) -> None:
    act = _Acts(world)
    stateless.lay_out(world)
    act.reading("help usage", stateless.say_help, world)
    act.reading("parse formats detect", stateless.read_records, world)
    act.reading("rate check", stateless.price_files, world)
    password = act.writing(office.found, world)
    act.writing(office.furnish, world)
    with ExitStack() as stack:
        port = free_port()
        normaliser.hide(f":{port}", ":<port>")
        web = stack.enter_context(world.running("web", *office.DATA, "--port", str(port)))
        wait_until_answered(port, web)
        admin = Visitor(world, Browser(port), "admin")
        admin.sign_in("admin", password, new=setup_forms.PASSWORD)
        act.writing(setup_forms.set_rules, admin)
        act.writing(setup_forms.set_limits, admin)
        act.writing(setup_forms.set_prices, admin)
        keys = act.writing(setup_forms.let_others_in, admin)
        act.writing(office.bring_in_calls, world)
        act.writing(office.recharge, world)
        act.writing(office.rerate, world)
        act.writing(office.let_jobs_run, world)
        act.writing(later_forms.import_files, admin)
        act.writing(later_forms.move_money, admin)
        act.writing(later_forms.correct_codes, admin)
        act.writing(later_forms.decide_on_records, admin)
        act.writing(later_forms.rerate, admin)
        act.writing(later_forms.see_alarms, admin)
        act.writing(programs.write, world, port, keys)
        act.writing(live.collect, world)
        act.writing(live.control, world, keys)
        world.step(timedelta(days=1))
        admin.sign_in("admin", setup_forms.PASSWORD)  # A session lasts half a day.
        act.writing(office.let_jobs_run, world)
        act.reading("list export", office.reading, world)
        act.reading("report", asking.report, world)
        act.reading("what-if authorise", asking.compare_and_ask, world)
        act.reading("api", programs.read, world, port, keys)
        act.reading("pages", pages.open_all, world, admin, keys)
        act.writing(pages.fail_to_sign_in, world, port, keys)
        act.writing(later_forms.change_users, admin)
        act.reading("audit", pages.audit, world, admin)
    act.reading("tables", tables.dump, world)


Result = TypeVar("Result")


class _Acts:
    """The parts of a capture: each says how long it took; reading ones may be left out."""

    def __init__(self, world: World) -> None:
        self._world = world

    def reading(self, areas: str, act: Callable[..., object], *given: object) -> None:
        """Run *act*, which changes nothing, unless nobody asks for any of its areas."""
        if any(self._world.keeper.wants_any_of(area) for area in areas.split()):
            self.writing(act, *given)

    def writing(self, act: Callable[..., Result], *given: object) -> Result:
        """Run *act*; others build on what it does."""
        began_s = time.monotonic()
        result = act(*given)
        took_s = time.monotonic() - began_s
        print(f"{took_s:6.1f} s  {act.__module__}.{act.__name__}", file=sys.stderr, flush=True)
        return result


if __name__ == "__main__":
    sys.exit(main())
