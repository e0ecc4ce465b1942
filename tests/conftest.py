"""One PostgreSQL a run (embedded, or TEST_DATABASE_URL), and in it one database that each test finds empty."""

import asyncio
import copy
import gc
import itertools
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import null, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from engine.actor import Actor
from engine.clock import ManualClock
from engine.database import Database
from engine.embedded import EmbeddedPostgres
from engine.outage import Outages
from models import Membership, Model, Operator, Workspace
from models.enums import Face, Role
from tests.processes import home_directory

_numbers = itertools.count(1)

# Without triggers, and so in any order; ids begin at 1 again. TRUNCATE would make hundreds of files anew.
EMPTY = f"""
DO $$ BEGIN
SET LOCAL session_replication_role = replica;
{"".join(f"DELETE FROM {table.name};" for table in Model.metadata.sorted_tables)}
PERFORM setval(seqrelid::regclass, 1, false) FROM pg_sequence;
END $$
"""


gc.disable()  # to look for garbage among what is being imported takes a quarter of the collection


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_configure() -> None:
    """What the simulated month is drawn from; the workers take it over."""
    os.environ.setdefault("QUARTER_SEED", str(secrets.randbelow(1_000_000)))


def pytest_report_header() -> str:
    return f"QUARTER_SEED={os.environ['QUARTER_SEED']}"


WAITING = ("e2e", "simulation")  # files whose tests take long, and wait for most of it


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """The long ones begin first, so that none is left alone at the end. Of each, `alone` is the last to end."""
    items.sort(key=lambda item: item.path.parent.name not in WAITING)
    for item in items:
        if pytest_asyncio.is_async_test(item):
            item.fixturenames.insert(0, "alone")


async def _run_outside_a_transaction(server: URL, *statements: str) -> None:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """The address of a running server."""
    address = os.environ.get("TEST_DATABASE_URL")
    if address:
        yield make_url(address).set(drivername="postgresql+asyncpg")
        return
    with home_directory("test") as home:
        embedded = EmbeddedPostgres(home)
        url = make_url(embedded.start()).set(drivername="postgresql+asyncpg")
        settings = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
        asyncio.run(
            _run_outside_a_transaction(
                url, *(f"ALTER SYSTEM SET {setting}" for setting in settings), "SELECT pg_reload_conf()"
            )
        )
        yield url
        embedded.release()


@contextmanager
def migrated_database(server: URL, name: str) -> Iterator[URL]:
    async def make() -> None:
        await _run_outside_a_transaction(server, f"CREATE DATABASE {name}")
        database = Database(server.set(database=name))
        await database.migrate()
        await database.close()

    asyncio.run(make())
    yield server.set(database=name)
    asyncio.run(_run_outside_a_transaction(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def database_url(postgres: URL) -> Iterator[URL]:
    """One database for all tests of a process: to empty it takes milliseconds, to make one a fifth of a second."""
    with migrated_database(postgres, f"test_{os.getpid()}") as url:
        yield url


@pytest.fixture(scope="session")
async def warm_database(database_url: URL) -> AsyncIterator[Database]:
    """Its connections, and what SQLAlchemy and PostgreSQL have prepared, serve one test after the other."""
    database = Database(database_url, pool_size=5)
    yield database
    await database.close()


@pytest.fixture
async def database(warm_database: Database) -> AsyncIterator[Database]:
    """What a test has done to it ends with the test: only the pool is everybody's."""
    database = copy.copy(warm_database)
    database.outages, database._direct = Outages(), []
    async with database.transaction() as session:
        await session.execute(text(EMPTY))
    yield database
    for direct in database._direct:
        direct.close()


@pytest.fixture
async def alone() -> AsyncIterator[None]:
    """All tests of a process share one event loop. What one leaves running there ends before the next begins."""
    yield
    await end_what_is_left()


async def end_what_is_left() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        _, deaf = await asyncio.wait(left, timeout=10)
        assert not deaf, "what a test has left behind does not end"


@pytest.fixture
def clock() -> ManualClock:
    """Monday, 5 January 2026, 10:00 in Kuala Lumpur."""
    return ManualClock(datetime(2026, 1, 5, 2, 0, tzinfo=UTC))


@pytest.fixture
async def owner(database: Database) -> Actor:
    """The owner of a Malaysian workspace without quiet hours and without a frequency cap."""
    return await make_workspace(database, name="Acme")


@pytest.fixture
async def stranger(database: Database) -> Actor:
    """The owner of another workspace."""
    return await make_workspace(database, name="Other")


async def make_workspace(database: Database, *, name: str) -> Actor:
    async with database.transaction() as session:
        workspace = Workspace(name=name, country="MY", time_zone="Asia/Kuala_Lumpur", frequency_cap=null())
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
