"""Decisions over HTTP, beside the framework: a bare route for requests that come by the thousand.

`POST /api/v1/authorise`, `…/renew`, `…/settle` and `…/release`, each a small JSON object in and
out. Nothing of Django runs in between: the token is looked up once a second, the body is read
and checked by hand, and the answer is the text that was stored. `api.authorise` describes the
same four in the API's own pages and answers them wherever this route is not in front.
"""

import asyncio
import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db import DatabaseError

from tollbook.api.auth import holder_with, instant
from tollbook.api.errors import ApiError
from tollbook.app.access.tokens import Bearer, anybody_has
from tollbook.app.decisions.decider import (
    Answer,
    Decider,
    Release,
    Renewal,
    Request,
    Settled,
    Settlement,
    UnknownHold,
    UnknownPlace,
    decider,
)
from tollbook.app.decisions.group import CallEvent, EventOutcome
from tollbook.app.decisions.offline import answer_away
from tollbook.core.calendar import parse_instant
from tollbook.core.ledger import HoldEnded, KeyConflict
from tollbook.core.money import format_amount
from tollbook.storage.db.current import carried, current_alias, current_connection

LOG = logging.getLogger("tollbook.api")
PATH = "/api/v1/authorise"
SCOPE = "authorise"
LARGEST_BYTES = 16_384
TOKEN_KEPT_S = 1.0  # TTL of the token cache, in seconds: a revoked token is refused after it.
PATIENCE_S = 5.0  # A caller waits for a dial tone: after it the stated default decides.
_MOST_TOKENS = 1_000
_KEY = re.compile(r"[!-~]{1,120}", re.ASCII)
_TEXTS = ("caller", "dialled", "typed", "account_code", "pbx", "site", "device", "source_ip")
_ASKED = (*_TEXTS, "trunk", "switch_call_id")
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_LONGEST = {"switch_call_id": 255, "device": 255}
StartResponse = Callable[[str, list[tuple[str, str]]], object]
WsgiApplication = Callable[..., Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request: what comes behind the path, the key of the client, and the body."""

    verb: str
    key: str
    body: bytes
    token: str


class Holders:
    """Token cache: who holds which token, looked up at most once a second for each."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[float, Bearer]] = {}
        self._lock = threading.Lock()

    def known(self, authorization: str) -> Bearer | None:
        """Return who sends this header, if that is cached; raises ApiError."""
        return self._fresh(_key(_secret(authorization)))

    def of(self, authorization: str) -> Bearer:
        """Return who sends this header; raises ApiError."""
        secret = _secret(authorization)
        key = _key(secret)
        bearer = self._fresh(key)
        if bearer is not None:
            return bearer
        with self._lock:
            bearer = self._fresh(key)
            if bearer is None:
                before = self._known.get(key)
                bearer = self._looked_up(secret, before[1] if before else None)
                if len(self._known) >= _MOST_TOKENS:
                    self._known.clear()
                self._known[key] = time.monotonic() + TOKEN_KEPT_S, bearer
            return bearer

    def _fresh(self, key: tuple[str, str]) -> Bearer | None:
        known = self._known.get(key)
        return known[1] if known is not None and known[0] > time.monotonic() else None

    @staticmethod
    def _looked_up(secret: str, before: Bearer | None) -> Bearer:
        try:
            return holder_with(SCOPE, secret)
        except DatabaseError:
            if before is None:
                raise
            # If the database is away, the cached token stays valid, so that emergency calls pass.
            return before
        finally:
            current_connection().close_if_unusable_or_obsolete()


def _secret(authorization: str) -> str:
    """Return the token that a header brings; raises ApiError."""
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise ApiError(
            401,
            "token.missing",
            "this needs a token: send the header `Authorization: Bearer <token>`. "
            f"Make one with `tollbook token create --scope {SCOPE}`.",
            "header.Authorization",
        )
    return secret


def _key(secret: str) -> tuple[str, str]:
    """Return the cache key of a token: its installation and its SHA-256."""
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
    return current_alias(), digest


holders = Holders()


def make_ready() -> None:
    """Read the rules in a thread, if there is a token that may ask for decisions."""
    threading.Thread(target=carried(_make_ready), name="tollbook-rules", daemon=True).start()


def _make_ready() -> None:
    try:
        if anybody_has(SCOPE, at=instant()):
            decider().make_ready(instant())
    except DatabaseError as fault:
        LOG.warning("the rules could not be read (%s): the first question tries again.", fault)
    finally:
        current_connection().close()


def in_front_of(pages: WsgiApplication) -> WsgiApplication:
    """Return *pages* with the decisions before them."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith(PATH):
            return pages(environ, start_response)
        status, body = _answered(environ, path[len(PATH) :].strip("/"))
        start_response(STATUS_LINES[status], headers_of(status, body))
        return [body]  # A list, which the server sends in one write.

    return application


def headers_of(status: int, body: bytes) -> list[tuple[str, str]]:
    """Return the headers of an answer."""
    headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    if status == HTTPStatus.UNAUTHORIZED:
        headers.append(("WWW-Authenticate", 'Bearer realm="Tollbook"'))
    return headers


def _answered(environ: Mapping[str, Any], verb: str) -> tuple[int, bytes]:
    try:
        length = checked_length(environ["REQUEST_METHOD"], environ.get("CONTENT_LENGTH") or "")
        call = ApiRequest(
            verb,
            environ.get("HTTP_IDEMPOTENCY_KEY", ""),
            environ["wsgi.input"].read(length),
            environ.get("HTTP_AUTHORIZATION", ""),
        )
        return 200, decide_call(call, holders.of(call.token)).encode()
    except Exception as fault:  # noqa: BLE001 - whoever asks must be told; it is logged there
        return told(fault)


def told(fault: Exception) -> tuple[int, bytes]:
    """Return the status and the body that tell of *fault*; one that is ours is logged."""
    if isinstance(fault, ApiError):
        return fault.status, json.dumps(fault.body(), ensure_ascii=False).encode()
    LOG.error("POST %s failed", PATH, exc_info=fault)
    ours = ApiError(500, "internal", "the fault is ours and is written to the log.", PATH)
    return 500, json.dumps(ours.body()).encode()


def checked_length(method: str, length: str) -> int:
    """Return the length of a request's body in bytes; raises ApiError where it cannot be read."""
    if method != "POST":
        raise ApiError(405, "method.refused", "this is asked by POST.", PATH)
    if not (length.isascii() and length.isdigit()):
        raise ApiError(411, "body.length", "say the body's length.", "header.Content-Length")
    if int(length) > LARGEST_BYTES:
        raise ApiError(413, "body.too_large", f"at most {LARGEST_BYTES} bytes fit.", "body")
    return int(length)


def decide_call(call: ApiRequest, bearer: Bearer) -> str:
    """Return the answer to one request as JSON; raises ApiError."""
    event, decisions = _event(call, bearer), decider()
    if isinstance(event, Request) and not _KEY.fullmatch(call.key):
        return _without_key(decisions, event)
    try:
        return _told(decisions.decide(event, within_s=_patience_s(event)))
    except _FAULTS as fault:
        return _instead(event, fault)


async def decide_call_async(call: ApiRequest, bearer: Bearer) -> str:
    """Do as `decide_call` without blocking the event loop."""
    event, decisions = _event(call, bearer), decider()
    if isinstance(event, Request) and not _KEY.fullmatch(call.key):
        return await asyncio.to_thread(_without_key, decisions, event)
    try:
        async with asyncio.timeout(_patience_s(event)):
            return _told(await decisions.decide_async(event))
    except _FAULTS as fault:
        return await asyncio.to_thread(_instead, event, fault)


def _patience_s(event: CallEvent) -> float | None:
    """Return how long somebody waits; what is told of a call is done however long it takes."""
    return PATIENCE_S if isinstance(event, Request) else None


def _event(call: ApiRequest, bearer: Bearer) -> CallEvent:
    """Return what is asked or told; raises ApiError."""
    fields = _object(call.body)
    at = instant()
    if call.verb == "":
        return _request(fields, call, bearer, at)
    if call.verb == "renew":
        _refuse_unknown(fields, ("hold", "talked_s"))
        return Renewal(_hold(fields), at, _seconds(fields, "talked_s"))
    if call.verb == "settle":
        return _settlement(fields, at)
    if call.verb == "release":
        _refuse_unknown(fields, ("hold",))
        return Release(_hold(fields), at)
    raise ApiError(404, "path.unknown", f"there is nothing at {PATH}/{call.verb[:40]}.", PATH)


def _request(fields: Mapping[str, Any], call: ApiRequest, bearer: Bearer, at: datetime) -> Request:
    _refuse_unknown(fields, _ASKED)
    texts = {name: _text(fields, name) for name in _ASKED if name in fields}
    if not texts.get("caller") and not texts.get("device"):
        raise _wrong("caller", "is missing: the extension that calls, as text")
    if bool(texts.get("typed")) and (texts.get("dialled") or texts.get("account_code")):
        raise _wrong("typed", "holds number and code already; leave the others away")
    return Request(key=f"{bearer.token_id}:{call.key}", at=at, **{"caller": "", **texts})


def _settlement(fields: Mapping[str, Any], at: datetime) -> Settlement:
    _refuse_unknown(fields, ("hold", "talk_s", "answered"))
    answered = None
    if fields.get("answered") is not None:
        try:
            answered = parse_instant(_text(fields, "answered"))
        except ValueError as fault:
            raise _wrong("answered", str(fault)) from None
        if answered > at:
            raise _wrong("answered", "lies in the future")
    return Settlement(_hold(fields), at, _seconds(fields, "talk_s"), answered)


_FAULTS = (KeyConflict, UnknownHold, HoldEnded, UnknownPlace, DatabaseError, TimeoutError)


def _instead(event: CallEvent, fault: Exception) -> str:
    """Return what is answered without the database, or after waiting too long; raises ApiError."""
    if not isinstance(event, Request) or not isinstance(fault, DatabaseError | TimeoutError):
        raise _api_error(fault) from None
    away = answer_away(event)
    LOG.error("the database is away (%s): %s", fault, away.steps[-1].outcome)
    return away.as_json()


def _api_error(fault: Exception) -> ApiError:
    if isinstance(fault, KeyConflict):
        return ApiError(409, "key.conflict", str(fault), "header.Idempotency-Key")
    if isinstance(fault, UnknownHold):
        return ApiError(404, "hold.unknown", str(fault), "body.hold")
    if isinstance(fault, HoldEnded):
        return ApiError(409, "hold.ended", str(fault), "body.hold")
    if isinstance(fault, UnknownPlace):
        return ApiError(422, "parameter.invalid", str(fault), "body")
    LOG.error("the database cannot decide: %s", fault)
    return ApiError(
        503,
        "database.away",
        "the database does not answer. Nothing was changed. Send the same again soon.",
        PATH,
    )


def _without_key(decisions: Decider, request: Request) -> str:
    """Return the answer to who calls for help, for which nothing is set aside; others need a key.

    Raises ApiError.
    """
    try:
        answer = decisions.ask(request)
    except DatabaseError:
        answer = answer_away(request)
    if answer.steps[0].rule == "emergency":
        return answer.as_json()
    raise ApiError(
        422,
        "key.missing",
        "send the header `Idempotency-Key`: 1 to 120 visible characters, new for each call.",
        "header.Idempotency-Key",
    )


def _told(found: EventOutcome) -> str:
    """Return an outcome as JSON."""
    if isinstance(found, Answer):
        return found.as_json()
    if not isinstance(found, Settled):
        raise TypeError(f"a call was answered by {type(found).__name__}")
    return json.dumps(
        {
            "hold": found.hold,
            "state": found.state,
            "talk_s": found.talk_s,
            "charge": None if found.charge is None else format_amount(found.charge),
            "currency": found.currency,
            "excess": format_amount(found.excess),
        }
    )


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body.decode())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ApiError(422, "body.invalid", "the body must be one JSON object.", "body")
    return found


def _refuse_unknown(fields: Mapping[str, Any], known: Collection[str]) -> None:
    if any(name not in known for name in fields):
        unknown = sorted(set(fields).difference(known))
        raise _wrong(unknown[0][:64], f"is not known. Known: {', '.join(known)}")


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    longest = _LONGEST.get(name, 120)
    if not isinstance(value, str) or len(value) > longest or not _is_text(value):
        raise _wrong(name, f"must be text of at most {longest} characters")
    return value


def _is_text(value: str) -> bool:
    """Say whether a database can keep it: no NUL, no half of a surrogate pair."""
    if value.isascii():
        return "\0" not in value
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _hold(fields: Mapping[str, Any]) -> str:
    hold = fields.get("hold")
    if not isinstance(hold, str) or not 0 < len(hold) <= 160 or not _is_text(hold):
        raise _wrong("hold", "is missing: the hold that the answer named")
    return hold


def _seconds(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 <= value <= 31 * 86_400:
        raise _wrong(name, "must be whole seconds, at most 31 days")
    return value


def _wrong(name: str, finding: str) -> ApiError:
    return ApiError(422, "parameter.invalid", f"{name} {finding}.", f"body.{name}")
