"""Pages of the call log are the same from the columnar copy as from the tables."""

from collections.abc import Iterator

import pytest

from support.batches import NOON_US, Office, make_office
from support.databases import Database, door
from support.switch import DAY_US, Switch
from tollbook.storage.models import Call
from tollbook.storage.reports import call_log as module
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.call_log import Sort, SortOrder, call_log
from tollbook.storage.reports.columnar import queries
from tollbook.storage.reports.columnar.layout import LAYOUT
from tollbook.storage.reports.columnar.refresh import refresh
from tollbook.storage.reports.spend import call_totals, sums_from_tables

WORDS = (
    *(
        "anna",
        "Anna Ü",
        "ünal",
        "ÜNAL",
        "philips",
        "PH\u0130L\u0130PS",
        "i",
        "\u0130",
        "\u0131t\u0131r",
        "slash",
        "nobody",
    ),
    *("0000", "00000001", "+49", "%", "_", "\\", "50%", "k\\s", "\x1f"),
)
ORDERS = tuple(SortOrder(sort, way) for sort in Sort for way in (True, False))


@pytest.fixture
def office(database: Database, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office whose copy is worth reading from the first call on, and for all but three calls."""
    monkeypatch.setattr(queries, "WORTH_CALLS", 0)
    monkeypatch.setattr(module, "NEAR_CALLS", 3)
    monkeypatch.setattr(module, "PROVEN_AT_ONCE", 2)  # so that candidates are asked for repeatedly
    return make_office()


def filters(office: Office) -> Iterator[CallFilter]:
    yield CallFilter()
    yield from (CallFilter(keyword=word) for word in WORDS)
    yield CallFilter(keyword="anna", call_type="mobile", from_us=NOON_US - 20 * DAY_US)
    yield CallFilter(keyword="0000", charge_max_micros=10**9, to_us=NOON_US + 20 * DAY_US)
    yield CallFilter(unrated=True)
    yield CallFilter(charge_min_micros=10**15)
    yield CallFilter(extension_id=office.extensions[0], answered=True)
    yield CallFilter(destination="nowhere")


def walk(wanted: CallFilter, order: SortOrder) -> list[int]:
    """Return the ids of all pages, first to last; back again they must be the same."""
    pages, cursor = [], None
    while True:
        page = call_log(wanted, cursor=cursor, page_size=19, order=order)
        pages.append([row.id for row in page.rows])
        if page.next is None:
            break
        cursor = page.next
    again = [pages[-1]]
    while page.previous is not None:
        page = call_log(wanted, cursor=page.previous, page_size=19, order=order)
        again.append([row.id for row in page.rows])
    assert again[::-1] == pages
    return [call_id for page_ids in pages for call_id in page_ids]


def require_equal_pages(office: Office, orders: tuple[SortOrder, ...] = ORDERS) -> None:
    """Page through the log by the copy and by the tables, and require the same rows."""
    for wanted in filters(office):
        for order in orders:
            by_copy = walk(wanted, order)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(queries, "WORTH_CALLS", 10**9)
                assert queries.open_view() is None
                by_tables = walk(wanted, order)
            assert by_copy == by_tables, (wanted, order)


def asked_of_copy(wanted: CallFilter) -> list[tuple[int, int]] | None:
    return queries.first_calls(wanted, "c.begin_us", beyond=(), way="DESC", count=10)


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_every_order_pages_alike(office: Office, order: SortOrder) -> None:
    switch = Switch(office, seed=21)
    ids = switch.call(60)
    refresh()
    switch.rate_again(switch.some(ids))
    switch.call(11)

    require_equal_pages(office, (order,))


@pytest.mark.slow
def test_rows_newer_than_the_copy_rated_again_changed_and_deleted_are_as_they_are_now(
    office: Office,
) -> None:
    switch = Switch(office, seed=22)
    ids = switch.call(40)
    refresh()
    orders = (SortOrder(), SortOrder(Sort.CHARGE))
    for _ in range(2):
        require_equal_pages(office, orders)
        ids += switch.call(6)  # the second time beside fresh rows that are remembered
        require_equal_pages(office, orders)
        switch.rate_again(switch.some(ids))
        with door.transaction():
            Call.objects.filter(pk__in=switch.some(ids)).update(caller_name="Anna", pulses=17)
    require_equal_pages(office, ORDERS)


def test_the_copy_is_asked_and_says_what_it_cannot_tell(office: Office) -> None:
    Switch(office, seed=23).call(40)
    refresh()

    assert asked_of_copy(CallFilter(keyword="00000001")) is not None
    assert asked_of_copy(CallFilter(keyword="anna")) is not None
    # Whose other case is known to the database alone, and what joins the parts of the text.
    assert asked_of_copy(CallFilter(keyword="\u0130")) is None
    assert asked_of_copy(CallFilter(keyword="\x1f")) is None


def test_totals_of_digits_come_from_the_copy_and_agree(office: Office) -> None:
    Switch(office, seed=24).call(40)
    refresh()
    wanted = CallFilter(keyword="0000")

    found = queries.totals(wanted)

    assert found is not None
    assert sorted(found) == sorted(sums_from_tables((), wanted))
    assert call_totals(wanted).calls == 40


def test_files_of_an_older_layout_are_removed(office: Office, database: Database) -> None:
    older = database.data_dir / "columns" / f"calls-{LAYOUT - 1}" / "202601"
    older.mkdir(parents=True)
    (older / "1.parquet").write_bytes(b"of old")
    Switch(office, seed=25).call(5)

    refresh()

    assert [path.name for path in (database.data_dir / "columns").iterdir()] == [f"calls-{LAYOUT}"]
