"""`tollbook plan add | check | list | show`."""

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tollbook.app.pricing.plan_documents import check_plan
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation

if TYPE_CHECKING:
    from tollbook.app.pricing.plan_documents import CheckedPlan
    from tollbook.app.pricing.plans import PlanInfo
    from tollbook.core.tariff import Fault

DONE, INCOMPLETE, WRONG_USE = 0, 1, 2


def run(args: argparse.Namespace) -> int:
    """Do what the action says."""
    actions = {"add": _add, "check": _check, "list": _list, "show": _show}
    try:
        return actions[args.action](args)
    except SettingsError as refusal:
        return _say(str(refusal), WRONG_USE)


def _add(args: argparse.Namespace) -> int:
    valid_from = None
    if args.valid_from:
        try:
            valid_from = datetime.fromisoformat(args.valid_from)
        except ValueError:
            return _say(
                f"--from is {args.valid_from!r}, expected as 2026-10-01T00:00:00Z", WRONG_USE
            )
        if valid_from.tzinfo is None:
            return _say(f"--from is {args.valid_from!r}: add its offset, as Z or +01:00", WRONG_USE)
    installation = open_installation(data_dir=args.data)
    from tollbook.app.pricing.plans import add_plan, zone_for  # noqa: PLC0415 - needs Django set up

    site_id = _site_id(args.site)
    if isinstance(site_id, str):
        return _say(site_id, WRONG_USE)
    checked, status = _read(args.file, zone=zone_for(site_id))
    if checked is None or checked.plan is None:
        return status
    added = add_plan(
        installation.door,
        checked,
        site_id=site_id,
        at=installation.now(),
        actor="command line",
        valid_from=valid_from,
    )
    words = _words(added.info)
    _tell(f"{words} is in force." if added.is_new else f"{words}: this very document already.")
    if checked.rates:
        _tell(f"exchange rates taken over: {added.new_rates} new of {len(checked.rates)}.")
    if added.is_new:
        _tell("calls that are stored already keep their charge until `tollbook rerate`.")
    return DONE


def _check(args: argparse.Namespace) -> int:
    # Whose zone it would get is known only once it is added: here any will do.
    checked, status = _read(args.file, zone="UTC")
    if checked is not None and checked.plan is not None:
        print(f"{args.file}: can be added.", file=sys.stderr)
    return status


def _list(args: argparse.Namespace) -> int:
    open_installation(data_dir=args.data)
    from tollbook.app.pricing.plans import list_plans  # noqa: PLC0415 - needs Django set up

    plans = list_plans()
    if args.json:
        print(json.dumps([_object(info) for info in plans], ensure_ascii=False))
        return DONE
    for info in plans:
        print(f"{info.id:>5}  {info.site:<32} version {info.number:<4} from {_since(info)}")
    if not plans:
        _tell("there is no plan yet: calls are charged their base price. `tollbook plan add FILE`.")
    return DONE


def _show(args: argparse.Namespace) -> int:
    open_installation(data_dir=args.data)
    from tollbook.app.pricing.plans import open_plan  # noqa: PLC0415 - needs Django set up

    opened = open_plan(args.id)
    if opened is None:
        return _say(f"there is no plan {args.id}; `tollbook plan list` shows them.", WRONG_USE)
    _tell(_words(opened.info) + ".")
    print(json.dumps(json.loads(opened.document), ensure_ascii=False, indent=2))
    return DONE


def _read(name: str, *, zone: str) -> "tuple[CheckedPlan | None, int]":
    """Return what the file *name* holds, its faults told, and the status if it is refused."""
    try:
        raw = Path(name).read_bytes()
    except OSError as fault:
        return None, _say(f"{name}: cannot be read: {fault.strerror}", WRONG_USE)
    checked = check_plan(raw, name=name, zone=zone)
    _tell_faults(name, checked.faults)
    if checked.plan is None:
        _tell(f"{name}: the plan was refused whole; nothing was changed.")
        return checked, INCOMPLETE
    return checked, DONE


def _site_id(name: str | None) -> int | str | None:
    """Return the id of the site called *name*, None for every site, or what is wrong."""
    from tollbook.storage.models import Site  # noqa: PLC0415 - needs Django set up

    if not name:
        return None
    found: int | None = Site.objects.filter(name=name).values_list("id", flat=True).first()
    if found is None:
        known = ", ".join(f'"{one}"' for one in Site.objects.values_list("name", flat=True))
        return f'--site: there is no site "{name[:40]}"; there are: {known or "none yet"}'
    return found


def _object(info: "PlanInfo") -> dict[str, object]:
    return {
        "id": info.id,
        "site": None if info.site_id is None else info.site,
        "version": info.number,
        "valid_from": info.valid_from.isoformat() if info.valid_from else None,
        "created": info.created.isoformat(),
        "created_by": info.created_by,
        "sha256": info.sha256,
    }


def _words(info: "PlanInfo") -> str:
    whose = info.site if info.site_id is None else f'"{info.site}"'
    return f"the plan of {whose}, version {info.number} (id {info.id}), from {_since(info)}"


def _since(info: "PlanInfo") -> str:
    return f"{info.valid_from:%Y-%m-%d %H:%M:%S} UTC" if info.valid_from else "the first call"


def _tell_faults(name: str, faults: "Iterable[Fault]") -> None:
    for fault in faults:
        grade = "warning: " if fault.severity == "warning" else ""
        place = fault.place or "the document"
        print(f"{name}: {place}: {grade}{fault.message}", file=sys.stderr)


def _tell(words: str) -> None:
    print(f"tollbook plan: {words}", file=sys.stderr)


def _say(words: str, status: int) -> int:
    _tell(words)
    return status
