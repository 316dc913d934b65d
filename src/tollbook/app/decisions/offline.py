"""What decides while the database cannot be asked: a copy of the policy in the data folder.

Emergency numbers always pass. Everything else follows the caller's class of service: closed, or
open for at most `away_limit_s`. Nothing can be held meanwhile, so closed is the default. The copy
is written whenever the rules have changed; without one only emergency calls pass.

Source: docs/manual/may-this-call-be-placed.md, "While the database is away".
"""

import json
import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tollbook.app.decisions.callers import extension_of_device
from tollbook.app.decisions.messages import Answer, Request
from tollbook.app.decisions.rulebook import Rulebook
from tollbook.core.dialplan import Resolver, default_dial_plan, dial_plan_document, read_dial_plan
from tollbook.core.policies import DecisionStep, Reason
from tollbook.storage.db.installation import current

LOG = logging.getLogger("tollbook.authorise")
FILE = "policy-while-away.json"
_CLOSED: dict[str, Any] = {"open": False, "limit_s": None, "class": "no class"}


@dataclass(slots=True)
class _PolicyOnDisk:
    """The directory whose rules are in the file; compared by identity."""

    directory: object = None


_kept = _PolicyOnDisk()
_writing = threading.Lock()


def keep_policy(book: Rulebook, *, folder: Path | None = None) -> None:
    """Write the copy, if the rules have changed since it was written."""
    if book.directory is _kept.directory:
        return
    with _writing:
        if book.directory is _kept.directory:
            return
        try:
            _write(folder or current().settings.data_dir, _document(book))
        except OSError as fault:
            LOG.error("%s cannot be written (%s): the copy before it stays", FILE, fault)  # noqa: TRY400 - the trace says no more
            return
        _kept.directory = book.directory


def answer_away(request: Request, *, folder: Path | None = None) -> Answer:
    """Decide without the database, by the copy."""
    policy = _read(folder or current().settings.data_dir)
    number = request.dialled or request.typed.rpartition("**")[2].removesuffix("#")
    sites = policy["sites"]
    if any(_resolver(site).is_emergency(number) for site in sites) or _resolver(
        {"dial_plan": {}}
    ).is_emergency(number):
        step = DecisionStep("emergency", "emergency numbers always pass")
        return _answer(number, None, (step,), allowed=True)
    site = _site_of(request, sites)
    names = [request.caller, extension_of_device(request.device)]
    callers = site.get("callers", {})
    rule = next((callers[name] for name in names if name in callers), _CLOSED)
    words = f"the database is away; class {rule['class']} is "
    if not rule["open"]:
        step = DecisionStep("away", words + "closed meanwhile")
        return _answer("", None, (step,), allowed=False)
    step = DecisionStep("away", words + "open meanwhile", rule["limit_s"])
    return _answer(site.get("dial_prefix", "") + number, rule["limit_s"], (step,), allowed=True)


def _answer(
    number: str, limit_s: int | None, steps: tuple[DecisionStep, ...], *, allowed: bool
) -> Answer:
    return Answer(
        allowed=allowed,
        reason=None if allowed else Reason.LOCKED,
        number=number,
        caller_id="",
        limit_s=limit_s,
        hold=None,
        account=None,
        steps=steps,
    )


def _document(book: Rulebook) -> dict[str, object]:
    directory = book.directory
    callers: dict[int, dict[str, object]] = {site_id: {} for site_id in directory.sites}
    for (site_id, number), phone in directory.phones.items():
        row = directory.class_row(phone.class_id)
        locked = any(
            one is not None and one.locked for one in directory.payers.all_of(phone.id, None)
        )
        is_open = row is not None and row.when_away == "open" and phone.active and not locked
        if is_open and row is not None:
            callers[site_id][number] = {
                "open": True,
                "limit_s": row.away_limit_s,
                "class": row.name,
            }
    return {
        "sites": [
            {
                "name": site.name,
                "pbxs": [pbx.name for pbx in directory.pbxs.values() if pbx.site_id == site.id],
                "dial_prefix": next(
                    (p.dial_prefix for p in directory.pbxs.values() if p.site_id == site.id), ""
                ),
                "dial_plan": dial_plan_document(site.resolver.plan),
                "callers": callers[site.id],
            }
            for site in directory.sites.values()
        ]
    }


def _site_of(request: Request, sites: list[dict[str, Any]]) -> dict[str, Any]:
    for site in sites:
        if request.pbx in site["pbxs"] or request.site == site["name"]:
            return site
    return next((site for site in sites if request.caller in site["callers"]), {})


def _resolver(site: dict[str, Any]) -> Resolver:
    plan = read_dial_plan(site["dial_plan"]).plan
    return Resolver(plan or default_dial_plan())


def _write(folder: Path, document: dict[str, object]) -> None:
    """Replace the copy atomically, readable by the owner only: it holds secret digits."""
    file = folder / FILE
    fresh = file.with_suffix(f".{os.getpid()}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(document, out)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / FILE).read_text("utf-8"))
        return {"sites": list(found["sites"])}
    except (OSError, ValueError, KeyError, TypeError) as fault:
        LOG.warning("no policy to decide by while the database is away: %s", fault)
        return {"sites": []}
