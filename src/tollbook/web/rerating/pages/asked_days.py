"""The days that a form asks for, last month's at first, and whether a page can wait for them."""

from collections.abc import Mapping
from datetime import date, timedelta

from tollbook.app.reports.call_criteria import Selection
from tollbook.app.reports.spend import call_totals
from tollbook.web.frame.periods import named_days
from tollbook.web.frame.request import instant, site_facts

MOST_CALLS = 300_000  # Some seconds of work; more is the command line's.


class FormRefused(ValueError):
    """What was asked cannot be done; the message says why and what fits."""


def asked_days(given: Mapping[str, str]) -> tuple[str, str]:
    """Return the first and the last day as they were typed."""
    today = instant().astimezone(site_facts().zone).date()
    before = named_days("last-month", today=today)
    first, last = (before.first, before.after - timedelta(days=1)) if before else (today, today)
    return (
        given.get("from", "")[:10] or first.isoformat(),
        given.get("to", "")[:10] or last.isoformat(),
    )


def day_after(day: str) -> str:
    """Return the day after the one that was typed; raises FormRefused."""
    try:
        return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError) as fault:
        raise FormRefused(f'"{day}" is not a day. Write it as 2026-10-31.') from fault


def require_few(selection: Selection, *, command: str) -> None:
    """Raise FormRefused for more calls than a page can wait for; *command* takes them all."""
    calls = call_totals(selection.filter).calls
    if calls > MOST_CALLS:
        raise FormRefused(
            f"The period holds {calls:,} calls, and a page waits for at most "
            f"{MOST_CALLS:,}. Choose a shorter one, or run `tollbook {command}`."
        )
