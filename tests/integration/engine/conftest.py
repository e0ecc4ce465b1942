import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine

from engine.actor import Actor
from engine.clock import ManualClock
from engine.database import Database
from models import Model
from tests.integration.engine.world import World

TABLES = ", ".join(table.name for table in Model.metadata.sorted_tables)


@pytest.fixture(scope="session")
def engine_database_url(postgres: URL, template: str) -> URL:
    """One database for all tests here: emptying it is quicker than making one for each."""
    name = f"engine_{os.getpid()}"

    async def make() -> None:
        server = create_async_engine(postgres, isolation_level="AUTOCOMMIT")
        async with server.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        await server.dispose()

    asyncio.run(make())
    return postgres.set(database=name)


@pytest.fixture
async def database(engine_database_url: URL) -> AsyncIterator[Database]:
    database = Database(engine_database_url, pool_size=5)
    async with database.transaction() as session:
        await session.execute(text(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE"))
    yield database
    await database.close()


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
