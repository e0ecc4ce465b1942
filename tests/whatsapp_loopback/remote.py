"""The controls over HTTP, for a server that is a process of its own.

Each operation of `Controls` is a POST to its name, its arguments and its result as JSON. Both sides are made from the
methods themselves, so that there is one place to add one.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import GenericAlias
from typing import Any, get_type_hints

import aiohttp
from aiohttp import web
from pydantic import BaseModel, ConfigDict, create_model

from tests.whatsapp_loopback import pairing, phone
from tests.whatsapp_loopback.controls import Controls

_JSON = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", arbitrary_types_allowed=True)
_ERRORS: dict[str, type[Exception]] = {
    error.__name__: error
    for error in (
        phone.PairingError,
        phone.UnreadableQrError,
        phone.WrongCodeError,
        pairing.ExpiredCodeError,
        pairing.PasskeyRequiredError,
        pairing.PhoneRefusedError,
        pairing.TooManyTriesError,
        KeyError,
        LookupError,
        ValueError,
    )
}


class _Result(BaseModel):
    model_config = _JSON
    value: Any


class _Operation:
    """One method of the controls, and how its arguments and its result are written."""

    def __init__(self, name: str, method: Callable[..., Awaitable[Any]]) -> None:
        self.name = name
        self.method = method
        self.signature = inspect.signature(method)
        types = get_type_hints(method)
        fields: dict[str, Any] = {}
        for each in self.signature.parameters.values():
            kind = types.get(each.name)
            if each.kind is inspect.Parameter.VAR_POSITIONAL:
                fields[each.name] = (GenericAlias(tuple, (kind, ...)), ())
            elif each.name != "self":
                fields[each.name] = (kind, ... if each.default is inspect.Parameter.empty else each.default)
        self.arguments: type[BaseModel] = create_model(f"{name}_arguments", __config__=_JSON, **fields)
        self.result = create_model(f"{name}_result", __base__=_Result, value=(types["return"], ...))

    async def call(self, controls: Controls, body: bytes) -> bytes:
        arguments = self.arguments.model_validate_json(body)
        positional: list[Any] = [controls]
        named: dict[str, Any] = {}
        for each in self.signature.parameters.values():
            if each.name == "self":
                continue
            value = getattr(arguments, each.name)
            if each.kind is inspect.Parameter.VAR_POSITIONAL:
                positional += value
            elif each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
                positional.append(value)
            else:
                named[each.name] = value
        value = await self.method(*positional, **named)
        return self.result(value=value).model_dump_json().encode()


_OPERATIONS = {
    name: _Operation(name, method)
    for name, method in vars(Controls).items()
    if inspect.iscoroutinefunction(method) and not name.startswith("_")
}


def application(controls: Controls) -> web.Application:
    """Where each operation waits for its call."""

    async def call(request: web.Request) -> web.Response:
        operation = _OPERATIONS.get(request.match_info["name"])
        if operation is None:
            return web.Response(status=404)
        try:
            body = await operation.call(controls, await request.read())
        except tuple(_ERRORS.values()) as error:
            return web.json_response({"error": type(error).__name__, "text": str(error.args[0])}, status=409)
        return web.Response(body=body, content_type="application/json")

    app = web.Application(client_max_size=256 * 1024 * 1024)
    app.router.add_post("/{name}", call)
    return app


class RemoteControls(Controls):
    """The controls of a server elsewhere, with the same methods, arguments, results and errors."""

    def __init__(self, session: aiohttp.ClientSession, address: str, proxy_url: str, ca_file: Path) -> None:
        self._session = session
        self._address = address
        self.proxy_url = proxy_url
        self.ca_file = ca_file


def _over_http(operation: _Operation) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(operation.method)
    async def call(self: RemoteControls, *positional: Any, **named: Any) -> Any:
        bound = operation.signature.bind(self, *positional, **named)
        given = {name: value for name, value in bound.arguments.items() if name != "self"}
        body = operation.arguments(**given).model_dump_json()
        async with self._session.post(f"{self._address}/{operation.name}", data=body) as response:
            if response.status == 409:
                refused = await response.json()
                raise _ERRORS[refused["error"]](refused["text"])
            response.raise_for_status()
            return operation.result.model_validate_json(await response.read()).value

    return call


for _operation in _OPERATIONS.values():
    setattr(RemoteControls, _operation.name, _over_http(_operation))
