"""`tollbook authorise`: may this caller place this call now, and why.

A question: nothing is held and nothing is stored, so `hold` is null. A call that a switch places
is decided over the API, with a key, and holds its money.
"""

import argparse
import json
import sys
from datetime import datetime

from tollbook.wiring.clock import now
from tollbook.wiring.settings import SettingsError
from tollbook.wiring.start import open_installation

ALLOWED, DENIED, WRONG_USE = 0, 1, 2
_RULE_WIDTH = 16


def run(args: argparse.Namespace) -> int:
    """Print the decision and every step; exit status 1 for a call that is refused."""
    if (args.dialled is None) == (args.typed is None):
        return _wrong("give either --dialled, a number, or --typed, what is keyed, code included")
    if args.typed is not None and args.account_code:
        return _wrong("--typed holds the code already; leave --account-code away")
    try:
        at = _instant(args.at)
        installation = open_installation(data_dir=args.data)
    except (ValueError, SettingsError) as fault:
        return _wrong(str(fault))
    from tollbook.app.decisions.decider import (  # noqa: PLC0415 - needs Django set up
        Request,
        UnknownPlace,
        ask,
    )

    request = Request(
        key="question",
        at=at,
        caller=args.caller,
        dialled=args.dialled or "",
        typed=args.typed or "",
        account_code=args.account_code or "",
        pbx=args.pbx or "",
        site=args.site or "",
        trunk=args.trunk or "",
    )
    try:
        answer = ask(installation.door, request)
    except UnknownPlace as fault:
        return _wrong(str(fault))
    if args.json:
        print(answer.as_json())
        return ALLOWED if answer.allowed else DENIED
    _print(json.loads(answer.as_json()))
    return ALLOWED if answer.allowed else DENIED


def _print(answer: dict[str, object]) -> None:
    """Print the answer in words, then each step with the limit after it."""
    if answer["allowed"]:
        limit = answer["limit_s"]
        lasts = "without a limit" if limit is None else f"for at most {limit} s"
        print(f"allowed {lasts}; dial {answer['number']}")
        if answer["caller_id"]:
            print(f"shown as {answer['caller_id']}")
        print(f"paid by {answer['account'] or 'nobody'}")
    else:
        print(f"refused: {answer['reason']}")
    steps = answer["steps"]
    for step in steps if isinstance(steps, list) else []:
        limit = "" if step["limit_s"] is None else f" (limit {step['limit_s']} s)"
        print(f"  {step['rule']:<{_RULE_WIDTH}} {step['outcome']}{limit}")


def _instant(text: str | None) -> datetime:
    from tollbook.core.calendar import parse_instant  # noqa: PLC0415 - only where it is given

    return now() if text is None else parse_instant(text)


def _wrong(words: str) -> int:
    print(f"tollbook authorise: {words}", file=sys.stderr)
    return WRONG_USE
