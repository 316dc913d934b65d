"""`/healthz` and `/metrics`: what a load balancer and a monitoring system ask."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from tollbook import __version__
from tollbook.api.auth import holder_with, instant
from tollbook.api.errors import ApiError
from tollbook.app.intake.sources import SourceView
from tollbook.app.upkeep.health import Figures, check_health, figures
from tollbook.storage.db.installation import current

STATES = ("running", "waiting", "stopped", "failed", "unknown")
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 while calls can be stored and shown, else 503; no token, no names."""
    health = check_health(
        at=instant(),
        data_dir=current().settings.data_dir,
        disk_reserve_mb=current().settings.disk_reserve_mb,
    )
    body = {
        "status": health.status,
        "database": "ok" if health.database_answers else "does not answer",
        "disk": "ok" if health.disk_has_room else "full",
        "disk_free_mb": health.disk_free_bytes // (1024 * 1024),
        "sources": {state: health.sources_by_state.get(state, 0) for state in STATES},
    }
    return JsonResponse(body, status=503 if health.status == "failing" else 200)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format, to this machine or to a token with metrics:read."""
    if not _is_from_here(request):
        try:
            holder_with("metrics:read", _bearer(request))
        except ApiError as error:
            return JsonResponse(error.body(), status=error.status)
    at = instant()
    text = "".join(_exposition(figures(at=at, data_dir=current().settings.data_dir), at=at))
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _is_from_here(request: HttpRequest) -> bool:
    """Return whether the request was made on this machine and not passed on by a proxy on it."""
    if any(header in request.headers for header in _FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _bearer(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ApiError(
            401,
            "token.missing",
            "from another machine this needs a token with the scope metrics:read.",
            "header.Authorization",
        )
    return token


def _exposition(found: Figures, *, at: datetime) -> Iterator[str]:
    yield from _metric(
        "tollbook_info", "gauge", "The program's version.", [({"version": __version__}, 1)]
    )
    yield from _metric(
        "tollbook_records_total",
        "counter",
        "Records read from sources, by outcome.",
        [({"outcome": outcome}, count) for outcome, count in found.records.items()],
    )
    yield from _metric(
        "tollbook_calls_stored_total", "counter", "Calls stored.", [({}, found.records["calls"])]
    )
    yield from _metric(
        "tollbook_quarantine_records",
        "gauge",
        "Rejected records that wait for a decision.",
        [({}, found.waiting_rejects)],
    )
    yield from _metric(
        "tollbook_disk_free_bytes",
        "gauge",
        "Free space where the data lies.",
        [({}, found.disk_free_bytes)],
    )
    yield from _metric(
        "tollbook_source_state",
        "gauge",
        "1 for the state that a source is in.",
        [
            (_labels(source) | {"state": state}, int(source.state == state))
            for source in found.sources
            for state in STATES
        ],
    )
    yield from _metric(
        "tollbook_source_last_record_age_seconds",
        "gauge",
        "Seconds since a source delivered its last record.",
        [
            (_labels(source), round((at - source.last_record).total_seconds(), 3))
            for source in found.sources
            if source.last_record is not None
        ],
    )
    yield from _metric(
        "tollbook_source_stored_bytes_total",
        "counter",
        "Bytes of a source that are on disk.",
        [(_labels(source), source.stored_bytes) for source in found.sources],
    )


def _labels(source: SourceView) -> dict[str, str]:
    return {"source": source.name, "pbx": source.pbx}


def _metric(
    name: str, kind: str, words: str, samples: Iterable[tuple[dict[str, str], float]]
) -> Iterator[str]:
    yield f"# HELP {name} {words}\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{inside}}} {value}\n" if inside else f"{name} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
