"""What calls cost: totals, by group, by day; and how many have no price, by reason."""

from tollbook.storage.reports.spend import (
    DaySpend,
    GroupTotal,
    call_totals,
    charges_summary,
    spend_by_day,
    unrated_counts,
)

__all__ = [
    "DaySpend",
    "GroupTotal",
    "call_totals",
    "charges_summary",
    "spend_by_day",
    "unrated_counts",
]
