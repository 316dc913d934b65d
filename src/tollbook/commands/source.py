"""`tollbook source`: add, list, start and stop sources of records; the same as on the screen."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import Installation, open_installation

if TYPE_CHECKING:
    from tollbook.app.intake.sources import SourceRefused, SourceView

DONE, INCOMPLETE, WRONG_USE, NOT_BUILT = 0, 1, 2, 3
ACTOR = "command line"
OPTIONS = ("host", "port", "peers", "ack", "path", "zone")
# How long start and stop wait for the collector to do it, before they say that it has not.
PATIENCE_S = 5.0
LOOK_S = 0.1


def run(args: argparse.Namespace) -> int:
    """Do what is asked; exit status 1 if the source is not (yet) as it was asked to be."""
    try:
        installation = open_installation(data_dir=args.data)
    except SettingsError as fault:
        print(f"tollbook source: {fault}", file=sys.stderr)
        return WRONG_USE
    actions = {"add": _add, "start": _start, "stop": _stop, "list": _list}
    return actions[args.action](args, installation)


def _add(args: argparse.Namespace, installation: Installation) -> int:
    from tollbook.app.intake.sources import SourceAdded, add_source  # noqa: PLC0415 - needs an open installation

    given = {name: getattr(args, name) for name in OPTIONS if getattr(args, name) is not None}
    outcome = add_source(
        pbx=args.pbx,
        transport=args.transport,
        format_name=args.format,
        options=given,
        name=args.name,
        at=installation.now(),
        actor=ACTOR,
    )
    if not isinstance(outcome, SourceAdded):
        return _refuse(outcome)
    print(f"{outcome.id}\t{outcome.name}")
    print(
        f'Source "{outcome.name}" was added. A running collector opens it within a second.',
        file=sys.stderr,
    )
    return DONE


def _start(args: argparse.Namespace, installation: Installation) -> int:
    from tollbook.app.intake.sources import start_source  # noqa: PLC0415 - needs an open installation

    return _change(args, installation, start_source, as_asked={"running", "waiting"})


def _stop(args: argparse.Namespace, installation: Installation) -> int:
    from tollbook.app.intake.sources import stop_source  # noqa: PLC0415 - needs an open installation

    return _change(args, installation, stop_source, as_asked={"stopped"})


def _change(
    args: argparse.Namespace,
    installation: Installation,
    change: "Callable[..., SourceView | SourceRefused]",
    *,
    as_asked: set[str],
) -> int:
    """Ask for it, then wait until the collector reports that it is so."""
    from tollbook.app.intake.sources import SourceRefused, source_state  # noqa: PLC0415 - likewise

    asked = change(args.name, at=installation.now(), actor=ACTOR)
    if isinstance(asked, SourceRefused):
        return _refuse(asked)
    view: SourceView | None = asked
    until_s = time.monotonic() + PATIENCE_S
    while view is not None and view.state not in as_asked and time.monotonic() < until_s:
        if view.state == "unknown":
            break  # No collector is there to wait for; what was asked holds when one starts.
        time.sleep(LOOK_S)
        view = source_state(asked.id, at=installation.now())
    if view is None:
        return INCOMPLETE
    print(f'Source "{view.name}" is {view.state}: {view.reason} {view.next_step}'.rstrip())
    return DONE if view.state in as_asked else INCOMPLETE


def _list(args: argparse.Namespace, installation: Installation) -> int:
    from tollbook.app.intake.sources import source_states  # noqa: PLC0415 - needs an open installation

    views = source_states(at=installation.now())
    if args.json:
        print(json.dumps([_plain(view) for view in views], ensure_ascii=False, indent=2))
        return DONE
    if not views:
        print("There is no source yet. `tollbook source add --help` shows how.", file=sys.stderr)
    for view in views:
        last = (
            f"{local:%Y-%m-%d %H:%M:%S %Z}"
            if (local := _local(view, view.last_record))
            else "never"
        )
        print(
            f"{view.id}\t{view.name}\t{view.pbx}\t{view.format}\t{view.place}\t{view.state}\t"
            f"today {view.today.records}\trejects {view.open_rejects}\tlast {last}"
        )
        print(f"\t{view.reason} {view.next_step}".rstrip())
    return DONE


def _plain(view: "SourceView") -> dict[str, object]:
    today = view.today
    return {
        "id": view.id,
        "name": view.name,
        "pbx": view.pbx,
        "transport": view.transport,
        "format": view.format,
        "place": view.place,
        "wanted": view.wanted,
        "state": view.state,
        "reason": view.reason,
        "next_step": view.next_step,
        "since": _iso(_local(view, view.since)),
        "last_record": _iso(_local(view, view.last_record)),
        "connected_peers": view.connected_peers,
        "stored_bytes": view.stored_bytes,
        "today": {
            "records": today.records,
            "calls": today.calls,
            "parts": today.parts,
            "skips": today.skips,
            "rejects": today.rejects,
            "duplicates": today.duplicates,
        },
        "rejects": view.open_rejects,
    }


def _local(view: "SourceView", instant: datetime | None) -> datetime | None:
    """Return *instant* by the clock of the source's site."""
    return None if instant is None else instant.astimezone(ZoneInfo(view.site_zone))


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds")


def _refuse(refused: "SourceRefused") -> int:
    print(f"tollbook source: {refused.message}", file=sys.stderr)
    return NOT_BUILT if refused.code.endswith("_unbuilt") else WRONG_USE
