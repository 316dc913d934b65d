"""The call log's pages over a million calls, as a browser asks for them once signed in.

The columnar copy is as `tollbook work` keeps it: it holds the calls but for the newest, which every
answer reads from the tables.
"""

import time
from collections.abc import Iterator
from statistics import median

from django.db.models import Max, Min
from django.test import Client
from django.urls import reverse

from tollbook.bench.figures import Figure
from tollbook.bench.importing import import_file, prepare
from tollbook.bench.lines import write_master_csv
from tollbook.bench.options import BenchOptions
from tollbook.bench.process import BenchError
from tollbook.bench.scratch import opened, scratch
from tollbook.storage.db.installation import door
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_log import call_log

DEFAULT_CALLS = 1_000_000
NEWEST_CALLS = 4_000  # Not in the copy yet: it is written again when 5,000 wait.
ROUNDS = 5
FLOOR = "≤ 200 ms"
TOTALS = "totals"
HOST = "127.0.0.1"
OK = 200


def measure(options: BenchOptions) -> Iterator[Figure]:
    """Import the calls, then yield milliseconds and kilobytes of each kind of page."""
    count = options.calls or DEFAULT_CALLS
    with scratch() as made:
        file, _ = prepare(made, count)
        yield Figure("calls stored", import_file(made, file).calls, "calls")
        with opened(made):
            _write_copy()
            newest = made.folder.parent / "newest.csv"
            write_master_csv(newest, calls=NEWEST_CALLS)
            later = import_file(made, newest).calls
            yield Figure("calls stored since the copy was written", later, "calls")
            client = _signed_in()
            for words, address in _addresses():
                took_ms, size_kb = _page(client, address)
                is_page = not words.startswith(TOTALS)  # Totals come after the page stands.
                yield Figure(words, took_ms, "ms", FLOOR if is_page else "")
                if is_page:
                    yield Figure(f"{words}: size", size_kb, "kB", "≤ 100 kB")


def _write_copy() -> None:
    from tollbook.app.upkeep.columnar_copy import refresh_if_due

    refresh_if_due(waited_s=0)


def _signed_in() -> Client:
    from django.contrib.auth.models import User

    with door().transaction():
        user = User.objects.create_superuser(username="bench")
    client = Client(headers={"host": HOST})
    client.force_login(user)
    return client


def _addresses() -> Iterator[tuple[str, str]]:
    """Yield what is asked for, in words, and the address that asks for it."""

    log, totals = reverse("calls"), reverse("calls_totals")
    yield "first page", log
    yield "deep page, in the middle of all calls", f"{log}?at={_middle()}"
    yield "filtered: outgoing, international", f"{log}?direction=out&call_type=international"
    yield "filtered: cost over 1", f"{log}?cost_min=1"
    yield "keyword: part of a number", f"{log}?q=5566111"
    yield "keyword that nobody has", f"{log}?q=nobody"
    yield "keyword of digits that nobody has", f"{log}?q=000111000"
    yield "keyword, the dearest first", f"{log}?q=5566&sort=charge"
    yield "the dearest first", f"{log}?sort=charge"
    yield "the longest first", f"{log}?sort=talk"
    yield f"{TOTALS} of all calls", totals
    yield f"{TOTALS} of a filter", f"{totals}?direction=out&call_type=international"
    yield f"{TOTALS} of a keyword", f"{totals}?q=5566111"


def _middle() -> str:
    """Return the cursor of a page half-way through the log."""

    from tollbook.storage.models import Call

    edges = Call.objects.aggregate(first=Min("begin_us"), last=Max("begin_us"))
    half_us = (edges["first"] + edges["last"]) // 2
    return call_log(CallFilter(to_us=half_us)).next or ""


def _page(client: Client, address: str) -> tuple[float, float]:
    """Return the median milliseconds of *address* and the size of its answer in kB."""
    took_ms, size_kb = [], 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        response = client.get(address)
        took_ms.append((time.perf_counter() - began) * 1e3)
        size_kb = len(response.content) / 1024
        if response.status_code != OK:
            raise BenchError(f"{address} answers {response.status_code}, expected {OK}")
    return median(took_ms), size_kb
