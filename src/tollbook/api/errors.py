"""Errors of the API: one JSON shape for all, `{code, message, place}`."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

LOG = logging.getLogger("tollbook.api")
ADDRESSES: Final = "/api/"
FIRST_REFUSAL: Final = 400  # The least HTTP status that says no.
_OF_THE_BODY: Final = frozenset({"Content-Type", "Content-Length"})


class ErrorBody(Schema):
    """What every refusal says."""

    code: str = Field(description="stable, for programs", examples=["token.scope_missing"])
    message: str = Field(
        description="for people: the finding and the next step",
        examples=["this token has no scope charges:read. Make one that has it."],
    )
    place: str = Field(
        description="the parameter, header or path that it is about",
        examples=["header.Authorization"],
    )


class ApiError(Exception):
    """A request that is refused: HTTP *status* and the three parts of the error's shape."""

    def __init__(self, status: int, code: str, message: str, place: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.place = place

    def body(self) -> dict[str, str]:
        """Return the error as it is sent."""
        return {"code": self.code, "message": self.message, "place": self.place}


def invalid(parameter: str, message: str) -> ApiError:
    """Return the error of a query parameter that cannot be used."""
    return ApiError(422, "parameter.invalid", message, f"query.{parameter}")


def nothing_here(path: str) -> ApiError:
    """Return the error of an address that the API does not have."""
    return ApiError(
        404,
        "path.unknown",
        "there is nothing at this address. The API is described at /api/v1/docs.",
        path[:200],
    )


def in_one_shape(
    respond: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Give the API's shape to refusals that were made before or around it, as pages or as text."""

    def shaped(request: HttpRequest) -> HttpResponseBase:
        response = respond(request)
        if (
            not request.path.startswith(ADDRESSES)
            or response.status_code < FIRST_REFUSAL
            or response.headers.get("Content-Type", "").startswith("application/json")
        ):
            return response
        error = _refusal(request, response)
        told = JsonResponse(error.body(), status=error.status)
        for name, value in response.headers.items():
            if name not in _OF_THE_BODY:
                told[name] = value
        return told

    return shaped


def _refusal(request: HttpRequest, response: HttpResponseBase) -> ApiError:
    """Return what a refusal by status alone means."""
    status, place = response.status_code, request.path[:200]
    if status == 404:
        return nothing_here(request.path)
    if status == 405:
        allowed = response.headers.get("Allow", "")
        message = f"{request.method} is not for this address; it takes {allowed or 'none'}."
        return ApiError(405, "method.refused", message, place)
    if status == 413:
        message = "the body is larger than this installation takes. Nothing was read."
        return ApiError(413, "body.too_large", message, "body")
    if status < 500:
        message = "the request cannot be read. Nothing was changed."
        return ApiError(status, "request.invalid", message, place)
    return our_fault(request)


def our_fault(request: HttpRequest) -> ApiError:
    """Return the error of a program that failed."""
    message = "the fault is ours and is written to the log. Nothing was half done."
    return ApiError(500, "internal", message, request.path[:200])


def answer_errors(api: NinjaAPI) -> None:
    """Let *api* answer every refusal in the one shape."""

    def refused(request: HttpRequest, fault: Any) -> HttpResponse:
        error = cast("ApiError", fault)
        response = api.create_response(request, error.body(), status=error.status)
        if error.status == 401:
            response["WWW-Authenticate"] = 'Bearer realm="Tollbook"'
        return response

    def no_token(request: HttpRequest, _fault: Any) -> HttpResponse:
        message = (
            "this needs a token: send the header `Authorization: Bearer <token>`. "
            "Make one with `tollbook token create --scope <scope>`."
        )
        return refused(request, ApiError(401, "token.missing", message, "header.Authorization"))

    def unreadable(request: HttpRequest, fault: Any) -> HttpResponse:
        # The first fault is enough to mend the request; the shape has room for one.
        first = cast("ValidationError", fault).errors[0]
        return refused(
            request, ApiError(422, "parameter.invalid", str(first["msg"]), _place(first))
        )

    def garbled(request: HttpRequest, fault: Any) -> HttpResponse:
        # What ninja refuses before a view is asked: a body that is no JSON, mostly.
        status = cast("HttpError", fault).status_code
        message = "the body is not the JSON that is expected. Nothing was changed."
        return refused(request, ApiError(status, "body.invalid", message, "body"))

    def not_there(request: HttpRequest, _fault: Any) -> HttpResponse:
        return refused(request, nothing_here(request.path))

    def broken(request: HttpRequest, fault: Any) -> HttpResponse:
        LOG.error("%s %s failed", request.method, request.path, exc_info=fault)
        return refused(request, our_fault(request))

    api.add_exception_handler(Exception, broken)
    api.add_exception_handler(ApiError, refused)
    api.add_exception_handler(AuthenticationError, no_token)
    api.add_exception_handler(ValidationError, unreadable)
    api.add_exception_handler(HttpError, garbled)
    api.add_exception_handler(Http404, not_there)


def _place(fault: Mapping[str, Any]) -> str:
    """Return `query.limit`, or `body.amount`, for the location that the validation gave.

    It names the argument besides that a body is handed over in, which is nobody's but ours.
    """
    place, *parts = [str(part) for part in fault.get("loc", ())] or [""]
    named = parts[1:] if place == "body" else parts
    return ".".join((place, *named))
