"""A small office whose calls come in the way that real ones do: a file, imported."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from support.databases import Database, door, file_of, is_untouched, replace_file
from support.factories import make_department, make_extension, make_site
from tollbook.app.access.actor import Actor
from tollbook.app.directory.pbxs import PbxInfo, PbxRefused, add_pbx
from tollbook.app.intake.import_file import ImportPlace, import_file
from tollbook.app.intake.intake import IngestResult
from tollbook.app.tariffs.publish import Published, publish_tariff
from tollbook.formats import load_definition

NOON = datetime(2026, 10, 31, 12, 0, tzinfo=UTC)
FIRST_CALL = datetime(2026, 10, 1, 6, 0, tzinfo=UTC)  # eight o'clock in Berlin

# 0.12 a minute begun, then 0.06 a minute by the second, and 0.10 for being connected.
TARIFF = {
    "name": "Carrier A",
    "currency": "EUR",
    "zone": "Europe/Berlin",
    "rounding": {"rule": "half_up", "decimals": 4},
    "rate": [
        {
            "prefix": "49",
            "destination": "Germany",
            "call_type": "national",
            "connect_fee": "0.10",
            "slots": [
                {"from_s": 0, "price": "0.12", "per_s": 60, "increment_s": 60},
                {"from_s": 60, "price": "0.06", "per_s": 60, "increment_s": 1},
            ],
        },
        {
            "prefix": "4930",
            "destination": "Berlin",
            "slots": [{"from_s": 0, "price": "0.01", "per_s": 60, "increment_s": 60}],
        },
    ],
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the PBX writes it, one line of Master.csv; `talk_s` 0 is an unanswered one."""

    number: int
    start: datetime
    talk_s: int = 60
    extension: str = "101"
    dialled: str = "00494020123456"
    account_code: str = ""
    name: str = ""

    @property
    def answer(self) -> datetime:
        """Return when talk begins."""
        return self.start + timedelta(seconds=5)

    @property
    def pbx_call_id(self) -> str:
        """Return the id that the PBX gives the call."""
        return f"{1_700_000_000 + self.number}.{self.number}"

    def line(self) -> str:
        """Return the call as Asterisk's cdr_csv writes it, times in UTC."""
        answer = self.answer if self.talk_s else None
        end = (answer or self.start) + timedelta(seconds=self.talk_s or 20)
        cells = (
            *(self.account_code, self.extension, self.dialled, "internal"),
            f'"{self.name or self.extension}" <{self.extension}>',
            f"PJSIP/{self.extension}-{self.number:08x}",
            f"PJSIP/carrier-{self.number:08x}",
            *("Dial", f"PJSIP/{self.dialled}@carrier"),
            *(_stamp(self.start), _stamp(answer), _stamp(end)),
            *(str((end - self.start).seconds), str(self.talk_s)),
            "ANSWERED" if self.talk_s else "NO ANSWER",
            *("DOCUMENTATION", self.pbx_call_id, ""),
        )
        return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


@dataclass(frozen=True, slots=True)
class Office:
    """One site in Berlin with one PBX, a tariff for all calls, and two known telephones."""

    database: Database
    pbx: PbxInfo
    site_id: int

    def receive(self, calls: Iterable[Call], *, at: datetime = NOON) -> IngestResult:
        """Import *calls* as a file that comes at an instant."""
        text = "".join(call.line() for call in calls).encode()
        settings = self.database.settings
        place = ImportPlace(data_dir=settings.data_dir, raw_dir=settings.raw_dir)
        return import_file(
            io.BytesIO(text),
            name="Master.csv",
            pbx=self.pbx,
            definition=load_definition("asterisk-csv"),
            place=place,
            zone="UTC",
            at=at,
        ).result


def open_office(database: Database) -> Office:
    """Make the office in an empty database.

    On SQLite it is made once and then copied: a test that begins with it waits for no insert.
    """
    if not is_untouched(database):
        return _make_office(database)
    if not _made:
        made = _make_office(database)
        _made.append((file_of(database), made))
        return made
    content, made = _made[0]
    replace_file(database, content)
    return replace(made, database=database)


_made: list[tuple[bytes, Office]] = []


def _make_office(database: Database) -> Office:
    with door.transaction():
        site = make_site("Main office", zone="Europe/Berlin", country="DE")
        make_extension("101", name="Amir", department=make_department("Sales"))
        make_extension("102", name="Berta")
    pbx = add_pbx(name="Reception", at=NOON, actor="test")
    published = publish_tariff(TARIFF, by=Actor("test", NOON))
    if isinstance(pbx, PbxRefused) or not isinstance(published, Published):
        raise TypeError(f"the office could not be made: {pbx}, {published}")
    return Office(database, pbx, site.pk)


def calls_in_a_row(count: int, *, every_s: int = 97, first: int = 0) -> list[Call]:
    """Return *count* calls, one after another, alike from run to run but not to each other."""
    return [
        Call(
            number=number,
            start=FIRST_CALL + timedelta(seconds=every_s * number),
            talk_s=number * 37 % 400,
            extension="101" if number % 3 else "102",
            dialled=("00494020123456", "00493020123456", "0033123456789")[number % 5 % 3],
            account_code=("", "4711", "4712")[number % 3],
        )
        for number in range(first, first + count)
    ]


def _stamp(instant: datetime | None) -> str:
    return "" if instant is None else instant.strftime("%Y-%m-%d %H:%M:%S")
