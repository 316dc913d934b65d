"""Who may read what, and in which words everybody else is refused."""

from datetime import timedelta

import pytest
from django.test import Client

from support.databases import Database, connection
from support.office import NOON, open_office
from tollbook.app.access.actor import Actor
from tollbook.app.access.tokens import SCOPES, create_token
from tollbook.storage.models import ApiToken
from tollbook.wiring.clock import now

PATHS = {
    "/api/v1/calls": "calls:read",
    "/api/v1/calls/1": "calls:read",
    "/api/v1/charges/summary?group_by=extension": "charges:read",
    "/api/v1/extensions": "extensions:read",
    "/api/v1/recharges": "extensions:read",
    "/api/v1/sources": "sources:read",
    "/api/v1/plans": "tariffs:read",
    "/api/v1/exchange-rates": "tariffs:read",
}


def client(*scopes: str) -> Client:
    """Return a client that holds a token for *scopes*; without any it holds none."""
    if not scopes:
        return Client()
    secret = create_token(scopes=scopes, by=Actor("test", now())).secret
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_read_without_a_token(sqlite: Database, path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "token.missing"
    assert set(answer.json()) == {"code", "message", "place"}


@pytest.mark.parametrize("header", ["Bearer nope", "Bearer ", "bearer tollbook_x", "Basic YTpi"])
def test_an_unknown_token_lets_nobody_in(sqlite: Database, header: str) -> None:
    answer = Client(headers={"Authorization": header}).get("/api/v1/calls")

    assert answer.status_code == 401
    assert answer.json()["code"] in {"token.unknown", "token.missing"}


@pytest.mark.parametrize(("path", "scope"), PATHS.items())
def test_a_scope_opens_its_own_door_and_no_other(sqlite: Database, path: str, scope: str) -> None:
    open_office(sqlite)
    others = [other for other in SCOPES if other != scope]

    refused = client(*others).get(path)

    assert refused.status_code == 403
    assert refused.json()["code"] == "token.scope_missing"
    assert scope in refused.json()["message"]
    assert client(scope).get(path).status_code in {200, 404}


def test_a_token_ends_when_it_was_said_to_end(sqlite: Database) -> None:
    open_office(sqlite)
    secret = create_token(
        scopes=["calls:read"], by=Actor("test", NOON), expires=NOON + timedelta(seconds=1)
    ).secret

    answer = Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/calls")

    assert answer.status_code == 401


def test_a_withdrawn_token_is_refused_at_once(sqlite: Database) -> None:
    open_office(sqlite)
    reader = client("calls:read")
    assert reader.get("/api/v1/calls").status_code == 200

    ApiToken.objects.update(revoked_us=0)

    assert reader.get("/api/v1/calls").status_code == 401


def test_a_token_s_last_use_is_kept(sqlite: Database) -> None:
    open_office(sqlite)
    reader = client("calls:read")
    reader.get("/api/v1/calls")
    first_us = ApiToken.objects.get().last_used_us

    reader.get("/api/v1/calls")

    assert first_us is not None
    assert ApiToken.objects.get().last_used_us == first_us  # within the minute: not written again


@pytest.mark.parametrize(
    ("path", "status", "code", "place"),
    [
        ("/api/v1/calls/999", 404, "call.unknown", "path.call_id"),
        ("/api/v1/calls/99999999999999999999", 404, "call.unknown", "path.call_id"),
        ("/api/v1/call", 404, "path.unknown", "/api/v1/call"),
        ("/api/v2/calls", 404, "path.unknown", "/api/v2/calls"),
        ("/api/v1/calls?colour=red", 422, "parameter.invalid", "query.colour"),
        ("/api/v1/calls?limit=5&limit=6", 422, "parameter.invalid", "query.limit"),
        ("/api/v1/calls?limit=0", 422, "parameter.invalid", "query.limit"),
        ("/api/v1/calls?limit=1001", 422, "parameter.invalid", "query.limit"),
        ("/api/v1/calls?from=yesterday", 422, "parameter.invalid", "query.from"),
        ("/api/v1/calls?to=tomorrow", 422, "parameter.invalid", "query.to"),
        ("/api/v1/calls?from=2026-10-02&to=2026-10-01", 422, "parameter.invalid", "query.to"),
        ("/api/v1/calls?direction=up", 422, "parameter.invalid", "query.direction"),
        ("/api/v1/calls?cost_min=1e3", 422, "parameter.invalid", "query.cost_min"),
        ("/api/v1/calls?extension=999", 422, "parameter.invalid", "query.extension"),
        ("/api/v1/calls?keyword=a%00b", 422, "parameter.invalid", "query.keyword"),
        ("/api/v1/calls?cursor=nonsense", 422, "parameter.invalid", "query.cursor"),
        ("/api/v1/calls?cursor=%E2%82%AC", 422, "parameter.invalid", "query.cursor"),
    ],
)
def test_every_refusal_has_the_same_three_parts(
    sqlite: Database, path: str, status: int, code: str, place: str
) -> None:
    open_office(sqlite)

    answer = client("calls:read").get(path)

    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.json()["place"] == place
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("post", "/api/v1/calls", 405, "method.refused"),
        ("delete", "/api/v1/calls/1", 405, "method.refused"),
        ("put", "/api/v1/sources", 405, "method.refused"),
        ("post", "/api/v1/nothing", 404, "path.unknown"),
        ("get", "/api/", 404, "path.unknown"),
        ("get", "/api/v1/calls/x", 404, "path.unknown"),
    ],
)
def test_refusals_around_the_api_have_the_same_shape(
    sqlite: Database, method: str, path: str, status: int, code: str
) -> None:
    open_office(sqlite)

    answer = getattr(client("calls:read"), method)(path)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    assert answer.json()["code"] == code
    assert answer.json()["place"] == path
    assert ("GET" in answer.get("Allow", "")) == (status == 405)


def test_a_fault_of_the_program_has_the_same_shape_and_says_nothing_of_its_insides(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    open_office(sqlite)
    reader = client("calls:read")
    reader.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tollbook_call RENAME TO tollbook_call_away")

    answer = reader.get("/api/v1/calls")

    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (500, "application/json")
    assert answer.json()["code"] == "internal"
    assert "tollbook_call" not in answer.content.decode()
    assert "tollbook_call" in caplog.text


def test_a_body_beyond_the_limit_is_refused_in_the_same_shape(sqlite: Database) -> None:
    answer = Client().post("/api/v1/calls", CONTENT_LENGTH=str(10**12))

    assert (answer.status_code, answer.json()["code"]) == (413, "body.too_large")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_description_names_every_path_and_needs_no_other_machine(sqlite: Database) -> None:
    described = Client().get("/api/v1/openapi.json").json()
    page = Client().get("/api/v1/docs")

    assert set(described["paths"]) == {
        "/api/v1/authorise",
        "/api/v1/authorise/release",
        "/api/v1/authorise/renew",
        "/api/v1/authorise/settle",
        "/api/v1/calls",
        "/api/v1/calls/{call_id}",
        "/api/v1/calls/{call_id}/account-code",
        "/api/v1/charges/summary",
        "/api/v1/extensions",
        "/api/v1/recharges",
        "/api/v1/sources",
        "/api/v1/statements",
        "/api/v1/plans",
        "/api/v1/plans/{plan_id}",
        "/api/v1/exchange-rates",
    }
    assert page.status_code == 200
    assert b"https://" not in page.content
    assert "default-src 'self'" in page["Content-Security-Policy"]
    for part in ("swagger-ui-bundle", "swagger-ui-init", "swagger-ui."):
        path = next(
            word for word in page.content.decode().split('"') if part in word and "/static/" in word
        )
        assert Client().get(path).status_code == 200
