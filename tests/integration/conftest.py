import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine

from engine.database import Database
from models import Model

TABLES = ", ".join(table.name for table in Model.metadata.sorted_tables)


@pytest.fixture(scope="session")
def shared_database_url(postgres: URL, template: str) -> URL:
    """One database for many tests: emptying it is quicker than making one for each."""
    name = f"shared_{os.getpid()}"

    async def make() -> None:
        server = create_async_engine(postgres, isolation_level="AUTOCOMMIT")
        async with server.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        await server.dispose()

    asyncio.run(make())
    return postgres.set(database=name)


@pytest.fixture
async def emptied_database(shared_database_url: URL) -> AsyncIterator[Database]:
    database = Database(shared_database_url, pool_size=5)
    async with database.transaction() as session:
        await session.execute(text(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE"))
    yield database
    await database.close()
