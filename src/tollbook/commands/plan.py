"""`tollbook plan add | list | show`."""

import argparse
import json
from datetime import datetime

from tollbook.app.access.actor import Actor
from tollbook.app.pricing.plans import PlanInfo, add_plan, list_plans, open_plan, zone_for
from tollbook.commands.plan_check import read_plan_document
from tollbook.commands.tables import Right, print_table
from tollbook.commands.words import DONE, refuse, tell
from tollbook.storage.models import Site
from tollbook.wiring.start import Installation


def run(
    args: argparse.Namespace, installation: Installation, valid_from: datetime | None = None
) -> int:
    """Do what the action says."""
    if args.action == "add":
        return _add(args, installation, valid_from)
    return _list(args) if args.action == "list" else _show(args)


def _add(args: argparse.Namespace, installation: Installation, valid_from: datetime | None) -> int:
    site_id = _site_id(args.site)
    if isinstance(site_id, str):
        return refuse("plan", site_id)
    checked, status = read_plan_document(args.file, zone=zone_for(site_id))
    if checked is None or checked.plan is None:
        return status
    added = add_plan(
        checked,
        site_id=site_id,
        by=Actor("command line", installation.now()),
        valid_from=valid_from,
    )
    words = _words(added.info)
    tell(
        "plan", f"{words} is in force." if added.is_new else f"{words}: this very document already."
    )
    if checked.rates:
        tell("plan", f"exchange rates taken over: {added.new_rates} new of {len(checked.rates)}.")
    if added.is_new:
        tell("plan", "calls that are stored already keep their charge until `tollbook rerate`.")
    return DONE


def _list(args: argparse.Namespace) -> int:
    plans = list_plans()
    if args.json:
        print(json.dumps([_object(info) for info in plans], ensure_ascii=False))
        return DONE
    print_table(
        (Right("ID"), "Site", Right("Version"), "In force from"),
        ((str(info.id), info.site, str(info.number), _since(info)) for info in plans),
        lines=(
            f"{info.id:>5}  {info.site:<32} version {info.number:<4} from {_since(info)}"
            for info in plans
        ),
    )
    if not plans:
        tell(
            "plan",
            "there is no plan yet: calls are charged their base price. `tollbook plan add FILE`.",
        )
    return DONE


def _show(args: argparse.Namespace) -> int:
    opened = open_plan(args.id)
    if opened is None:
        return refuse("plan", f"there is no plan {args.id}; `tollbook plan list` shows them.")
    tell("plan", _words(opened.info) + ".")
    print(json.dumps(json.loads(opened.document), ensure_ascii=False, indent=2))
    return DONE


def _site_id(name: str | None) -> int | str | None:
    """Return the id of the site called *name*, None for every site, or what is wrong."""
    if not name:
        return None
    found: int | None = Site.objects.filter(name=name).values_list("id", flat=True).first()
    if found is None:
        known = ", ".join(f'"{one}"' for one in Site.objects.values_list("name", flat=True))
        return f'--site: there is no site "{name[:40]}"; there are: {known or "none yet"}'
    return found


def _object(info: PlanInfo) -> dict[str, object]:
    return {
        "id": info.id,
        "site": None if info.site_id is None else info.site,
        "version": info.number,
        "valid_from": info.valid_from.isoformat() if info.valid_from else None,
        "created": info.created.isoformat(),
        "created_by": info.created_by,
        "sha256": info.sha256,
    }


def _words(info: PlanInfo) -> str:
    whose = info.site if info.site_id is None else f'"{info.site}"'
    return f"the plan of {whose}, version {info.number} (id {info.id}), from {_since(info)}"


def _since(info: PlanInfo) -> str:
    return f"{info.valid_from:%Y-%m-%d %H:%M:%S} UTC" if info.valid_from else "the first call"
