"""Errors over REST: problem details (RFC 9457), in the words that the chat has for them."""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from engine.errors import ConflictError, DripdeskError, InvalidInputError, NotAllowedError, NotFoundError

API = "/api"
MEDIA_TYPE = "application/problem+json"
MOST_FIELDS = 100  # of a request that are told to be wrong

_STATUS = {NotFoundError: 404, InvalidInputError: 422, ConflictError: 409, NotAllowedError: 403}
_SCHEMA = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do, fit to be shown to a person."},
        "errors": {
            "type": "array",
            "description": "The fields that are wrong, where it is a matter of the request's form.",
            "maxItems": MOST_FIELDS,
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_NOT_JSON = "The request cannot be read: it is not JSON in UTF-8."
_WHEN = {
    400: ("The request is not JSON.", _NOT_JSON),
    401: ("No token, or one that is unknown or revoked.", "This needs an API token, sent as “Bearer TOKEN”."),
    403: ("The token's scope is too small.", "This needs a token with the scope write; this one has read."),
    404: ("This workspace has no such thing.", "This sequence does not exist any more."),
    409: (
        "Right in itself, but not in the present state of things.",
        "There is already a sequence called “Welcome”; choose another name.",
    ),
    413: ("The request is too large.", "A request can have at most 4 MB."),
    415: ("The request is not said to be JSON.", "Send JSON, and say so: Content-Type: application/json."),
    422: (
        "Something in the request is not possible.",
        "Day 2 09:00 has no text. Write the message below its day.",
    ),
    503: ("The database does not answer.", "The database does not answer. Try again in a moment."),
}
_CHALLENGE = {"WWW-Authenticate": {"description": "RFC 6750.", "schema": {"type": "string"}}}
_HEADERS = {
    401: _CHALLENGE,
    403: _CHALLENGE,
    503: {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}},
}


def problem(
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] | None = None,
) -> Response:
    told: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        told["errors"] = errors
    return JSONResponse(told, status, headers=headers, media_type=MEDIA_TYPE)


def problem_of(error: DripdeskError | HTTPException | RequestValidationError) -> Response:
    if isinstance(error, HTTPException):
        detail = _NOT_JSON if error.status_code == 400 else error.detail
        return problem(error.status_code, detail, headers=error.headers)
    if isinstance(error, RequestValidationError):
        return _unreadable(error)
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    return problem(status, str(error))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI page says of these problems."""
    return {
        status: {
            "description": _WHEN[status][0],
            "headers": _HEADERS.get(status, {}),
            "content": {MEDIA_TYPE: {"schema": _SCHEMA, "example": _example(status)}},
        }
        for status in statuses
    }


def tell_problems(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer with a problem where the API has no such route, and where one broke; elsewhere all stays as it is."""
    app.add_exception_handler(HTTPException, partial(_not_found, routes))
    app.add_exception_handler(Exception, _broken)


async def _not_found(routes: Sequence[BaseRoute], request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (what it is registered for)
    if not _is_api(request):
        return await http_exception_handler(request, error)
    if error.status_code != 405:
        return problem(404, f"There is nothing at {request.url.path}. The page /docs lists what there is.")
    known = {
        method
        for route in routes
        if isinstance(route, APIRoute) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
    allow = ", ".join(sorted(known))
    detail = f"{request.url.path} does not know {request.method}; it knows {allow}."
    return problem(405, detail, headers={"Allow": allow})


async def _broken(request: Request, _error: Exception) -> Response:
    """The error itself goes to the log."""
    if not _is_api(request):
        return PlainTextResponse("Internal Server Error", 500)
    return problem(500, "This did not work, and it is not your doing. What went wrong is in the log.")


def _is_api(request: Request) -> bool:
    return f"{request.url.path}/".startswith(f"{API}/")


def _unreadable(error: RequestValidationError) -> Response:
    found = error.errors()
    if found[0]["type"] == "json_invalid":
        return problem(400, f"{_NOT_JSON} {found[0]['ctx']['error']} at character {found[0]['loc'][1]}.")
    errors = [{"field": _field(one), "message": _message(one)} for one in found[:MOST_FIELDS]]
    first = ": ".join(filter(None, errors[0].values()))
    more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    return problem(422, f"{first}{more}", errors=errors)


def _field(error: Mapping[str, Any]) -> str:
    return ".".join(map(str, error["loc"][1:]))  # the first is "body", "query" or "path"


def _message(error: Mapping[str, Any]) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


def _example(status: int) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _WHEN[status][1],
    }
