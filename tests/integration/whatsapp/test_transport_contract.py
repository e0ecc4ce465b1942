"""What every transport keeps, with the real library: the tests are those of the simulator, see there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.whatsapp.neonize_harness import NeonizeHarness, RealWorld, real_world
from tests.unit.transports.harness import Harness
from tests.unit.transports.test_contract import *  # noqa: F403 (the tests)
from tests.unit.transports.test_contract import Online, bringing_online

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(store_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealWorld]:
    async with real_world(store_template, tmp_path_factory.mktemp("contract")) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def harness(world: RealWorld) -> AsyncIterator[Harness]:
    harness = NeonizeHarness(world)
    await harness.start()
    yield harness
    await harness.close()


@pytest_asyncio.fixture(loop_scope="module")
async def online(harness: Harness) -> AsyncIterator[Online]:
    async with bringing_online(harness) as bring:
        yield bring
