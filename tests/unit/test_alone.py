"""Tests share an event loop and a pool of connections, and yet each of them is alone."""

import asyncio

from sqlalchemy import text

from engine.database import Database
from engine.outage import Outages
from tests.conftest import end_what_is_left

left_behind: list[asyncio.Task[bool]] = []
seen: list[Outages] = []


async def test_what_is_left_running_is_ended() -> None:
    task = asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(0)
    await end_what_is_left()
    assert task.cancelled()


async def test_what_is_left_in_a_transaction_gives_its_connection_back(database: Database) -> None:
    begun = asyncio.Event()

    async def linger() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
            begun.set()
            await asyncio.Event().wait()

    lingering = asyncio.create_task(linger())
    await begun.wait()
    assert database.engine.pool.checkedout() == 1
    await end_what_is_left()
    assert lingering.cancelled()
    assert database.engine.pool.checkedout() == 0


class TestInARow:
    """Each leaves something behind, and finds nothing of the other, whichever comes first."""

    async def leave_and_find_nothing(self, database: Database) -> None:
        assert all(task.cancelled() for task in left_behind)
        assert database.outages not in seen
        async with database.transaction() as session:
            assert (await session.execute(text("SELECT count(*) FROM workspaces"))).scalar_one() == 0
            (made,) = (
                await session.execute(
                    text(
                        "INSERT INTO workspaces (name, country, time_zone) VALUES ('A', 'MY', 'UTC') RETURNING id"
                    )
                )
            ).scalars()
            assert made == 1
        seen.append(database.outages)
        left_behind.append(asyncio.create_task(asyncio.Event().wait()))

    async def test_one(self, database: Database) -> None:
        await self.leave_and_find_nothing(database)

    async def test_another(self, database: Database) -> None:
        await self.leave_and_find_nothing(database)
