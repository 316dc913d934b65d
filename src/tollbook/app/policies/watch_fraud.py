"""Watches new calls for fraud: too many, too dear, or a dear destination that is new.

A job looks at calls that were stored since it last looked and began within a day: an alarm is
about what happens now, not about an old file. A guard alarms once an occasion; one that closes
keeps the extension from further outgoing calls until somebody lifts it.

Source: docs/manual/policies.md, "Guards against fraud".
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tollbook.app.policies.alarms import NewAlarm, raise_alarms
from tollbook.app.policies.budgets import holder_words
from tollbook.app.policies.class_rules import read_hours
from tollbook.app.words import counted
from tollbook.core.calendar import Calendar
from tollbook.core.instants import from_us, to_us
from tollbook.core.money import format_amount, from_micros
from tollbook.storage.db.installation import door
from tollbook.storage.models import FraudGuard, Meta, Site
from tollbook.storage.models.policies import GuardKind
from tollbook.storage.policies.recent_calls import (
    RecentCall,
    newest_call_id,
    outgoing_calls,
    was_called_before,
)

LOOK_BACK = timedelta(days=1)
OCCASION_S = 3_600  # A guard alarms about an extension once an hour, or once a window if longer.
_WATERMARK = "fraud:last_call"
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class _FraudFinding:
    """What a guard found: the call that went too far, and what it counted in words."""

    call: RecentCall
    words: str


def watch(*, at: datetime) -> int:
    """Look at the calls that are new, raise alarms, and return how many guards were touched off."""
    guards = list(FraudGuard.objects.filter(active=True))
    newest = newest_call_id()
    last = _watermark()
    if newest <= last:
        return 0
    since_us = to_us(at - LOOK_BACK)
    fresh = outgoing_calls(extension_ids=None, since_us=since_us, after_id=last) if guards else []
    alarms = [alarm for guard in guards for alarm in _judge(guard, fresh)]
    with door().transaction():
        raise_alarms(alarms)
        Meta.objects.update_or_create(key=_WATERMARK, defaults={"value": str(newest)})
    return len(alarms)


def _watermark() -> int:
    row = Meta.objects.filter(key=_WATERMARK).first()
    return int(row.value) if row else 0


def _judge(guard: FraudGuard, fresh: Sequence[RecentCall]) -> list[NewAlarm]:
    watched = [call for call in fresh if _watches(guard, call)]
    if not watched:
        return []
    if guard.kind == GuardKind.NEW_DESTINATION:
        found = _new_destinations(guard, watched)
    else:
        found = _too_much(guard, watched)
    return [_alarm(guard, one) for one in found]


def _watches(guard: FraudGuard, call: RecentCall) -> bool:
    wanted = (
        (guard.extension_id, call.extension_id),
        (guard.department_id, call.department_id),
        (guard.site_id, call.site_id),
    )
    return all(row_id is None or row_id == has for row_id, has in wanted)


def _too_much(guard: FraudGuard, fresh: Sequence[RecentCall]) -> list[_FraudFinding]:
    """Return the first new call of each extension at which the window held too much."""
    window_us = guard.window_s * _MICRO
    extensions = sorted({call.extension_id for call in fresh})
    since_us = min(call.begin_us for call in fresh) - window_us
    new = {call.id for call in fresh}
    windows: dict[int, deque[RecentCall]] = {each: deque() for each in extensions}
    found: dict[int, _FraudFinding] = {}
    for call in outgoing_calls(extension_ids=extensions, since_us=since_us):
        window = windows[call.extension_id]
        window.append(call)
        while window[0].begin_us <= call.begin_us - window_us:
            window.popleft()
        spent = guard.kind == GuardKind.SPEND
        reached = sum(each.micros for each in window) if spent else len(window)
        if reached > guard.threshold and call.id in new and call.extension_id not in found:
            amount = format_amount(from_micros(reached)) if spent else counted(reached, "call")
            words = f"{amount} within {guard.window_s} s"
            found[call.extension_id] = _FraudFinding(call, words)
    return list(found.values())


def _new_destinations(guard: FraudGuard, fresh: Sequence[RecentCall]) -> list[_FraudFinding]:
    """Return dear calls to destinations that the site never called before, in the guard's hours."""
    zones = {site.pk: site.zone for site in Site.objects.all()}
    found: dict[tuple[int, str], _FraudFinding] = {}
    for call in fresh:
        place = call.site_id, call.destination
        if not call.destination or place in found or not _is_dear(guard, call):
            continue
        if not _is_open(guard, call, zones[call.site_id]):
            continue
        if not was_called_before(
            site_id=call.site_id, destination=call.destination, before_us=call.begin_us
        ):
            words = f"first call to {call.destination}, {format_amount(from_micros(call.micros))}"
            found[place] = _FraudFinding(call, words)
    return list(found.values())


def _is_dear(guard: FraudGuard, call: RecentCall) -> bool:
    """Say whether a minute of the call cost the threshold or more."""
    talk_ms = max(call.talk_ms, 1)
    return call.micros > 0 and call.micros * 60_000 >= guard.threshold * talk_ms


def _is_open(guard: FraudGuard, call: RecentCall, zone: str) -> bool:
    windows = [named.window for named in read_hours(guard.hours)]
    if not windows:
        return True
    return Calendar(zone, None, windows).open_at(call.begin_us // _MICRO) != 0


def _alarm(guard: FraudGuard, found: _FraudFinding) -> NewAlarm:
    call = found.call
    occasion = call.begin_us // (max(guard.window_s, OCCASION_S) * _MICRO)
    who = holder_words("extension", call.extension_id)
    site = Site.objects.get(pk=call.site_id)
    local = from_us(call.begin_us).astimezone(ZoneInfo(site.zone))
    closed = "; its outgoing calls are closed until somebody lifts this" if guard.closes else ""
    return NewAlarm(
        key=f"guard:{guard.pk}:{call.extension_id}:{call.destination[:60]}:{occasion}"
        if guard.kind == GuardKind.NEW_DESTINATION
        else f"guard:{guard.pk}:{call.extension_id}:{occasion}",
        kind="fraud",
        at=from_us(call.begin_us),
        message=f"{guard.name}: {who}, {found.words}, at {local:%Y-%m-%d %H:%M:%S}{closed}.",
        details={"call": call.id, "callee": call.callee, "found": found.words},
        holder=("extension", call.extension_id),
        guard_id=guard.pk,
        closes=guard.closes,
    )
