"""An office in the tables, and batches of calls for it as a parser would fill them."""

from dataclasses import dataclass

from support.factories import (
    make_code,
    make_department,
    make_extension,
    make_owner,
    make_pbx,
    make_segment,
    make_site,
    make_source,
    make_tariff,
    make_trunk,
)
from tollbook.core.batch import CallBatch, Position
from tollbook.storage.models import (
    AccountCode,
    Department,
    Extension,
    Owner,
    RawSegment,
    TariffVersion,
    Trunk,
)
from tollbook.storage.models.raw import RecordKind

NOON_US = 1_769_860_800_000_000  # 2026-01-31T12:00:00Z
SECOND_US = 1_000_000
RECORD_BYTES = 100


@dataclass(frozen=True, slots=True)
class Office:
    """Ids of what calls refer to."""

    site: int
    pbx: int
    source: int
    segment: int
    department: int
    extensions: tuple[int, int]
    trunk: int
    owner: int
    account_code: int
    tariff_version: int


def make_office() -> Office:
    """Make a site with a PBX, a source of one segment, extensions 101 and 102 and the rest."""
    site = make_site("Main", zone="Europe/Berlin")
    pbx = make_pbx("hq", site=site)
    source = make_source("file", transport="import")
    segment = make_segment(source, path="raw/1.seg", first_received_us=NOON_US)
    sales = make_department("Sales")
    anna = make_extension("101", name="Anna", department=sales)
    bert = make_extension("102", name="Bert")
    trunk = make_trunk("PJSIP/carrier", label="Carrier")
    owner = make_owner("Law firm")
    code = make_code("7001", description="Smith v. Jones", owner=owner)
    [version] = make_tariff("Carrier A", "{}", begins_us=[0])
    return Office(
        site=site.pk,
        pbx=pbx.pk,
        source=source.pk,
        segment=segment.pk,
        department=sales.pk,
        extensions=(anna.pk, bert.pk),
        trunk=trunk.pk,
        owner=owner.pk,
        account_code=code.pk,
        tariff_version=version.pk,
    )


def known_office() -> Office:
    """Return the office that `make_office` has made, for another process."""
    segment = RawSegment.objects.select_related("source__pbx").get()
    anna, bert = Extension.objects.order_by("number")
    return Office(
        site=segment.source.pbx.site_id,
        pbx=segment.source.pbx_id,
        source=segment.source_id,
        segment=segment.pk,
        department=Department.objects.get().pk,
        extensions=(anna.pk, bert.pk),
        trunk=Trunk.objects.get().pk,
        owner=Owner.objects.get().pk,
        account_code=AccountCode.objects.get().pk,
        tariff_version=TariffVersion.objects.get().pk,
    )


def empty_batch(office: Office, *, position: Position | None = None) -> CallBatch:
    """Return a batch that holds nothing yet."""
    return CallBatch(
        source_id=office.source,
        pbx_id=office.pbx,
        site_id=office.site,
        segment_id=office.segment,
        received_us=NOON_US,
        day=20260131,
        position=position,
    )


def add_record(batch: CallBatch, nth: int, kind: RecordKind, reason: str = "") -> int:
    """Add the segment's *nth* record, from 0, and return its index in the batch."""
    values = (nth * RECORD_BYTES, RECORD_BYTES, nth + 1, int(kind), reason)
    for column, value in zip(batch.records.lists(), values, strict=True):
        column.append(value)
    return len(batch.records) - 1


def add_call(
    batch: CallBatch,
    office: Office,
    record: int,
    *,
    nth: int,
    charge_micros: int | None = 250_000,
    **changes: object,
) -> int:
    """Add the office's *nth* call with its charge and return its index in the batch.

    Calls begin a second apart; the n-th talks n seconds, even ones are of Anna (101, Sales) for
    account code 7001, odd ones of Bert (102). *changes* are other values of columns.
    """
    even = nth % 2 == 0
    begin_us = NOON_US + nth * SECOND_US
    values: dict[str, object] = {
        "record": record,
        "begin_us": begin_us,
        "start_us": begin_us,
        "answer_us": begin_us + 5 * SECOND_US,
        "end_us": begin_us + (5 + nth) * SECOND_US,
        "ring_ms": 5_000,
        "talk_ms": nth * 1_000,
        "answered": True,
        "direction": 2,
        "caller": "101" if even else "102",
        "caller_name": "Anna" if even else "Bert",
        "dialled": f"0049301{nth:06}",
        "callee": f"49301{nth:06}",
        "callee_name": "",
        "destination": "Berlin",
        "call_type": "national",
        "trunk_id": office.trunk,
        "extension_id": office.extensions[nth % 2],
        "department_id": office.department if even else None,
        "account_code": "7001" if even else "",
        "account_code_ref_id": office.account_code if even else None,
        "owner_id": office.owner if even else None,
        "authorisation_code": "",
        "pbx_call_id": f"{nth}.1",
        "source_ip": "",
        "pulses": None,
        "partial": False,
        "legs_count": 1,
        "dedupe_hash": 7_919 * nth - 2**40,
        **changes,
    }
    for name, column in zip(batch.calls.names(), batch.calls.lists(), strict=True):
        column.append(values[name])
    index = len(batch.calls) - 1
    add_charge(batch, office, index, amount_micros=charge_micros)
    return index


def add_charge(
    batch: CallBatch, office: Office, call: int, *, amount_micros: int | None, kind: str = "charge"
) -> None:
    """Add a charge of the call at that index; an amount of null is an unrated call."""
    rated = amount_micros is not None
    values = (
        *(call, kind, office.tariff_version if rated else None, 0 if rated else None),
        *("49" if rated else "", "", 60 if rated else 0, amount_micros),
        *("EUR" if rated else "", "" if rated else "no_prefix"),
    )
    for column, value in zip(batch.charges.lists(), values, strict=True):
        column.append(value)


def calls_batch(office: Office, first: int, count: int) -> CallBatch:
    """Return a batch of *count* records that are a call each, from the *first* of the segment."""
    end = Position((first + count) * RECORD_BYTES, first + count)
    batch = empty_batch(office, position=end)
    for nth in range(first, first + count):
        add_call(batch, office, add_record(batch, nth, RecordKind.CALL), nth=nth)
    return batch
