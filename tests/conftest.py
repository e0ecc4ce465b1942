"""One PostgreSQL a run (embedded, or TEST_DATABASE_URL), and in it a database of its own for each test."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from engine.actor import Actor
from engine.clock import ManualClock
from engine.database import Database
from engine.embedded import EmbeddedPostgres
from models import Membership, Operator, Workspace
from models.enums import Face, Role

_numbers = itertools.count(1)


async def _run_outside_a_transaction(server: URL, *statements: str) -> None:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """The address of a running server.

    Not under pytest's own directory: that is made private again by every other run of pytest, and as root the
    server runs as a user of its own.
    """
    address = os.environ.get("TEST_DATABASE_URL")
    home = Path(tempfile.mkdtemp(prefix="dripdesk-test-"))
    embedded = None if address else EmbeddedPostgres(home)
    url = make_url(address or embedded.start()).set(drivername="postgresql+asyncpg")
    if embedded:
        settings = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
        asyncio.run(
            _run_outside_a_transaction(
                url, *(f"ALTER SYSTEM SET {setting}" for setting in settings), "SELECT pg_reload_conf()"
            )
        )
    yield url
    if embedded:
        embedded.release()
    shutil.rmtree(home, ignore_errors=True)  # the keeper may just be looking for its locks


@pytest.fixture(scope="session")
def template(postgres: URL) -> str:
    """What to copy a database from: a migrated, empty one; the fastest way since PostgreSQL 15."""
    name = f"template_{os.getpid()}"

    async def make() -> int:
        await _run_outside_a_transaction(postgres, f"CREATE DATABASE {name}")
        database = Database(postgres.set(database=name))
        await database.migrate()
        async with database.transaction() as session:
            version = int((await session.execute(text("SHOW server_version_num"))).scalar_one())
        await database.close()
        return version

    return f"{name} STRATEGY file_copy" if asyncio.run(make()) >= 150000 else name


@pytest.fixture
async def database_url(postgres: URL, template: str) -> AsyncIterator[URL]:
    """A database of this test alone, migrated and empty."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await _run_outside_a_transaction(postgres, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres.set(database=name)
    await _run_outside_a_transaction(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: URL) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=5)
    yield database
    await database.close()


@pytest.fixture
def clock() -> ManualClock:
    """Monday, 5 January 2026, 10:00 in Kuala Lumpur."""
    return ManualClock(datetime(2026, 1, 5, 2, 0, tzinfo=UTC))


@pytest.fixture
async def owner(database: Database) -> Actor:
    """The owner of a Malaysian workspace without quiet hours."""
    return await make_workspace(database, name="Acme")


@pytest.fixture
async def stranger(database: Database) -> Actor:
    """The owner of another workspace."""
    return await make_workspace(database, name="Other")


async def make_workspace(database: Database, *, name: str) -> Actor:
    async with database.transaction() as session:
        workspace = Workspace(name=name, country="MY", time_zone="Asia/Kuala_Lumpur")
        operator = Operator(telegram_user_id=1000 + next(_numbers), name=f"Owner of {name}")
        session.add_all([workspace, operator])
        await session.flush()
        session.add(Membership(workspace_id=workspace.id, operator_id=operator.id, role=Role.OWNER))
        return Actor(workspace.id, Role.OWNER, Face.MENU, operator.id)


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where tests leave what a person may want to look at."""
    directory = Path(__file__).parent / "artifacts"
    directory.mkdir(exist_ok=True)
    return directory
