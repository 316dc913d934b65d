"""The alarms that people read: found, marked as seen, and lifted where they closed a telephone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.core.instants import from_us, to_us
from tollbook.storage.db.installation import door
from tollbook.storage.models import Alarm

KIND_WORDS = {
    "budget": "Budget",
    "fraud": "Fraud",
    "below_zero": "Below zero",
    "above_hold": "Above its hold",
    "hold_expired": "Never ended",
    "estimated": "Estimated",
}


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """Which alarms are asked for: *q* is in what they say; None asks nothing."""

    q: str = ""
    kind: str = ""
    seen: bool | None = None
    closing: bool | None = None
    sort: str = "-at"


@dataclass(frozen=True, slots=True)
class AlarmInfo:
    """An alarm; `call_id` is the call that raised it, `closes` that it closed the extension.

    `number` and `name` are the extension's, "" for an alarm of none.
    """

    id: int
    at: datetime
    kind: str
    kind_words: str
    message: str
    call_id: int | None
    number: str
    name: str
    closes: bool
    is_seen: bool
    seen_by: str
    is_lifted: bool
    lifted_by: str


SORTS = {"at": ("at_us", "id"), "-at": ("-at_us", "-id")}


def alarms_matching(wanted: AlarmFilter) -> QuerySet[Alarm]:
    """Return the alarms that are asked for, newest first unless asked otherwise."""
    rows = Alarm.objects.select_related("extension", "department", "owner", "guard")
    if wanted.q:
        rows = rows.filter(
            Q(message__icontains=wanted.q)
            | Q(extension__number__icontains=wanted.q)
            | Q(extension__name__icontains=wanted.q)
        )
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.seen is not None:
        rows = rows.filter(seen_us__isnull=not wanted.seen)
    if wanted.closing is not None:
        closing = Q(closes=True, lifted_us=None)
        rows = rows.filter(closing if wanted.closing else ~closing)
    return rows.order_by(*SORTS.get(wanted.sort, SORTS["-at"]))


def count_alarms(wanted: AlarmFilter) -> int:
    """Return how many alarms are asked for."""
    return alarms_matching(wanted).count()


def list_alarms(wanted: AlarmFilter, *, first: int, count: int) -> list[AlarmInfo]:
    """Return the alarms that are asked for, *count* from the *first* on (0-based)."""
    return [_info(row) for row in alarms_matching(wanted)[first : first + count]]


def every_alarm(wanted: AlarmFilter) -> Iterator[AlarmInfo]:
    """Yield all alarms that are asked for."""
    yield from map(_info, alarms_matching(wanted))


def _info(row: Alarm) -> AlarmInfo:
    call = row.details.get("call")
    return AlarmInfo(
        id=row.pk,
        at=from_us(row.at_us),
        kind=row.kind,
        kind_words=KIND_WORDS.get(row.kind, row.kind),
        message=row.message,
        call_id=call if isinstance(call, int) else None,
        number=row.extension.number if row.extension else "",
        name=row.extension.name if row.extension else "",
        closes=row.closes,
        is_seen=row.seen_us is not None,
        seen_by=row.seen_by,
        is_lifted=row.lifted_us is not None,
        lifted_by=row.lifted_by,
    )


def count_unseen() -> int:
    """Return how many alarms nobody has seen."""
    return Alarm.objects.filter(seen_us=None).count()


def mark_seen(alarm_ids: list[int], *, by: Actor) -> int:
    """Mark alarms as seen and return how many were not before; they stay in the list."""
    with door().transaction():
        rows = Alarm.objects.filter(pk__in=alarm_ids, seen_us=None)
        ids = list(rows.values_list("pk", flat=True))
        rows.update(seen_us=to_us(by.at), seen_by=by.name)
        for alarm_id in ids:
            record_change(by, "alarm.seen", of=("alarm", alarm_id))
    return len(ids)


def lift(alarm_id: int, *, by: Actor) -> bool:
    """Open what an alarm closed; False: there is none that closes. A lock set by hand stays."""
    with door().transaction():
        row = Alarm.objects.filter(pk=alarm_id, closes=True, lifted_us=None).first()
        if row is None:
            return False
        row.lifted_us, row.lifted_by = to_us(by.at), by.name
        if row.seen_us is None:
            row.seen_us, row.seen_by = to_us(by.at), by.name
        row.save(update_fields=["lifted_us", "lifted_by", "seen_us", "seen_by"])
        record_change(
            by,
            "alarm.lift",
            of=("alarm", alarm_id),
            before={"message": row.message, "closes": True},
            after={"closes": False},
        )
    return True
