"""Whatever a process remembers of the directory and the tariffs, it notices when they change."""

import pytest

from support.databases import Database, connection, door
from support.office import open_office
from tollbook.storage.db.change_counters import change_counts, install_counters, missing_counters
from tollbook.storage.models import Extension, TariffAssignment


def test_a_change_of_the_directory_is_counted_and_leaves_the_tariffs_alone(
    database: Database,
) -> None:
    open_office(database)
    directory, tariffs = change_counts()

    with door.transaction():
        Extension.objects.filter(number="101").update(locked=True)

    assert change_counts()[0] > directory
    assert change_counts()[1] == tariffs


def test_a_change_of_the_tariffs_is_counted(database: Database) -> None:
    open_office(database)
    before = change_counts()[1]

    with door.transaction():
        TariffAssignment.objects.update(matches="dialled")

    assert change_counts()[1] > before


@pytest.mark.usefixtures("database")
def test_a_counter_that_is_gone_is_found_and_put_back() -> None:
    assert missing_counters(connection) == []
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER tollbook_extension_changed_directory_update")
        else:
            cursor.execute(
                "DROP TRIGGER tollbook_extension_changed_directory ON tollbook_extension"
            )
    assert len(missing_counters(connection)) == 1

    install_counters(connection)

    assert missing_counters(connection) == []
