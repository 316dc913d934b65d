"""The call log: whatever is asked, the pages together are the answer, each call once."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.batches import (
    NOON_US,
    SECOND_US,
    Office,
    add_call,
    add_charge,
    add_record,
    empty_batch,
    make_office,
)
from support.databases import Database, connection, door
from support.effort import examples
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.models import Charge, RatingRun
from tollbook.storage.models.raw import RecordKind
from tollbook.storage.reports import call_log as module
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_log import (
    CursorError,
    Sort,
    SortOrder,
    call_ids,
    call_log,
    calls_after,
    newest_call_id,
    stream_calls,
)
from tollbook.storage.reports.call_rows import CallRow

CALLS = 40
AMOUNTS = (None, 0, 100, 250_000, 7_000_000)
NAMES = ("Anna", "50% off_", "Ünal", "back\\slash", "")


@dataclass(frozen=True, slots=True)
class Filled:
    """An office and its calls, as one read of everything gives them."""

    office: Office
    rows: tuple[CallRow, ...]


def fill() -> Filled:
    """Store forty calls: four begin at each second, with every kind of charge and of name."""
    office = make_office()
    batch = empty_batch(office)
    for nth in range(CALLS):
        call = add_call(
            batch,
            office,
            add_record(batch, nth, RecordKind.CALL),
            nth=nth,
            charge_micros=AMOUNTS[nth % len(AMOUNTS)],
            begin_us=NOON_US + nth // 4 * SECOND_US,
            talk_ms=None if nth % 7 == 0 else nth // 3 * 1_000,
            answered=None if nth % 7 == 0 else True,
            caller_name=NAMES[nth % len(NAMES)],
            call_type=("national", "international")[nth % 2],
            trunk_id=office.trunk if nth % 3 else None,
        )
        add_charge(batch, office, call, amount_micros=nth, kind="cost")
    with door.transaction():
        store_calls(batch)
        run = RatingRun.objects.create(started_us=0)
        rerated = Charge.objects.filter(kind="charge", call_id__lte=10)
        Charge.objects.bulk_create(
            Charge(call_id=old.call_id, run=run.pk, billed_s=1, amount_micros=500, currency="EUR")
            for old in rerated
        )
    return Filled(office, tuple(stream_calls(order=SortOrder(Sort.BEGIN, descending=False))))


@pytest.fixture
def filled(database: Database) -> Filled:
    return fill()


@pytest.fixture
def sqlite_filled(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> Filled:
    monkeypatch.setattr(module, "NEAR_CALLS", 6)  # so that rare calls are beyond it
    return fill()


def admits(wanted: CallFilter, row: CallRow) -> bool:
    """Say in plain Python what the filter means."""
    said = (row.caller, row.caller_name, row.dialled, row.callee, row.callee_name)
    searched = (*said, row.extension_name)
    exact = (
        (wanted.extension_id, row.extension_id),
        (wanted.department_id, row.department_id),
        (wanted.owner_id, row.owner_id),
        (wanted.account_code_id, row.account_code_id),
        (wanted.account_code, row.account_code),
        (wanted.trunk_id, row.trunk_id),
        (wanted.direction, row.direction),
        (wanted.call_type, row.call_type),
        (wanted.answered, row.answered),
    )
    charge = row.charge_micros
    return (
        all(asked is None or asked == value for asked, value in exact)
        and (wanted.from_us is None or row.begin_us >= wanted.from_us)
        and (wanted.to_us is None or row.begin_us < wanted.to_us)
        and any(wanted.keyword.lower() in text.lower() for text in searched)
        and (wanted.charge_min_micros is None or at_least(charge, wanted.charge_min_micros))
        and (wanted.charge_max_micros is None or at_most(charge, wanted.charge_max_micros))
        and (not wanted.unrated or bool(row.unrated_reason))
    )


def at_least(charge: int | None, bound: int) -> bool:
    return charge is not None and charge >= bound


def at_most(charge: int | None, bound: int) -> bool:
    return charge is not None and charge <= bound


def expected(filled: Filled, wanted: CallFilter, order: SortOrder) -> list[int]:
    """Return the ids of the calls that the filter admits, in order."""

    def key(row: CallRow) -> tuple[int, int]:
        value = {
            Sort.BEGIN: row.begin_us,
            Sort.TALK: row.talk_ms,
            Sort.CHARGE: row.charge_micros,
        }[order.sort]
        return (order.missing if value is None else value, row.id)

    rows = [row for row in filled.rows if admits(wanted, row)]
    return [row.id for row in sorted(rows, key=key, reverse=order.descending)]


def pages(wanted: CallFilter, order: SortOrder, page_size: int) -> Iterator[list[int]]:
    """Walk forward to the end, then back to the beginning, and see that both agree."""
    forward, cursor = [], None
    while True:
        page = call_log(wanted, cursor=cursor, page_size=page_size, order=order)
        forward.append([row.id for row in page.rows])
        if page.next is None:
            break
        cursor = page.next
    backward = [forward[-1]]
    while page.previous is not None:
        page = call_log(wanted, cursor=page.previous, page_size=page_size, order=order)
        backward.append([row.id for row in page.rows])
    assert backward[::-1] == forward
    yield from forward


filters = st.builds(
    CallFilter,
    from_us=st.none() | st.integers(0, 10).map(lambda s: NOON_US + s * SECOND_US),
    to_us=st.none() | st.integers(0, 10).map(lambda s: NOON_US + s * SECOND_US),
    keyword=st.sampled_from(
        ["", "anna", "bert", "ÜNAL", "0000", "%", "_", "\\", "nobody", "00000001", "off_"]
    ),
    extension_id=st.none() | st.integers(1, 3),
    department_id=st.none() | st.just(1),
    owner_id=st.none() | st.just(1),
    account_code_id=st.none() | st.just(1),
    account_code=st.none() | st.sampled_from(["", "7001"]),
    trunk_id=st.none() | st.just(1),
    direction=st.none() | st.integers(1, 2),
    call_type=st.none() | st.sampled_from(["national", "local"]),
    answered=st.none() | st.booleans(),
    charge_min_micros=st.none() | st.sampled_from([0, 100, 101, 7_000_000]),
    charge_max_micros=st.none() | st.sampled_from([0, 500, 8_000_000]),
    unrated=st.booleans(),
)
orders = st.builds(SortOrder, st.sampled_from(Sort), st.booleans())


@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wanted=filters, order=orders, page_size=st.integers(1, 15))
def test_pages_hold_exactly_what_the_filter_admits(
    sqlite_filled: Filled, wanted: CallFilter, order: SortOrder, page_size: int
) -> None:
    answer = expected(sqlite_filled, wanted, order)

    assert [call for page in pages(wanted, order, page_size) for call in page] == answer
    assert list(call_ids(wanted, order=order)) == answer


SAMPLES = (
    CallFilter(),
    CallFilter(keyword="ANNA"),
    CallFilter(keyword="ÜNAL"),
    CallFilter(keyword="ünal"),
    CallFilter(keyword="50%"),
    CallFilter(keyword="k\\s"),
    CallFilter(keyword="00001"),
    CallFilter(keyword="\0nobody"),
    CallFilter(unrated=True),
    CallFilter(charge_min_micros=100, charge_max_micros=500),
    CallFilter(extension_id=1, answered=True),
    CallFilter(from_us=NOON_US + 2 * SECOND_US, to_us=NOON_US + 5 * SECOND_US),
)


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("descending", [True, False])
def test_both_engines_page_alike(
    filled: Filled, monkeypatch: pytest.MonkeyPatch, sort: Sort, *, descending: bool
) -> None:
    monkeypatch.setattr(module, "NEAR_CALLS", 6)
    order = SortOrder(sort, descending)
    for wanted in SAMPLES:
        found = [call for page in pages(wanted, order, 4) for call in page]
        if "\0" not in wanted.keyword:
            assert found == expected(filled, wanted, order), wanted


def test_a_row_has_its_names_and_the_charge_in_force(filled: Filled) -> None:
    rerated, first = filled.rows[2], filled.rows[12]

    assert (rerated.charge_micros, rerated.billed_s) == (500, 1)
    assert (first.charge_micros, first.currency, first.tariff) == (100, "EUR", "Carrier A")
    assert (first.extension, first.extension_name, first.department) == ("101", "Anna", "Sales")
    assert first.account_code == "7001"
    assert (first.owner, first.pbx, first.zone) == ("Law firm", "hq", "Europe/Berlin")
    assert filled.rows[1].trunk_label == "Carrier"
    assert filled.rows[0].trunk == ""
    assert filled.rows[0].answered is None
    assert filled.rows[1].answered is True
    assert filled.rows[1].partial is False


def test_the_first_page_has_no_previous_and_the_last_no_next(filled: Filled) -> None:
    first = call_log(page_size=30)
    last = call_log(page_size=30, cursor=first.next)

    assert (first.previous, last.next) == (None, None)
    assert len(first.rows) + len(last.rows) == CALLS
    assert call_log(page_size=30, cursor=last.previous).rows == first.rows


def test_an_empty_log_is_an_empty_page(database: Database) -> None:
    page = call_log()

    assert (page.rows, page.next, page.previous) == ((), None, None)
    assert list(stream_calls()) == []
    assert newest_call_id() == 0


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "begin~desc~after~1",
        "begin~desc~after~1~x",
        "begin~asc~after~1~2",
        "talk~desc~after~1~2",
        "begin~desc~after~1~2~3",
        "begin~desc~after~9999999999999999999999~9",
        "begin~desc~before~1~-9999999999999999999999",
    ],
)
def test_a_cursor_that_was_not_given_out_is_refused(sqlite: Database, cursor: str) -> None:
    if not cursor:
        assert call_log(cursor=cursor).rows == ()
        return
    with pytest.raises(CursorError):
        call_log(cursor=cursor)


def test_live_rows_are_those_stored_since(filled: Filled) -> None:
    newest = newest_call_id()
    assert newest == max(row.id for row in filled.rows)
    assert calls_after(newest) == []

    since = calls_after(newest - 4, CallFilter(extension_id=filled.office.extensions[0]))

    assert [row.id for row in since] == [
        row.id
        for row in sorted(filled.rows, key=lambda row: row.id)
        if row.id > newest - 4 and row.extension == "101"
    ]


def test_a_page_of_the_log_reads_no_more_than_it_shows(sqlite: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT c.begin_us, c.id FROM tollbook_call c WHERE c.begin_us <= 9 "
            "AND (c.begin_us < 9 OR c.id < 9) ORDER BY c.begin_us DESC, c.id DESC LIMIT 51"
        )
        plan = [row[3] for row in cursor.fetchall()]

    assert plan[0].startswith("SEARCH")
    assert "begin_us<?" in plan[0]


def test_a_call_is_found_by_what_the_directory_calls_its_telephone(database: Database) -> None:
    office = make_office()
    batch = empty_batch(office)
    for nth in (1, 2):
        record = add_record(batch, nth, RecordKind.CALL)
        add_call(batch, office, record, nth=nth, caller_name="", callee_name="")
    with door.transaction():
        store_calls(batch)

    found = call_log(CallFilter(keyword="bert")).rows

    assert [row.extension_name for row in found] == ["Bert"]


@pytest.mark.parametrize("word", ["иван петрович", "ИВАН ПЕТРОВИЧ", "Иван Петрович", "ИвАн"])
def test_letters_of_any_alphabet_are_found_in_either_case(database: Database, word: str) -> None:
    office = make_office()
    batch = empty_batch(office)
    record = add_record(batch, 1, RecordKind.CALL)
    add_call(batch, office, record, nth=1, caller_name="Иван Петрович")
    with door.transaction():
        store_calls(batch)

    assert len(call_log(CallFilter(keyword=word)).rows) == 1
