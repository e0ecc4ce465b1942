"""The API does what its OpenAPI page says: schemathesis sends what the page allows, and what it does not.

All its checks: no server error, only documented statuses, types and headers, answers as described, nothing valid
refused and nothing invalid taken, no way in without a token, and 405 with `Allow` for other methods.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings

from engine.serving import HttpServer
from models.enums import TokenScope
from tests.integration.engine.world import World

EXAMPLES = 6  # a route, of each kind
ROUTES = 8


@pytest.fixture
async def url(app: FastAPI) -> AsyncIterator[str]:
    server = HttpServer(app)
    await server.start()
    yield server.url
    await server.close()


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
async def test_every_route_keeps_what_the_page_promises(
    url: str, world: World, mode: schemathesis.GenerationMode
) -> None:
    device = await world.device()
    real = [
        {
            "device_ids": [device],
            "sequence_id": await world.sequence([device], (1, 11, "Hi"), name=f"For {number}"),
        }
        for number in range(ROUTES)
    ]
    token = await world.workspaces.create_token("Acme", TokenScope.WRITE)
    assert await asyncio.to_thread(check, url, f"Bearer {token}", mode, real) == ROUTES


def check(url: str, authorization: str, mode: schemathesis.GenerationMode, real: list[Mapping[str, Any]]) -> int:
    """Try each route with a sequence of its own; how many there were."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json").include(path_regex="^/api/")
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation, ids in zip(operations, real, strict=True):
        check_one(operation, authorization, mode, ids)
    return len(operations)


def check_one(
    operation: Any, authorization: str, mode: schemathesis.GenerationMode, ids: Mapping[str, Any]
) -> None:
    headers = {"Authorization": authorization}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, headers=headers))
    def keeps_its_promise(case: Any) -> None:
        if mode is schemathesis.GenerationMode.POSITIVE:
            name_what_there_is(case, ids)
        case.call_and_validate(headers=headers)

    keeps_its_promise()


def name_what_there_is(case: Any, ids: Mapping[str, Any]) -> None:
    """Numbers at random are nobody's: most of them are exchanged for one of something that exists."""
    if case.path_parameters.get("sequence_id", 0) % 4:
        case.path_parameters["sequence_id"] = ids["sequence_id"]
    if isinstance(case.body, dict) and "device_ids" in case.body:
        case.body["device_ids"] = ids["device_ids"]
