"""Which reports there are and in which formats; plain data, so that it can be listed anywhere."""

from dataclasses import dataclass
from typing import Literal

Format = Literal["csv", "xlsx", "json"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "json")
FORMATS_TO_COME = ("pdf",)


@dataclass(frozen=True, slots=True)
class Report:
    """One report: its name on the command line, its title, and what it shows."""

    name: str
    title: str
    shows: str


STATISTICS = "statistics"


class UnknownReport(LookupError):
    """A report that is not there; the message lists those that are."""


REPORTS = {
    report.name: report
    for report in (
        Report(
            "call-log", "Call log", "every call of the period: who, whom, how long, what it cost"
        ),
        Report(
            STATISTICS, "Statistics", "outgoing calls by day, month or year: talk, average, cost"
        ),
        Report(
            "margin", "Margin", "charge, cost and margin by trunk and destination, losses first"
        ),
        Report("unbilled", "Unbilled calls", "calls that no account pays, and why not"),
        Report("fees", "Fees", "what talk owes by the hour, by owner and account code"),
    )
}


def find_report(name: str) -> Report:
    """Return the report called *name*; raises UnknownReport."""
    try:
        return REPORTS[name]
    except KeyError:
        known = ", ".join(REPORTS)
        raise UnknownReport(f'there is no report "{name[:64]}". Known: {known}.') from None
