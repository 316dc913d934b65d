"""Reports over ten million calls: from the columnar copy, beside the same from SQLite's tables.

The calls are made inside the database, a hundred thousand a statement: what is measured is
reading. Both sides must answer alike, or there is no figure.
"""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from tollbook.bench.figures import Figure
from tollbook.bench.options import BenchOptions
from tollbook.bench.process import BenchError
from tollbook.bench.scratch import opened, scratch
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.installation import door
from tollbook.storage.reports import spend
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.columnar import queries as columns
from tollbook.storage.reports.columnar.layout import columns_folder

DEFAULT_CALLS = 10_000_000
AT_ONCE = 100_000
ROUNDS = 5
DAYS = 365
DAY_US = 86_400_000_000
FIRST_US = 1_767_222_000_000_000  # 2026-01-01T00:00 in Berlin
EXTENSIONS, DEPARTMENTS, TRUNKS = 500, 12, 4

# Numbers that look drawn, from the call's own: the low bits of a multiplicative hash.
_DRAWN = "((n.value * 2654435761 + {salt} * 40503) % 4294967296 / 4096)"


def measure(options: BenchOptions) -> Iterator[Figure]:
    """Make the calls, write the copy, then yield milliseconds of each report on both sides."""
    count = options.calls or DEFAULT_CALLS
    with scratch() as made, opened(made):
        _make_calls(count)
        yield Figure("calls stored", count, "calls")
        began = time.perf_counter()
        size = _write_copy()
        took_s = time.perf_counter() - began
        yield Figure("the copy, written anew", count / took_s, "calls/s")
        yield Figure("the copy, on disk", size / count, "bytes a call")
        for name, from_copy, from_tables in _reports():
            yield from _compared(name, from_copy, from_tables)


def _compared(
    name: str, from_copy: Callable[[], Any], from_tables: Callable[[], Any]
) -> Iterator[Figure]:
    answers, took_s = [], []
    for ask, rounds in ((from_copy, ROUNDS), (from_tables, 1)):
        rounds_s = []
        for _ in range(rounds):
            began = time.perf_counter()
            answer = ask()
            rounds_s.append(time.perf_counter() - began)
        answers.append(sorted(answer or (), key=repr))
        took_s.append(min(rounds_s))
    if answers[0] != answers[1]:
        raise BenchError(f"{name}: the columnar copy and the tables answer differently")
    yield Figure(f"{name}: columnar copy", took_s[0] * 1e3, "ms", "≤ 1000 ms")
    yield Figure(f"{name}: SQLite's tables", took_s[1] * 1e3, "ms")
    yield Figure(f"{name}: ratio", took_s[1] / took_s[0], "times", "≥ 10")


def _reports() -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """Yield each report's name, and how either side is asked for it."""

    everything = CallFilter()
    midnights = [FIRST_US + day * DAY_US for day in range(DAYS + 1)]
    yield (
        "calls and spend by day",
        lambda: columns.sums_by_interval(midnights, everything),
        lambda: spend.intervals_from_tables(list(pairwise(midnights)), everything),
    )
    for name, keys in (
        ("top extensions", ("extension_id",)),
        ("department by call type", ("department_id", "call_type")),
    ):
        yield (
            name,
            lambda keys=keys: columns.sums_by(keys, everything),  # type: ignore[misc]  # bound now
            lambda keys=keys: spend.sums_from_tables(keys, everything),  # type: ignore[misc]  # likewise
        )


def _write_copy() -> int:
    from tollbook.storage.reports.columnar.refresh import refresh

    refresh()
    folder = columns_folder()
    return sum(file.stat().st_size for file in folder.rglob("*.parquet")) if folder else 0


def _make_calls(count: int) -> None:
    """Fill the tables with *count* calls of a year and their charges, one in fifty unrated."""
    from tollbook.storage.models import Pbx, Source

    with door().transaction():
        pbx = Pbx.objects.get()
        source = Source.objects.create(
            pbx=pbx, name="bench", transport="import", format="asterisk-csv", created_us=0
        )
        _make_people(pbx.site_id, pbx.pk)
    for first in range(1, count + 1, AT_ONCE):
        until = min(first + AT_ONCE, count + 1)
        with door().transaction(), current_connection().cursor() as cursor:
            given = {
                "first": first,
                "until": until,
                "begin_us": FIRST_US,
                "step_us": DAYS * DAY_US // (count + 1),
                "pbx": pbx.pk,
                "source": source.pk,
                "site": pbx.site_id,
            }
            cursor.execute(_CALLS.format(**given))
            cursor.execute(_CHARGES.format(**given))


def _make_people(site_id: int, pbx_id: int) -> None:
    from tollbook.storage.models import (
        Department,
        Extension,
        Trunk,
    )

    Department.objects.bulk_create(
        Department(id=nth, site_id=site_id, name=f"Department {nth}")
        for nth in range(1, DEPARTMENTS + 1)
    )
    Extension.objects.bulk_create(
        Extension(
            id=nth,
            site_id=site_id,
            number=f"{1000 + nth}",
            name=f"Person {nth}",
            department_id=nth % DEPARTMENTS + 1,
        )
        for nth in range(1, EXTENSIONS + 1)
    )
    Trunk.objects.bulk_create(
        Trunk(id=nth, pbx_id=pbx_id, name=f"PJSIP/carrier-{nth}") for nth in range(1, TRUNKS + 1)
    )


def _drawn(most: int, *, salt: int) -> str:
    """Return an expression for a number from 0 to below *most*."""
    return f"({_DRAWN.format(salt=salt)} % {most})"


_NUMBERS = (
    "WITH RECURSIVE n(value) AS "
    "(SELECT {first} UNION ALL SELECT value + 1 FROM n WHERE value + 1 < {until})"
)
_ANSWERED = f"({_drawn(10, salt=1)} > 0)"
_EXTENSION = f"({_drawn(EXTENSIONS, salt=2)} + 1)"
_NUMBER = f"(49300000000 + {_drawn(1_000_000, salt=5)})"
_BEGIN = "({begin_us} + n.value * {step_us})"
_CALLS = f"""
{_NUMBERS}
INSERT INTO tollbook_call (
    id, received_us, begin_us, start_us, answer_us, end_us, ring_ms, talk_ms,
    answered, direction, caller, caller_name, dialled, callee, callee_name,
    destination, call_type, trunk_id, extension_id, department_id, account_code,
    authorisation_code, pbx_call_id, source_ip, partial, legs_count, dedupe_hash,
    pbx_id, source_id, site_id)
SELECT
    n.value, {_BEGIN}, {_BEGIN}, {_BEGIN},
    CASE WHEN {_ANSWERED} THEN {_BEGIN} + 5000000 END, {_BEGIN} + 90000000, 5000,
    CASE WHEN {_ANSWERED} THEN {_drawn(600_000, salt=3)} ELSE 0 END,
    {_ANSWERED}, {_drawn(4, salt=4)} + 1, CAST(1000 + {_EXTENSION} AS text), '',
    '0' || {_NUMBER}, CAST({_NUMBER} AS text), '',
    'Destination ' || {_drawn(80, salt=6)},
    CASE {_drawn(5, salt=6)} WHEN 0 THEN 'national' WHEN 1 THEN 'mobile' WHEN 2 THEN 'local'
        WHEN 3 THEN 'international' ELSE 'service' END,
    {_drawn(TRUNKS, salt=7)} + 1, {_EXTENSION}, {_EXTENSION} % {DEPARTMENTS} + 1, '',
    '', n.value || '.1', '', 0, 1, n.value,
    {{pbx}}, {{source}}, {{site}}
FROM n
"""
_CHARGES = f"""
{_NUMBERS}
INSERT INTO tollbook_charge (
    id, call_id, run, kind, prefix, band, billed_s, amount_micros, currency, unrated_reason)
SELECT
    n.value, n.value, 0, 'charge', '49', '', 60,
    CASE WHEN {_drawn(50, salt=8)} > 0 THEN {_drawn(900_000, salt=9)} END,
    'EUR', CASE WHEN {_drawn(50, salt=8)} > 0 THEN '' ELSE 'no_prefix' END
FROM n
"""
