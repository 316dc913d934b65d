"""`tollbook authorise`: may this caller place this call now, and why.

A question: nothing is held and nothing is stored, so `hold` is null. A call that a switch places
is decided over the API, with a key, and holds its money.
"""

import argparse
import json
from datetime import datetime

from tollbook.app.decisions.decider import Request, UnknownPlace, ask
from tollbook.commands.tables import Right, print_table
from tollbook.commands.terminal import print_line
from tollbook.commands.words import DONE, INCOMPLETE, refuse
from tollbook.wiring.start import Installation

_RULE_WIDTH = 16


def run(args: argparse.Namespace, _installation: Installation, at: datetime) -> int:
    """Print the decision and every step; exit status 1 for a call that is refused."""
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
        answer = ask(request)
    except UnknownPlace as fault:
        return refuse("authorise", str(fault))
    if args.json:
        print(answer.as_json())
    else:
        _print(json.loads(answer.as_json()))
    return DONE if answer.allowed else INCOMPLETE


def _print(answer: dict[str, object]) -> None:
    """Print the answer in words, then each step with the limit after it."""
    if answer["allowed"]:
        limit = answer["limit_s"]
        lasts = "without a limit" if limit is None else f"for at most {limit} s"
        print_line(f"allowed {lasts}; dial {answer['number']}")
        if answer["caller_id"]:
            print_line(f"shown as {answer['caller_id']}")
        print_line(f"paid by {answer['account'] or 'nobody'}")
    else:
        print_line(f"refused: {answer['reason']}")
    found = answer["steps"]
    steps = found if isinstance(found, list) else []
    print_table(
        ("Rule", "Outcome", Right("Limit")),
        ((step["rule"], step["outcome"], _seconds(step["limit_s"])) for step in steps),
        lines=(
            f"  {step['rule']:<{_RULE_WIDTH}} {step['outcome']}{_limit(step['limit_s'])}"
            for step in steps
        ),
    )


def _seconds(limit_s: int | None) -> str:
    return "" if limit_s is None else f"{limit_s:,} s"


def _limit(limit_s: int | None) -> str:
    return "" if limit_s is None else f" (limit {limit_s} s)"
