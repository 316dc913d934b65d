"""The columnar copy answers as the tables do, whatever has happened to them meanwhile."""

from itertools import pairwise
from pathlib import Path

import pytest
from django.db.models import Q

from support.batches import (
    NOON_US,
    SECOND_US,
    Office,
    add_call,
    add_record,
    empty_batch,
    make_office,
)
from support.databases import Database, door
from support.switch import DAY_US, TYPES, Switch
from tollbook.storage.db.call_journal import install_journal, missing_journal
from tollbook.storage.intake.store_calls import store_calls
from tollbook.storage.models import Call, ChangedCall, ColumnMonth
from tollbook.storage.models.raw import RecordKind
from tollbook.storage.reports import spend
from tollbook.storage.reports.call_filter import CallFilter
from tollbook.storage.reports.columnar import catalogue, queries
from tollbook.storage.reports.columnar.check import check
from tollbook.storage.reports.columnar.layout import LAYOUT
from tollbook.storage.reports.columnar.refresh import Refreshed, refresh, refreshing

HOUR_US = 3_600 * SECOND_US


@pytest.fixture
def office(database: Database, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office whose copy is worth reading from the first call on."""
    monkeypatch.setattr(queries, "WORTH_CALLS", 0)
    return make_office()


def filters(office: Office) -> list[CallFilter]:
    return [
        CallFilter(),
        CallFilter(from_us=NOON_US - 3 * DAY_US, to_us=NOON_US + 2 * DAY_US),
        CallFilter(extension_id=office.extensions[0], answered=True),
        CallFilter(department_id=office.department, call_type="mobile"),
        CallFilter(unrated=True),
        CallFilter(charge_min_micros=1, charge_max_micros=10**9, destination="Zürich"),
        CallFilter(trunk_id=office.trunk, direction=2, account_code="7001"),
        CallFilter(to_us=NOON_US - 100 * DAY_US),
    ]


def require_equal(office: Office) -> None:
    """Ask the copy and the tables the same questions, and require the same answers."""
    midnights = [NOON_US + 12 * HOUR_US + day * DAY_US for day in range(-45, 45)]
    midnights[10] += HOUR_US  # a day of 25 hours
    uneven = [NOON_US - 7 * DAY_US, NOON_US + 17, NOON_US + 17, NOON_US + 9 * DAY_US]
    for wanted in filters(office):
        for keys in ((), ("extension_id",), ("department_id", "call_type"), ("destination",)):
            from_copy = queries.sums_by(keys, wanted)
            assert from_copy is not None
            assert _sorted(from_copy) == _sorted(spend.sums_from_tables(keys, wanted)), (
                keys,
                wanted,
            )
        for edges in (midnights, uneven):
            days = queries.sums_by_interval(edges, wanted)
            assert days == spend.intervals_from_tables(list(pairwise(edges)), wanted)


def _sorted(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return sorted(rows, key=repr)


def test_a_fresh_copy_holds_every_month_and_answers_as_the_tables(office: Office) -> None:
    Switch(office, seed=1).call(300)

    written = refresh()

    assert written == Refreshed(rows=300, months=(202512, 202601, 202602, 202603), calls=300)
    assert check() == []
    require_equal(office)


def test_a_late_call_counts_at_once_and_goes_to_the_file_of_its_month(office: Office) -> None:
    switch = Switch(office, seed=2)
    switch.call(50)
    refresh()
    batch = empty_batch(office)
    add_call(
        batch,
        office,
        add_record(batch, 900, RecordKind.CALL),
        nth=900,
        begin_us=NOON_US - 31 * DAY_US,
        charge_micros=777,
    )
    with door.transaction():
        store_calls(batch)

    require_equal(office)
    before = ColumnMonth.objects.get(month=202512).generation
    written = refresh()
    assert written is not None
    assert written.months == (202512,)
    assert ColumnMonth.objects.get(month=202512).generation > before
    require_equal(office)


@pytest.mark.slow
def test_a_call_rated_again_counts_with_its_new_charge(office: Office) -> None:
    switch = Switch(office, seed=3)
    ids = switch.call(60)
    refresh()

    switch.rate_again(switch.some(ids))
    require_equal(office)
    assert refresh() is not None
    require_equal(office)
    assert check() == []


@pytest.mark.slow
def test_a_changed_call_and_a_deleted_one_are_noticed(office: Office) -> None:
    switch = Switch(office, seed=4)
    switch.call(30)
    batch = empty_batch(office)
    uncharged = add_call(
        batch, office, add_record(batch, 500, RecordKind.CALL), nth=500, charge_micros=None
    )
    for column in batch.charges.lists():
        column.pop()
    with door.transaction():
        removable = store_calls(batch).call_ids[uncharged]
    refresh()

    with door.transaction():
        Call.objects.filter(pk=2).update(
            call_type="service", begin_us=NOON_US - 39 * DAY_US, extension=None
        )
        Call.objects.filter(pk=removable).delete()

    assert ChangedCall.objects.count() == 2
    require_equal(office)
    refresh()
    assert ChangedCall.objects.count() == 0
    require_equal(office)
    assert check() == []


@pytest.mark.slow
def test_an_id_given_out_again_is_a_new_call(office: Office) -> None:
    batch = empty_batch(office)
    add_call(batch, office, add_record(batch, 0, RecordKind.CALL), nth=0)
    for column in batch.charges.lists():
        column.pop()
    with door.transaction():
        (only,) = store_calls(batch).call_ids
    refresh()
    with door.transaction():
        Call.objects.filter(pk=only).delete()
    refresh()
    Switch(office, seed=5).call(3)

    require_equal(office)
    refresh()
    require_equal(office)


@pytest.mark.slow
def test_the_answers_agree_while_a_rebuild_is_under_way(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = Switch(office, seed=6)
    ids = switch.call(100)
    refresh()
    switch.rate_again(switch.some(ids))
    switch.call(100)
    monkeypatch.setattr(catalogue, "READ_AT_ONCE", 20)
    seen: list[int] = []
    publish = refresh.__globals__["_Refresh"]._publish

    def look_then_publish(self: object, *args: object) -> None:
        require_equal(office)  # The new files are there, the catalogue names the old ones.
        publish(self, *args)
        require_equal(office)
        if len(seen) < 2:
            switch.rate_again(switch.some(ids))
            switch.call(7)
            require_equal(office)
        seen.append(1)

    monkeypatch.setattr(refresh.__globals__["_Refresh"], "_publish", look_then_publish)
    refresh(step_rows=30)

    assert len(seen) > 2
    require_equal(office)
    refresh()
    assert check() == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_any_history_gives_the_same_answers(office: Office, seed: int) -> None:
    switch = Switch(office, seed=seed)
    ids: list[int] = switch.call(40)
    refresh()
    for _ in range(12):
        match switch.random.randrange(5):
            case 0:
                ids += switch.call(switch.random.randrange(1, 40))
            case 1:
                switch.rate_again(switch.some(ids))
            case 2:
                with door.transaction():
                    Call.objects.filter(pk__in=switch.some(ids)).update(
                        call_type=switch.random.choice(TYPES), department=None
                    )
            case 3:
                refresh(step_rows=switch.random.choice([10, 1000]))
            case 4:
                refresh(from_scratch=True)
    require_equal(office)
    refresh()
    require_equal(office)
    assert check() == []


def test_a_lost_or_torn_file_is_not_read_but_written_again(
    office: Office, database: Database
) -> None:
    Switch(office, seed=7).call(40)
    refresh()
    files = sorted((database.data_dir / "columns").rglob("*.parquet"))
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-1])

    assert queries.totals(CallFilter()) is None
    assert spend.call_totals().calls == 40
    assert refresh() is not None
    require_equal(office)


def test_the_check_tells_of_a_file_that_says_something_else(
    office: Office, database: Database
) -> None:
    switch = Switch(office, seed=8)
    switch.call(40)
    refresh()
    month = ColumnMonth.objects.get(month=202601)
    other = ColumnMonth.objects.get(month=202602)
    (folder,) = (database.data_dir / "columns").glob("calls-*")
    wrong = folder / "202602" / f"{other.generation}.parquet"
    right = folder / "202601" / f"{month.generation}.parquet"
    wrong.write_bytes(right.read_bytes())
    with door.transaction():
        ColumnMonth.objects.filter(month=202602).update(size=month.size, rows=month.rows)

    told = check()

    assert [one.month for one in told] == [202601, 202602]
    assert "month 202602 has no calls in the columnar copy" in told[1].message
    refresh(from_scratch=True)
    assert check() == []


def test_a_file_that_cannot_be_read_lets_the_tables_answer(
    office: Office, database: Database
) -> None:
    Switch(office, seed=15).call(40)
    refresh()
    for file in (database.data_dir / "columns").rglob("*.parquet"):
        file.write_bytes(b"?" * file.stat().st_size)

    assert queries.totals(CallFilter()) is None
    assert spend.call_totals().calls == 40
    assert "No magic bytes" in check()[0].message


def test_without_a_copy_the_tables_answer(office: Office) -> None:
    Switch(office, seed=9).call(5)

    assert queries.totals(CallFilter()) is None
    assert spend.call_totals().calls == 5


def test_a_copy_far_behind_lets_the_tables_answer(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = Switch(office, seed=10)
    switch.call(5)
    refresh()
    monkeypatch.setattr(queries, "MOST_BEHIND", 9)
    switch.call(10)

    assert queries.totals(CallFilter()) is None
    assert spend.call_totals().calls == 15


def test_totals_of_a_word_of_letters_are_answered_by_the_tables(office: Office) -> None:
    Switch(office, seed=11).call(40)
    refresh()
    said, ours = Q(caller_name__icontains="anna"), Q(extension__name__icontains="anna")
    named = Call.objects.filter(said | ours).count()

    assert named > 3
    assert queries.totals(CallFilter(keyword="anna")) is None
    assert spend.call_totals(CallFilter(keyword="anna")).calls == named


def test_of_two_writers_one_goes_away(office: Office, database: Database) -> None:
    Switch(office, seed=12).call(5)
    folder = Path(str(database.data_dir / "columns")) / f"calls-{LAYOUT}"
    with refreshing(folder, wait=True) as mine:
        assert mine
        assert refresh(wait=False) is None
    assert refresh(wait=False) is not None


def test_files_of_older_generations_are_swept(office: Office, database: Database) -> None:
    switch = Switch(office, seed=13)
    for _ in range(5):
        switch.call(20)
        refresh()

    months = [path for path in (database.data_dir / "columns").glob("calls-*/2*") if path.is_dir()]
    assert months
    left = months[0] / "5.part-1"  # as a killed writer leaves it
    left.write_bytes(b"half")
    switch.call(1)
    refresh()
    assert not left.exists()
    assert all(len(list(month.iterdir())) <= 2 for month in months)


def test_the_summaries_on_screen_read_the_copy_with_names_from_the_tables(office: Office) -> None:
    Switch(office, seed=14).call(50)
    by_extension = spend.charges_summary(group_by="extension")
    by_code = spend.charges_summary(group_by="account_code")

    refresh()

    assert queries.totals(CallFilter()) is not None
    assert spend.charges_summary(group_by="extension") == by_extension
    assert spend.charges_summary(group_by="account_code") == by_code
    assert {one.name for one in by_extension} == {"Anna", "Bert"}


def test_missing_triggers_are_told_and_put_back(office: Office) -> None:
    from support.databases import connection  # noqa: PLC0415 - the test's own database

    assert missing_journal(connection) == []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER tollbook_call_changed ON tollbook_call")
        else:
            cursor.execute("DROP TRIGGER tollbook_call_changed_delete")
    assert missing_journal(connection)
    install_journal(connection)
    assert missing_journal(connection) == []
