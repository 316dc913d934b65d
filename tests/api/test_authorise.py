"""Decisions over HTTP: the bare route and the one in the framework answer alike."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client

from support.databases import Database
from support.prepaid import CENT, PARIS, balance, open_prepaid
from tollbook.api import decisions
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import create_token
from tollbook.storage.models import LedgerHold
from tollbook.wiring.clock import now

PATH = "/api/v1/authorise"
Post = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(params=["bare", "framework"])
def post(request: pytest.FixtureRequest, database: Database) -> Post:
    """Send a body to one of the two routes as the holder of a token; its status and answer."""
    open_prepaid(database)
    secret = create_token(scopes=["authorise"], by=Actor("test", now())).secret
    decisions.holders = decisions.Holders()
    bare = decisions.in_front_of(get_wsgi_application())

    def send(
        body: object, *, verb: str = "", key: str = "k1", token: str = secret, raw: bytes = b""
    ) -> tuple[int, dict[str, Any]]:
        content = raw or json.dumps(body).encode()
        path = f"{PATH}/{verb}" if verb else PATH
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        if request.param == "framework":
            answer = Client(headers=headers).post(path, content, content_type="application/json")
            return answer.status_code, answer.json()
        return wsgi(bare, path, content, headers)

    return send


def wsgi(
    application: decisions.WsgiApplication,
    path: str,
    content: bytes,
    headers: dict[str, str],
    method: str = "POST",
) -> tuple[int, dict[str, Any]]:
    told: list[str] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(content)),
        "CONTENT_TYPE": "application/json",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(content),
        "wsgi.url_scheme": "http",
        **{f"HTTP_{name.upper().replace('-', '_')}": text for name, text in headers.items()},
    }
    body = b"".join(application(environ, lambda status, _headers: told.append(status)))
    return int(told[0][:3]), json.loads(body)


ASK = {"caller": "101", "dialled": PARIS, "pbx": "Reception"}


def test_a_call_from_the_question_to_the_charge(post: Post) -> None:
    status, answer = post(ASK)
    assert (status, answer["allowed"], answer["number"]) == (200, True, "8888" + PARIS)
    assert list(answer) == [
        *("allowed", "reason", "number", "caller_id", "limit_s", "hold", "account", "steps")
    ]
    assert balance()[1] > 0

    status, longer = post({"hold": answer["hold"], "talked_s": 50}, verb="renew")
    assert (status, longer["limit_s"]) == (200, answer["limit_s"])

    status, settled = post({"hold": answer["hold"], "talk_s": 116}, verb="settle")
    assert (status, settled["state"], settled["charge"]) == (200, "captured", "0.14")
    assert balance() == (86 * CENT, 0)

    status, ended = post({"hold": answer["hold"]}, verb="release")
    assert (status, ended["code"]) == (409, "hold.ended")


def test_the_same_key_gets_the_first_answer(post: Post) -> None:
    first = post(ASK)

    assert post(ASK) == first
    status, conflict = post({**ASK, "dialled": "0033999"})
    assert (status, conflict["code"]) == (409, "key.conflict")
    assert LedgerHold.objects.count() == 1


def test_a_released_call_gives_everything_back(post: Post) -> None:
    _, answer = post(ASK)

    status, ended = post({"hold": answer["hold"]}, verb="release")

    assert (status, ended["state"]) == (200, "released")
    assert balance() == (100 * CENT, 0)


def test_who_calls_for_help_needs_no_key(post: Post) -> None:
    status, answer = post({"caller": "101", "dialled": "112"}, key="")

    assert (status, answer["allowed"], answer["hold"]) == (200, True, None)


@pytest.mark.parametrize(
    ("body", "changes", "status", "code"),
    [
        (ASK, {"key": ""}, 422, "key.missing"),
        (ASK, {"key": "x" * 121}, 422, "key.missing"),
        ({**ASK, "colour": "red"}, {}, 422, "parameter.invalid"),
        ({**ASK, "dialled": 112}, {}, 422, "parameter.invalid"),
        ({**ASK, "typed": "1**2#"}, {}, 422, "parameter.invalid"),
        ({"dialled": PARIS}, {}, 422, "parameter.invalid"),
        ({**ASK, "pbx": "Moon"}, {}, 422, "parameter.invalid"),
        ({}, {"raw": b"[1]"}, 422, "body.invalid"),
        ({}, {"raw": b"{"}, 422, "body.invalid"),
        ({}, {"raw": b'{"caller":"' + b"1" * 20_000 + b'"}'}, 413, "body.too_large"),
        (ASK, {"verb": "bless"}, 404, "path.unknown"),
        ({"hold": "nope", "talk_s": 1}, {"verb": "settle"}, 404, "hold.unknown"),
        ({"hold": "nope", "talk_s": -1}, {"verb": "settle"}, 422, "parameter.invalid"),
        ({"hold": "nope", "talk_s": True}, {"verb": "settle"}, 422, "parameter.invalid"),
        ({"talk_s": 1}, {"verb": "settle"}, 422, "parameter.invalid"),
        (
            {"hold": "nope", "talk_s": 1, "answered": "2999-01-01T00:00:00Z"},
            {"verb": "settle"},
            422,
            "parameter.invalid",
        ),
        (ASK, {"token": "tollbook_nobody"}, 401, "token.unknown"),
    ],
)
def test_a_wrong_request_is_refused_and_says_why(
    post: Post, body: object, changes: dict[str, Any], status: int, code: str
) -> None:
    found, error = post(body, **changes)

    assert (found, error["code"]) == (status, code)
    assert set(error) == {"code", "message", "place"}
    assert not LedgerHold.objects.exists()


def test_another_scope_decides_nothing(sqlite: Database) -> None:
    open_prepaid(sqlite)
    secret = create_token(scopes=["calls:read"], by=Actor("test", now())).secret
    decisions.holders = decisions.Holders()
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k"}
    bare = decisions.in_front_of(get_wsgi_application())

    status, error = wsgi(bare, PATH, json.dumps(ASK).encode(), headers)

    assert (status, error["code"]) == (403, "token.scope_missing")
    assert wsgi(bare, PATH, b"", headers, method="GET")[0] == 405
    assert wsgi(bare, PATH, b"{}", {})[1]["code"] == "token.missing"


def test_other_addresses_go_to_the_pages(sqlite: Database) -> None:
    open_prepaid(sqlite)
    bare = decisions.in_front_of(get_wsgi_application())

    assert wsgi(bare, "/api/v1/nothing", b"", {}, method="GET")[1]["code"] == "path.unknown"
