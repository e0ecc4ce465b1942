from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from engine.actor import Actor
from engine.clock import ManualClock
from engine.database import Database
from tests.integration.engine.world import World


@pytest.fixture
def database(emptied_database: Database) -> Database:
    return emptied_database


@pytest.fixture
async def world(database: Database, clock: ManualClock, owner: Actor) -> AsyncIterator[World]:
    """Whatever a test does with it, the books balance afterwards."""
    world = World(database, clock, owner)
    yield world
    await world.assert_books_balance()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Errors that tests provoke are not rendered: that takes longer than the tests."""
    with structlog.testing.capture_logs():
        yield
