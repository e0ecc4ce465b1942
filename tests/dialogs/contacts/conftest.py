import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.contacts.importer import Importer


@pytest.fixture(autouse=True)
async def _importer(database, clock) -> AsyncIterator[None]:
    """An engine that takes imports in as soon as they are started."""
    importer = Importer(database, clock)

    async def work() -> None:
        while True:
            await importer.run_once(clock.now())
            await asyncio.sleep(0.01)

    working = asyncio.create_task(work())
    yield
    working.cancel()
    await asyncio.wait([working])
