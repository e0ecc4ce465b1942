"""The connection that a part of the queue has to itself."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from engine.database import Database
from engine.transactions import DirectConnection
from tests.integration.engine.world import until

HELD = "SELECT pg_advisory_xact_lock(1)"
WAITING = "SELECT count(*) AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
async def direct(database: Database) -> AsyncIterator[DirectConnection]:
    direct = database.within(0.3).direct()
    yield direct
    direct.close()


async def pid(direct: DirectConnection) -> int:
    async with direct.statement() as statement:
        (row,) = await statement.rows("SELECT pg_backend_pid() AS pid", {})
    return int(row.pid)


async def test_it_is_opened_once(direct: DirectConnection) -> None:
    assert await pid(direct) == await pid(direct)


async def test_values_have_names_and_rows_have_attributes(direct: DirectConnection, database: Database) -> None:
    sql = """SELECT CAST(:one AS int) + CAST(:two AS int) * :one AS sum, 'at 10:30'::text AS words,
                    CAST('{"city": "Ipoh"}' AS jsonb) AS facts"""
    values = {"two": 2, "one": 3}
    async with direct.transaction() as transaction:
        (row,) = await transaction.rows(sql, values)
    async with database.transaction() as session:
        (same,) = await session.rows(sql, values)
    assert (row.sum, row.words, row.facts) == tuple(same) == (9, "at 10:30", {"city": "Ipoh"})


async def test_what_fails_is_rolled_back_and_the_next_one_finds_a_new_connection(direct: DirectConnection) -> None:
    before = await pid(direct)
    with pytest.raises(asyncpg.DivisionByZeroError):  # noqa: PT012
        async with direct.transaction() as transaction:
            await transaction.rows("INSERT INTO operators (telegram_user_id, name) VALUES (1, 'Ann')", {})
            await transaction.rows("SELECT 1 / 0", {})
    async with direct.transaction() as transaction:
        assert await transaction.rows("SELECT FROM operators", {}) == []
    assert await pid(direct) != before


async def test_the_server_gives_up_a_statement_that_nobody_waits_for(
    direct: DirectConnection, database: Database
) -> None:
    async with database.transaction() as holder:
        await holder.rows(HELD, {})
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with direct.statement() as statement:
                    await statement.rows(HELD, {})

        async def nobody_waits() -> bool:
            async with database.transaction() as session:
                (row,) = await session.rows(WAITING, {})
            return bool(row.waiting == 0)

        await until(nobody_waits, within=2)


async def test_two_users_take_turns(direct: DirectConnection) -> None:
    async def one(number: int) -> int:
        async with direct.transaction() as transaction:
            await transaction.rows("SELECT pg_sleep(0.01)", {})
            (row,) = await transaction.rows("SELECT CAST(:number AS int) AS number", {"number": number})
        return int(row.number)

    assert await asyncio.gather(one(1), one(2)) == [1, 2]


async def test_one_that_was_last_well_before_a_silence_is_replaced(
    direct: DirectConnection, database: Database
) -> None:
    before = await pid(direct)
    with pytest.raises(OSError, match="gone"):
        async with database.transaction():
            raise OSError("the network is gone")
    assert await pid(direct) != before
