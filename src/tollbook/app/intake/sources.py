"""Sources of records: add, start, stop, and say how each of them is.

`wanted` is what the administrator asked for and survives every restart; what is so is the
heartbeat that the collector writes. A heartbeat that has stopped makes the state *unknown*,
with the reason and the next step (EBC-62).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet

from tollbook.app.access.actor import Actor
from tollbook.app.access.audit import record_change
from tollbook.app.intake.result import IngestResult
from tollbook.app.intake.source_options import (
    BUILT,
    NOT_BUILT,
    Connecting,
    Following,
    Listening,
    OptionError,
    TransportOptions,
    place_of,
    read_options,
    zone_of,
)
from tollbook.core.instants import from_us, to_us
from tollbook.formats import (
    DefinitionError,
    FormatNotBuiltError,
    UnknownFormatError,
    load_definition,
)
from tollbook.storage.db.installation import door
from tollbook.storage.models import Pbx, Reject, Source, SourceDay, SourceState

# Two heartbeats missed and a little patience for a busy disk.
STALE_AFTER = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class SourceRefused:
    """An expected no: *code* is stable, *message* is for people; nothing was changed."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SourceAdded:
    """A source that was added, and is wanted running."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source as the screens show it.

    `state` is one of running, waiting, stopped, failed, unknown; `today` counts the day that it
    is at the source's site; `open_rejects` are all that still wait in quarantine.
    """

    id: int
    name: str
    pbx: str
    site: str
    zone: str
    transport: str
    format: str
    place: str
    options: Mapping[str, Any]
    wanted: str
    state: str
    reason: str
    next_step: str
    since: datetime | None
    seen: datetime | None
    last_record: datetime | None
    connected_peers: int
    stored_bytes: int
    today: IngestResult
    open_rejects: int


@dataclass(frozen=True, slots=True)
class WantedSource:
    """What a collector needs to know of a source; `zone` is the source's own, else its site's."""

    id: int
    name: str
    transport: str
    format: str
    options: Mapping[str, object]
    zone: str
    running: bool


@dataclass(slots=True)
class Heartbeat:
    """What a collector says about one source: written by the collector, stored now and then."""

    source_id: int = 0
    state: str = "waiting"
    reason: str = "The source is starting."
    next_step: str = ""
    since_us: int = 0
    last_record_us: int | None = None
    connected_peers: int = 0
    stored_bytes: int = 0


def add_source(
    *,
    pbx: str,
    transport: str,
    format_name: str,
    options: Mapping[str, object],
    at: datetime,
    actor: str,
    name: str | None = None,
) -> SourceAdded | SourceRefused:
    """Add a source to *pbx*, wanted running; everything is checked before anything is written."""
    refused = _check_kind(transport, format_name)
    if refused is not None:
        return refused
    kept = {key: value for key, value in sorted(options.items()) if value not in (None, "")}
    try:
        typed = read_options(transport, kept)
    except OptionError as fault:
        return SourceRefused("option", str(fault))
    with door().transaction():
        owner = Pbx.objects.filter(name=pbx).first()
        if owner is None:
            return SourceRefused("pbx_unknown", _no_such_pbx(pbx))
        name = (name or f"{pbx} {transport}").strip()
        refused = _check_free(owner, name, transport, typed)
        if refused is not None:
            return refused
        source = Source.objects.create(
            pbx=owner,
            name=name,
            transport=transport,
            format=format_name,
            options=kept,
            wanted="running",
            created_us=to_us(at),
        )
        record_change(
            Actor(actor, at), "source.add", of=("source", source.pk), after=_described(source)
        )
    return SourceAdded(id=source.pk, name=source.name)


def start_source(which: str | int, *, by: Actor) -> SourceView | SourceRefused:
    """Want a source running; its collector opens the port or file within a second."""
    return _want(which, "running", by=by)


def stop_source(which: str | int, *, by: Actor) -> SourceView | SourceRefused:
    """Want a source stopped; its collector closes the port, and it stays so after a restart."""
    return _want(which, "stopped", by=by)


def source_states(*, at: datetime) -> list[SourceView]:
    """Return all sources that collect (imports are none), by PBX and name."""
    sources = list(_collecting().order_by("pbx__name", "name"))
    return _views(sources, at=at)


def source_state(source_id: int, *, at: datetime) -> SourceView | None:
    """Return one source, or None if there is none with that id."""
    views = _views(list(_collecting().filter(pk=source_id)), at=at)
    return views[0] if views else None


def wanted_sources() -> list[WantedSource]:
    """Return what collectors must know of every source, by id."""
    return [
        WantedSource(
            id=source.pk,
            name=source.name,
            transport=source.transport,
            format=source.format,
            options=source.options,
            zone=zone_of(source.options) or source.pbx.site.zone,
            running=source.wanted == "running",
        )
        for source in _collecting().order_by("pk")
    ]


def record_heartbeats(heartbeats: Iterable[Heartbeat], *, at: datetime) -> None:
    """Store what collectors say, all of it in one transaction."""
    rows = [
        SourceState(
            source_id=beat.source_id,
            state=beat.state,
            reason=beat.reason,
            next_step=beat.next_step,
            since_us=beat.since_us,
            seen_us=to_us(at),
            last_record_us=beat.last_record_us,
            connected_peers=beat.connected_peers,
            bytes_total=beat.stored_bytes,
        )
        for beat in heartbeats
    ]
    if not rows:
        return
    with door().transaction():
        known = set(Source.objects.values_list("pk", flat=True))
        last = dict(SourceState.objects.values_list("source_id", "last_record_us"))
        for row in rows:
            # A collector that has just begun has heard nothing yet; the one before it has.
            if row.last_record_us is None:
                row.last_record_us = last.get(row.source_id)
        SourceState.objects.bulk_create(
            [row for row in rows if row.source_id in known],
            update_conflicts=True,
            unique_fields=["source"],
            update_fields=[
                "state",
                "reason",
                "next_step",
                "since_us",
                "seen_us",
                "last_record_us",
                "connected_peers",
                "bytes_total",
            ],
        )


def _collecting() -> QuerySet[Source]:
    return Source.objects.exclude(transport="import").select_related("pbx__site")


def _check_kind(transport: str, format_name: str) -> SourceRefused | None:
    if transport in NOT_BUILT:
        return SourceRefused("transport_unbuilt", f'transport "{transport}" is not built yet.')
    if transport not in BUILT:
        known = ", ".join(BUILT)
        return SourceRefused("transport", f'there is no transport "{transport}". Known: {known}.')
    if "/" in format_name or format_name.endswith(".toml"):
        return SourceRefused(
            "format_file",
            f'"{format_name}" is a file, and a source needs a format by name. Nothing was added. '
            "`tollbook formats` lists them.",
        )
    try:
        load_definition(format_name)
    except FormatNotBuiltError as fault:
        return SourceRefused("format_unbuilt", f"{fault} Nothing was added.")
    except (UnknownFormatError, DefinitionError) as fault:
        return SourceRefused("format_unknown", f"{fault} Nothing was added.")
    return None


def _no_such_pbx(name: str) -> str:
    known = ", ".join(f'"{known}"' for known in Pbx.objects.values_list("name", flat=True))
    return (
        f'there is no PBX "{name}". Nothing was added. '
        f"Known: {known or 'none'}. Add it with `tollbook pbx add`."
    )


def _check_free(
    pbx: Pbx, name: str, transport: str, options: TransportOptions
) -> SourceRefused | None:
    """Refuse a name, a port or a file that another source has."""
    if Source.objects.filter(pbx=pbx, name=name).exists():
        return SourceRefused(
            "name_taken",
            f'{pbx.name} already has a source "{name}". Nothing was added. '
            "Give the new one another --name.",
        )
    for other in Source.objects.filter(transport=transport):
        theirs = read_options(transport, other.options)
        if _same_place(options, theirs):
            return SourceRefused(
                "place_taken",
                f'source "{other.name}" already reads {place_of(theirs)}. Nothing was added. '
                "Choose another one, or stop using the first.",
            )
    return None


def _same_place(one: TransportOptions, other: TransportOptions) -> bool:
    match one, other:
        case Listening(), Listening():
            anywhere = {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
            same_host = one.host == other.host or bool({one.host, other.host} & anywhere)
            return one.port == other.port and same_host
        case Connecting(), Connecting():
            return (one.host, one.port) == (other.host, other.port)
        case Following(), Following():
            return one.path == other.path
    return False


def _want(which: str | int, wanted: str, *, by: Actor) -> SourceView | SourceRefused:
    with door().transaction():
        source = _find(which)
        if isinstance(source, SourceRefused):
            return source
        if source.wanted != wanted:
            before = source.wanted
            Source.objects.filter(pk=source.pk).update(wanted=wanted)
            source.wanted = wanted
            record_change(
                by,
                "source.start" if wanted == "running" else "source.stop",
                of=("source", source.pk),
                before={"wanted": before},
                after={"wanted": wanted},
            )
    return _views([source], at=by.at)[0]


def _find(which: str | int) -> Source | SourceRefused:
    """Find a source by its id or its name."""
    named = list(_collecting().filter(name=str(which)))
    if not named and str(which).isascii() and str(which).isdigit():
        named = list(_collecting().filter(pk=int(which)))
    if len(named) == 1:
        return named[0]
    if named:
        numbers = ", ".join(f"{source.pk} ({source.pbx.name})" for source in named)
        return SourceRefused(
            "source_ambiguous", f'several sources are named "{which}": say {numbers}.'
        )
    return SourceRefused(
        "source_unknown", f'there is no source "{which}". `tollbook source list` shows them.'
    )


def _views(sources: list[Source], *, at: datetime) -> list[SourceView]:
    ids = [source.pk for source in sources]
    states = SourceState.objects.in_bulk(ids)
    rejects = dict(
        Reject.objects.filter(source__in=ids, state="new")
        .values_list("source")
        .annotate(Count("pk"))
    )
    days = {source.pk: _day(at, source.pbx.site.zone) for source in sources}
    counts = {
        (row.source_id, row.day): row
        for row in SourceDay.objects.filter(source__in=ids, day__in=set(days.values()))
    }
    return [
        _view(
            source,
            states.get(source.pk),
            counts.get((source.pk, days[source.pk])),
            open_rejects=rejects.get(source.pk, 0),
            at=at,
        )
        for source in sources
    ]


def _view(
    source: Source,
    beat: SourceState | None,
    day: SourceDay | None,
    *,
    open_rejects: int,
    at: datetime,
) -> SourceView:
    state, reason, next_step = _state(source, beat, at=at)
    return SourceView(
        id=source.pk,
        name=source.name,
        pbx=source.pbx.name,
        site=source.pbx.site.name,
        zone=source.pbx.site.zone,
        transport=source.transport,
        format=source.format,
        place=place_of(read_options(source.transport, source.options)),
        options=source.options,
        wanted=source.wanted,
        state=state,
        reason=reason,
        next_step=next_step,
        since=_instant(beat.since_us if beat else None),
        seen=_instant(beat.seen_us if beat else None),
        last_record=_instant(beat.last_record_us if beat else None),
        connected_peers=beat.connected_peers if beat and state == "running" else 0,
        stored_bytes=beat.bytes_total if beat else 0,
        today=_counts(day),
        open_rejects=open_rejects,
    )


def _state(source: Source, beat: SourceState | None, *, at: datetime) -> tuple[str, str, str]:
    """Return state, reason and next step; a heartbeat that stopped says nothing any more."""
    fresh = beat is not None and to_us(at) - (beat.seen_us or 0) <= _us(STALE_AFTER)
    if source.wanted == "stopped" and not (fresh and beat and beat.state != "stopped"):
        return "stopped", "The source was stopped by hand.", "Start it to collect again."
    if beat is None or beat.seen_us is None:
        return (
            "unknown",
            "No collector has reported on this source yet.",
            "Start `tollbook serve` or `tollbook collect` on this data folder.",
        )
    if not fresh:
        seen = from_us(beat.seen_us).strftime("%Y-%m-%d %H:%M:%S UTC")
        return (
            "unknown",
            f"The collector has not reported since {seen}: it has ended or hangs.",
            "Look at its messages, then start `tollbook serve` or `tollbook collect` again.",
        )
    return beat.state, beat.reason, beat.next_step


def _described(source: Source) -> dict[str, object]:
    return {
        "name": source.name,
        "transport": source.transport,
        "format": source.format,
        "options": source.options,
        "wanted": source.wanted,
    }


def _counts(day: SourceDay | None) -> IngestResult:
    if day is None:
        return IngestResult()
    return IngestResult(*(getattr(day, one.name) for one in fields(IngestResult)))


def _day(at: datetime, zone: str) -> int:
    local = at.astimezone(ZoneInfo(zone))
    return local.year * 10_000 + local.month * 100 + local.day


def _instant(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


def _us(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
