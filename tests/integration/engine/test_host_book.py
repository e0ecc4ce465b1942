"""What others can read of an engine's device hosts, and what was learned about numbers."""

import asyncio
from datetime import UTC, datetime

import pytest

from engine.database import Database
from engine.transports.neonize import book
from engine.transports.neonize.book import HostBook
from engine.transports.neonize.hosts import HostFigures
from engine.transports.neonize.number_store import NumberStore
from tests.integration.engine.world import World, until

AT = datetime(2026, 3, 27, 8, 0, tzinfo=UTC)
ROWS = "SELECT number, pid, devices, memory_bytes, crashes FROM device_hosts ORDER BY number"


class Figures:
    """In place of the hosts."""

    def __init__(self, *figures: HostFigures) -> None:
        self.figures = list(figures)


@pytest.fixture
async def engine_id(world: World) -> int:
    return await world.one("INSERT INTO engines (host, pid) VALUES ('here', 1) RETURNING id")


async def read(database: Database, sql: str):
    async with database.transaction() as session:
        return [tuple(row) for row in await session.rows(sql, {})]


async def test_the_book_follows_the_hosts_and_is_empty_after_the_end(
    world: World, database: Database, engine_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(book, "WRITE_EVERY", 0.01)
    hosts = Figures(HostFigures(1, 77, [4, 5], 70_000_000, 0, AT), HostFigures(2, 78, [], 60_000_000, 1, AT))
    writing = asyncio.create_task(HostBook(database, hosts, engine_id).run())

    async def shows(*rows) -> bool:
        return await read(database, ROWS) == list(rows)

    await until(lambda: shows((1, 77, [4, 5], 70_000_000, 0), (2, 78, [], 60_000_000, 1)))
    hosts.figures = [HostFigures(1, 80, [4], 71_000_000, 1, AT)]
    await until(lambda: shows((1, 80, [4], 71_000_000, 1)))
    writing.cancel()
    await asyncio.wait({writing})
    assert await read(database, ROWS) == []


async def test_the_rows_of_a_dead_engine_go_with_the_engine(world: World, database: Database, engine_id: int):
    hosts = Figures(HostFigures(1, 77, [4], 70_000_000, 0, AT))
    await HostBook(database, hosts, engine_id)._write(HostBook(database, hosts, engine_id)._figures())
    assert len(await read(database, ROWS)) == 1
    await read(database, "DELETE FROM engines")
    assert await read(database, ROWS) == []


async def test_an_engine_whose_row_is_gone_writes_nothing(database: Database, engine_id: int):
    await read(database, "DELETE FROM engines")
    hosts = Figures(HostFigures(1, 77, [4], 70_000_000, 0, AT))
    await HostBook(database, hosts, engine_id)._write(HostBook(database, hosts, engine_id)._figures())
    assert await read(database, ROWS) == []


async def test_a_number_is_known_for_a_month_and_its_absence_for_three_days(world: World, database: Database):
    numbers, team = NumberStore(database), world.actor.workspace_id
    await numbers.learn(team, {"+601": True, "+602": False}, {})
    assert await numbers.known(team, ["+601", "+602", "+603"]) == {"+601": True, "+602": False}
    assert await numbers.known(team + 1, ["+601"]) == {}
    await read(database, "UPDATE number_checks SET checked_at = clock_timestamp() - interval '73 hours'")
    assert await numbers.known(team, ["+601", "+602"]) == {"+601": True}
    await read(database, "UPDATE number_checks SET checked_at = clock_timestamp() - interval '31 days'")
    assert await numbers.known(team, ["+601", "+602"]) == {}
    await numbers.learn(team, {"+601": False}, {})
    assert await numbers.known(team, ["+601"]) == {"+601": False}


async def test_a_lid_goes_to_the_contact_who_has_the_number_now(world: World, database: Database):
    numbers, team = NumberStore(database), world.actor.workspace_id
    await read(
        database,
        f"INSERT INTO contacts (workspace_id, phone, lid) VALUES ({team}, '+60111', '1001'), ({team}, '+60222', NULL)",
    )
    await numbers.learn(team, {"+60222": True, "+60333": True}, {"+60222": "1001", "+60333": "1002"})
    assert await read(database, "SELECT phone, lid FROM contacts ORDER BY phone") == [
        ("+60111", None),
        ("+60222", "1001"),
    ]
