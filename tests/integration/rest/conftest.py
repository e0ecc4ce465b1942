from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import Response

from bot.container import make_container
from bot.rest.api import add_api
from engine.actor import Actor
from engine.clock import ManualClock
from engine.database import Database
from engine.settings import Settings
from models.enums import TokenScope
from tests.integration.engine.world import World

BASE = "http://dripdesk"


@pytest.fixture
def world(database: Database, clock: ManualClock, owner: Actor) -> World:
    return World(database, clock, owner)


@pytest.fixture
async def app(database: Database, clock: ManualClock) -> AsyncIterator[FastAPI]:
    """The API as `bot/app.py` adds it, beside a route that is not part of it."""
    app = FastAPI()
    container = make_container(database, clock, Settings(_env_file=None))
    await add_api(app, container)

    @app.get("/elsewhere")
    async def elsewhere() -> Response:
        raise RuntimeError("elsewhere")

    yield app
    await container.close()


@dataclass
class Api:
    """Somebody with a token."""

    http: httpx.AsyncClient

    async def call(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        json = {} if body is None else {"json": body}
        return await self.http.request(method, f"/api/sequences{path}", **json, **more)

    async def get(self, path: str = "", **query: Any) -> Any:
        return self._good(await self.call("GET", path, params=query))

    async def post(self, path: str = "", body: object = None) -> Any:
        return self._good(await self.call("POST", path, body))

    async def put(self, path: str, body: object) -> Any:
        return self._good(await self.call("PUT", path, body))

    async def delete(self, path: str) -> Any:
        return self._good(await self.call("DELETE", path))

    async def problem(self, status: int, method: str, path: str = "", body: object = None, **more: Any) -> Any:
        return problem(await self.call(method, path, body, **more), status)

    def _good(self, response: httpx.Response) -> Any:
        assert response.is_success, response.text
        return response.json()


def problem(response: httpx.Response, status: int) -> Any:
    """The answer is a problem of this status, whole and in words."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == status
    assert {"type", "title", "detail"} <= told.keys() <= {"type", "title", "status", "detail", "errors"}
    assert told["detail"]
    assert "Traceback" not in response.text
    return told


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a token."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


async def api_with(client: httpx.AsyncClient, token: str) -> Api:
    headers = {"Authorization": f"Bearer {token}"}
    return Api(httpx.AsyncClient(transport=client._transport, base_url=BASE, headers=headers))


@pytest.fixture
async def api(client: httpx.AsyncClient, world: World) -> Api:
    """Somebody with a token of the workspace that may write."""
    return await api_with(client, await world.workspaces.create_token("Acme", TokenScope.WRITE))
