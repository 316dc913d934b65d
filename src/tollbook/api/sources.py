"""`GET /sources`: where records come from and how each source is."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from tollbook.api.auth import NeedsScope, instant
from tollbook.api.errors import ErrorBody
from tollbook.app.intake.sources import source_states

router = Router(tags=["sources"], auth=NeedsScope("sources:read"))


class SourceToday(Schema):
    """What a source delivered since midnight at its site."""

    records: int
    calls: int
    parts: int
    skips: int
    rejects: int
    duplicates: int


class SourceBody(Schema):
    """A source and its state."""

    id: int
    name: str = Field(examples=["Reception SMDR"])
    pbx: str = Field(examples=["Reception"])
    site: str
    zone: str = Field(examples=["Europe/Berlin"])
    transport: str = Field(examples=["tcp-listen"])
    format: str = Field(examples=["3cx"])
    wanted: str = Field(description="running or stopped: what the administrator asked for")
    state: str = Field(description="running, waiting, stopped, failed or unknown")
    reason: str
    next_step: str
    since: datetime | None
    last_record: datetime | None
    today: SourceToday
    open_rejects: int


class SourceList(Schema):
    """All sources, by PBX and name."""

    sources: list[SourceBody]


@router.get(
    "",
    response={200: SourceList, 401: ErrorBody, 403: ErrorBody},
    summary="Sources and their state",
    operation_id="list_sources",
)
def list_sources(request: HttpRequest) -> dict[str, object]:  # noqa: ARG001 - ninja's signature
    """Every source that collects, with the reason and the next step where something is wrong."""
    return {"sources": source_states(at=instant())}
