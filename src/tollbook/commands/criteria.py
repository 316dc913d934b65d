"""Which calls a command line means."""

import argparse

from tollbook.app.reports.call_criteria import Criteria, CriteriaError


def criteria_of(args: argparse.Namespace) -> Criteria:
    """Return the period and the names that *args* give."""
    return Criteria(
        start=args.from_,
        end=args.to,
        site=args.site,
        pbx=args.pbx,
        extension=args.extension,
        department=args.department,
        owner=args.owner,
        account_code=args.account_code,
        trunk=args.trunk,
        direction=args.direction,
        call_type=args.call_type,
    )


def option_words(fault: CriteriaError) -> str:
    """Return *fault* under the name of its option."""
    return f"--{fault.field.replace('_', '-')}: {fault}"
