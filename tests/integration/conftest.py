from collections.abc import AsyncIterator

import pytest

from engine.actor import Actor
from engine.clock import ManualClock
from engine.database import Database
from tests.integration.engine.world import World


@pytest.fixture
async def world(database: Database, clock: ManualClock, owner: Actor) -> AsyncIterator[World]:
    """Whatever a test does with it, the books balance afterwards."""
    world = World(database, clock, owner)
    yield world
    await world.assert_books_balance()
