"""What the sample switches write is what real ones write."""

import csv
from datetime import UTC, datetime

from tollbook.demo.diary import OfficeCall
from tollbook.demo.office import TRUNKS, OfficeAccountCode, OfficeOwner, Person
from tollbook.demo.records import asterisk_line, dialled_abroad, threecx_line

BEATE = Person("124", "Beate Vogel", "Tax", "Main house", 1.0)
IVAN = Person("209", "Ivan O'Leary", "Tax", "Annex", 1.0)
MATTER = OfficeAccountCode(
    "4102", "Brückner Bau GmbH: site lease", OfficeOwner("Beate Vogel", "b@x.example")
)
NOON = datetime(2026, 7, 1, 10, 0, 0, tzinfo=UTC)  # 12:00 in Berlin


def call(person: Person, **changes: object) -> OfficeCall:
    known: dict[str, object] = {
        "begin": NOON,
        "kind": "out",
        "person": person,
        "number": "442079460123",
        "number_name": "",
        "ring_s": 5,
        "talk_s": 61,
        "busy": False,
        "trunk": TRUNKS[0] if person is BEATE else TRUNKS[2],
        "account_code": MATTER,
    }
    return OfficeCall(**(known | changes))  # type: ignore[arg-type]


def cells(line: bytes) -> list[str]:
    return next(csv.reader([line.decode()]))


def test_asterisk_writes_eighteen_cells_in_local_time() -> None:
    assert cells(asterisk_line(call(BEATE), 7)) == [
        "4102",
        "124",
        "000442079460123",
        "office",
        '"Beate Vogel" <124>',
        "PJSIP/124-0000000e",
        "PJSIP/nordlicht-0000000f",
        "Dial",
        "PJSIP/442079460123@nordlicht,60",
        "2026-07-01 12:00:00",
        "2026-07-01 12:00:05",
        "2026-07-01 12:01:06",
        "66",
        "61",
        "ANSWERED",
        "DOCUMENTATION",
        "1782900000.14",
        "",
    ]


def test_asterisk_leaves_the_answer_of_a_missed_call_blank() -> None:
    missed = cells(asterisk_line(call(BEATE, kind="in", talk_s=0, account_code=None), 1))

    assert (missed[1], missed[2], missed[10], missed[13], missed[14]) == (
        "+442079460123",
        "124",
        "",
        "0",
        "NO ANSWER",
    )


def test_3cx_writes_its_twenty_seven_cells() -> None:
    written = cells(threecx_line(call(IVAN), 12))

    assert len(written) == 27
    assert written[:6] == [
        "Call 12",
        "178290000000000c_12",
        "00:01:01",
        "2026/07/01 12:00:00",
        "2026/07/01 12:00:05",
        "2026/07/01 12:01:06",
    ]
    assert written[7:12] == ["Ext.209", "+442079460123", "209", "10000", "+442079460123"]
    assert written[15] == "4102"
    assert written[20:23] == ["Extension", "Line", "Line"]


def test_3cx_leaves_the_duration_of_a_missed_call_blank() -> None:
    missed = cells(threecx_line(call(IVAN, kind="in", talk_s=0, account_code=None), 1))

    assert (missed[2], missed[4], missed[15]) == ("", "", "default")
    assert missed[20:22] == ["Line", "Extension"]


def test_a_desk_phone_dials_the_outside_line_first() -> None:
    assert dialled_abroad("493023125777") == "003023125777"
    assert dialled_abroad("442079460123") == "000442079460123"
