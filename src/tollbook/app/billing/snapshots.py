"""Balances at the end of each day, so that statements need not add up an account's whole past.

    take_snapshots(door, at=now)                        # a job of `tollbook work`, once a night

A snapshot is taken after local midnight of the first site, for the day that has ended; a night that
was slept through is made up for at once, by one snapshot for yesterday. It never decides anything:
postings do, and `doctor` compares.

Source: docs/algorithms/ledger.md, "Statements".
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tollbook.core.instants import to_us
from tollbook.storage.billing.statements import insert_snapshots, newest_snapshot_day
from tollbook.storage.db.bulk_engines import bulk_engine
from tollbook.storage.db.installation import door
from tollbook.storage.models import Site


def take_snapshots(*, at: datetime) -> int:
    """Write yesterday's balances unless they are written; return how many accounts have moved."""
    site = Site.objects.order_by("id").first()
    if site is None:
        return 0
    yesterday = at.astimezone(ZoneInfo(site.zone)).date() - timedelta(days=1)
    newest = newest_snapshot_day()
    if newest is not None and newest >= yesterday:
        return 0
    with door().transaction():
        bulk_engine().begin_batch()
        return insert_snapshots(yesterday, taken_us=to_us(at))
