"""The way into the API: a bearer token with the scope for it, then a body of JSON that is not too large."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import structlog
from fastapi import Depends, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import Message, Receive

from bot.rest.problems import problem, problem_of
from engine.actor import Actor
from engine.batching import is_transient
from engine.errors import DripdeskError
from engine.workspaces import Workspaces
from models.enums import TokenScope

MOST_BYTES = 4 * 1024 * 1024  # a hundred messages of the greatest length, with every character escaped
RETRY_AFTER = "5"  # seconds

BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="From `dripdesk token create --workspace NAME --scope write`. "
    "The scope read is enough for GET; everything else needs write.",
)

log = structlog.get_logger()


def guarded(workspaces: Workspaces) -> type[APIRoute]:
    """Make the class of the API's routes. Nothing of a stranger's request is read but its headers."""

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            needed = TokenScope.READ if self.methods == {"GET"} else TokenScope.WRITE
            takes_body = self.body_field is not None

            async def handle_guarded(request: Request) -> Response:
                try:
                    request.state.actor = await _admit(workspaces, request, needed)
                    if takes_body:
                        _check_content_type(request)
                    return await handle(Request(request.scope, _limited(request.receive)))
                except (DripdeskError, AnyHTTPException, RequestValidationError) as error:
                    return problem_of(error)
                except Exception as error:
                    if not is_transient(error):
                        raise
                    log.warning("the database did not answer a request", path=request.url.path, error=repr(error))
                    detail = "The database does not answer. Try again in a moment."
                    return problem(503, detail, headers={"Retry-After": RETRY_AFTER})

            return handle_guarded

    return GuardedRoute


async def _actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


Caller = Annotated[Actor, Depends(_actor)]


async def _admit(workspaces: Workspaces, request: Request, needed: TokenScope) -> Actor:
    scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer" or not token:
        detail = "This needs an API token, sent as “Authorization: Bearer TOKEN”."
        raise HTTPException(401, detail, {"WWW-Authenticate": 'Bearer realm="dripdesk"'})
    bearer = await workspaces.bearer(token)
    if bearer is None:
        challenge = 'Bearer realm="dripdesk", error="invalid_token"'
        raise HTTPException(401, "This API token is unknown or revoked.", {"WWW-Authenticate": challenge})
    if bearer.scope not in {needed, TokenScope.WRITE}:
        challenge = f'Bearer realm="dripdesk", error="insufficient_scope", scope="{needed}"'
        detail = f"This needs a token with the scope {needed}; this one has {bearer.scope}."
        raise HTTPException(403, detail, {"WWW-Authenticate": challenge})
    return bearer.actor


def _check_content_type(request: Request) -> None:
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Send JSON, and say so: Content-Type: application/json.")


def _limited(receive: Receive) -> Receive:
    read = 0

    async def receive_limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MOST_BYTES:
            raise HTTPException(413, f"A request can have at most {MOST_BYTES // 1024 // 1024} MB.")
        return message

    return receive_limited
