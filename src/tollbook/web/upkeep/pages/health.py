"""The health dot: in words, whether data arrives and what stands in its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse

from tollbook.app.intake.sources import SourceView, source_states
from tollbook.app.quarantine.rejects import count_waiting
from tollbook.web.templatetags.tollbook import time_ago

# The count stops here: beyond it nobody reads the figure, and counting costs each page.
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class HealthDot:
    """One sentence, how bad it is, where to mend it, and how many records wait in quarantine."""

    level: str
    words: str
    href: str
    rejects: int = 0


def health(*, at: datetime, zone: ZoneInfo) -> HealthDot:
    """Return how the installation is at *at*."""
    waiting = count_waiting(at_most=MOST_COUNTED)
    level, words = judged(source_states(at=at), at=at, zone=zone)
    return HealthDot(level, words, reverse("sources"), waiting)


def judged(sources: Sequence[SourceView], *, at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Return the level and the sentence: the worst source first, else when data last came."""
    for state, level in (("failed", "danger"), ("unknown", "warn")):
        bad = [source for source in sources if source.state == state]
        if bad:
            more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
            return level, f"{bad[0].name} {_STATE_WORDS[state]}{more}"
    if not sources:
        return "none", "No source yet"
    running = [source for source in sources if source.state != "stopped"]
    if not running:
        return "warn", "All sources are stopped"
    last = max((source.last_record for source in running if source.last_record), default=None)
    if last is None:
        return "none", "No record has come yet"
    return "ok", f"Data arrives: last record {time_ago(last, now=at, zone=zone)}"


_STATE_WORDS = {"failed": "has failed", "unknown": "does not report"}
