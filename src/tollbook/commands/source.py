"""`tollbook source`: add, list, start and stop sources of records; the same as on the screen."""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from tollbook.app.access.actor import Actor
from tollbook.app.intake.sources import (
    SourceAdded,
    SourceRefused,
    SourceView,
    add_source,
    source_state,
    source_states,
    start_source,
    stop_source,
)
from tollbook.commands.tables import Cell, Right, print_table
from tollbook.commands.terminal import print_line
from tollbook.commands.words import DONE, INCOMPLETE, NOT_BUILT, WRONG_USE, note, tell
from tollbook.wiring.start import Installation

ACTOR = "command line"
OPTIONS = ("host", "port", "peers", "ack", "path", "zone")
# How long start and stop wait for the collector to do it, before they say that it has not.
PATIENCE_S = 5.0
LOOK_S = 0.1


def run(args: argparse.Namespace, installation: Installation) -> int:
    """Do what is asked; exit status 1 if the source is not (yet) as it was asked to be."""
    actions = {"add": _add, "start": _start, "stop": _stop, "list": _list}
    return actions[args.action](args, installation)


def _add(args: argparse.Namespace, installation: Installation) -> int:
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
    note(f'Source "{outcome.name}" was added. A running collector opens it within a second.')
    return DONE


def _start(args: argparse.Namespace, installation: Installation) -> int:
    return _change(args, installation, start_source, as_asked={"running", "waiting"})


def _stop(args: argparse.Namespace, installation: Installation) -> int:
    return _change(args, installation, stop_source, as_asked={"stopped"})


def _change(
    args: argparse.Namespace,
    installation: Installation,
    change: Callable[..., SourceView | SourceRefused],
    *,
    as_asked: set[str],
) -> int:
    """Ask for it, then wait until the collector reports that it is so."""
    asked = change(args.name, by=Actor(ACTOR, installation.now()))
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
    print_line(f'Source "{view.name}" is {view.state}: {view.reason} {view.next_step}'.rstrip())
    return DONE if view.state in as_asked else INCOMPLETE


def _list(args: argparse.Namespace, installation: Installation) -> int:
    views = source_states(at=installation.now())
    if args.json:
        print(json.dumps([_plain(view) for view in views], ensure_ascii=False, indent=2))
        return DONE
    if not views:
        note("There is no source yet. `tollbook source add --help` shows how.")
    print_table(
        (Right("ID"), "Source", "State", Right("Today"), Right("Rejects"), "Last record"),
        (_row(view) for view in views),
        lines=(line for view in views for line in _lines(view)),
    )
    return DONE


def _row(view: SourceView) -> tuple[Cell, ...]:
    return (
        str(view.id),
        (view.name, f"{view.pbx}, {view.format}", view.place),
        (view.state, *filter(None, (view.reason, view.next_step))),
        f"{view.today.records:,}",
        f"{view.open_rejects:,}",
        _last(view),
    )


def _lines(view: SourceView) -> Iterator[str]:
    yield (
        f"{view.id}\t{view.name}\t{view.pbx}\t{view.format}\t{view.place}\t{view.state}\t"
        f"today {view.today.records}\trejects {view.open_rejects}\tlast {_last(view)}"
    )
    yield f"\t{view.reason} {view.next_step}".rstrip()


def _last(view: SourceView) -> str:
    local = _local(view, view.last_record)
    return f"{local:%Y-%m-%d %H:%M:%S %Z}" if local else "never"


def _plain(view: SourceView) -> dict[str, object]:
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


def _local(view: SourceView, instant: datetime | None) -> datetime | None:
    """Return *instant* by the clock of the source's site."""
    return None if instant is None else instant.astimezone(ZoneInfo(view.zone))


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds")


def _refuse(refused: SourceRefused) -> int:
    status = NOT_BUILT if refused.code.endswith("_unbuilt") else WRONG_USE
    return tell("source", refused.message, status)
