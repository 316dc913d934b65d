"""Publishing a tariff: a document that holds becomes an immutable version, or is refused whole."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.pricing.plans import is_moved, valid_from_us
from tollbook.app.pricing.tariff_documents import uncollected
from tollbook.app.tariffs.assign import assign_default, nothing_assigned
from tollbook.core.instants import from_us, to_us
from tollbook.core.tariff import (
    Fault,
    TariffDefinition,
    TariffSyntaxError,
    decode_tariff,
    read_tariff,
    tariff_document,
)
from tollbook.storage.db.installation import door
from tollbook.storage.models import Call, Tariff, TariffAssignment, TariffVersion

# The first version of a tariff serves all calls, also those from before it was written down.


@dataclass(frozen=True, slots=True)
class Published:
    """A version in the database.

    `is_new` is false when the same document was the newest version already; `is_default` says
    whether it now prices every call that no other assignment claims. `doubts` refuse nothing.
    """

    tariff_id: int
    name: str
    version_id: int
    number: int
    valid_from: datetime
    is_new: bool
    is_default: bool
    doubts: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Faulty:
    """A document that was refused whole; nothing was changed."""

    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class TariffInfo:
    """A tariff with its newest version and whether an assignment uses it."""

    tariff_id: int
    name: str
    currency: str
    zone: str
    versions: int
    newest_number: int
    newest_valid_from: datetime
    assigned: bool


def check_tariff(raw: bytes, *, name: str) -> tuple[TariffDefinition | None, tuple[Fault, ...]]:
    """Return the tariff in the bytes of the file *name*, None if refused, and all its faults."""
    try:
        document = decode_tariff(raw, name=name)
    except TariffSyntaxError as fault:
        return None, (Fault(fault.place, "tariff.syntax", fault.message),)
    reading = read_tariff(document)
    return reading.tariff, reading.faults


def publish_tariff(
    document: Mapping[str, object],
    *,
    by: Actor,
    valid_from: datetime | None = None,
    default: bool = False,
) -> Published | Faulty:
    """Store *document* as the next version of the tariff that it names.

    It prices calls that begin at *valid_from* or later: without one the first version serves
    all calls, a later one those from *at* on. With *default*, or when nothing is assigned yet,
    every call that no other assignment claims is priced by it.
    """
    reading = read_tariff(document)
    if reading.tariff is None:
        return Faulty(reading.faults)
    return publish(
        reading.tariff, doubts=reading.faults, by=by, valid_from=valid_from, default=default
    )


def publish(
    tariff: TariffDefinition,
    *,
    by: Actor,
    doubts: tuple[Fault, ...] = (),
    valid_from: datetime | None = None,
    default: bool = False,
) -> Published | Faulty:
    """Do as `publish_tariff` with a tariff that was read already."""
    with uncollected():
        text = json.dumps(tariff_document(tariff), ensure_ascii=False, separators=(",", ":"))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with door().transaction():
        stored, _ = Tariff.objects.get_or_create(
            name=tariff.name, defaults={"currency": tariff.currency, "zone": str(tariff.zone)}
        )
        if stored.currency != tariff.currency:
            return Faulty((_other_currency(stored, tariff),))
        versions = TariffVersion.objects.filter(tariff=stored).defer("document")
        newest = versions.order_by("-number").first()
        effective_us = valid_from_us(is_first=newest is None, valid_from=valid_from, at=by.at)
        version, is_new = newest, False
        if version is None or version.sha256 != sha256 or is_moved(version, valid_from):
            version, is_new = (
                _next_version(stored, newest, text, sha256, effective_us, by.at, by.name),
                True,
            )
            Tariff.objects.filter(pk=stored.pk).update(zone=str(tariff.zone))
            record_change(
                by,
                "tariff.publish",
                of=("tariff", stored.pk),
                before={"version": newest.number} if newest else None,
                after={"name": stored.name, "version": version.number, "sha256": sha256},
            )
        is_default = default or nothing_assigned()
        if is_default:
            assign_default(stored.pk, by=by)
    return Published(
        tariff_id=stored.pk,
        name=stored.name,
        version_id=version.pk,
        number=version.number,
        valid_from=from_us(version.valid_from_us),
        is_new=is_new,
        is_default=is_default,
        doubts=doubts,
    )


def list_tariffs() -> tuple[TariffInfo, ...]:
    """Return all tariffs by name."""
    found = []
    for tariff in Tariff.objects.order_by("name"):
        versions = TariffVersion.objects.filter(tariff=tariff).order_by("-number")
        newest = versions.only("number", "valid_from_us").first()
        if newest is not None:
            found.append(
                TariffInfo(
                    tariff_id=tariff.pk,
                    name=tariff.name,
                    currency=tariff.currency,
                    zone=tariff.zone,
                    versions=versions.count(),
                    newest_number=newest.number,
                    newest_valid_from=from_us(newest.valid_from_us),
                    assigned=TariffAssignment.objects.filter(tariff=tariff).exists(),
                )
            )
    return tuple(found)


def _next_version(
    stored: Tariff,
    newest: TariffVersion | None,
    text: str,
    sha256: str,
    valid_from_us: int,
    at: datetime,
    actor: str,
) -> TariffVersion:
    return TariffVersion.objects.create(
        tariff=stored,
        number=newest.number + 1 if newest else 1,
        document=text,
        sha256=sha256,
        valid_from_us=valid_from_us,
        created_us=to_us(at),
        created_by=actor,
    )


def _other_currency(stored: Tariff, tariff: TariffDefinition) -> Fault:
    return Fault(
        "currency",
        "tariff.currency_changed",
        f'"{stored.name}" is in {stored.currency} and its charges stay so; this document is in '
        f"{tariff.currency}. Give it another name",
    )


def is_any_call_since(valid_from: datetime) -> bool:
    """Say whether a call is stored that began at *valid_from* or later: it keeps its old price."""
    return Call.objects.filter(begin_us__gte=to_us(valid_from)).exists()
