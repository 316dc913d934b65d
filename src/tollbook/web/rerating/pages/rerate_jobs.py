"""Re-ratings that were begun from a page: done in a thread, told by the run's own row.

Whichever process answers the next page reads how far the run is from the database. A run whose
row has not moved for a while belongs to a process that ended; it can be carried on with.
"""

import logging
from datetime import timedelta
from threading import Thread

from django.db import connections

from tollbook.app.rerating.run import RunInfo, RunTaken, carry_on
from tollbook.storage.db.current import carried
from tollbook.web.frame.request import instant

STALE_AFTER = timedelta(seconds=60)

_log = logging.getLogger(__name__)


def work_on(run_id: int) -> None:
    """Do what is left of a run beside the pages."""
    # A daemon: a stop of the program need not wait, for the run can be carried on with.
    Thread(
        target=carried(_work), args=(run_id,), name=f"tollbook-rerate-{run_id}", daemon=True
    ).start()


def is_broken_off(run: RunInfo) -> bool:
    """Whether nobody works on a run that is not done."""
    return run.is_running and instant() - run.seen > STALE_AFTER


def _work(run_id: int) -> None:
    try:
        carry_on(run_id, now=instant)
    except RunTaken as taken:
        _log.info("%s", taken)
    finally:
        connections.close_all()
