"""PostgreSQL restarts, hangs, is unreachable: a whole engine behind a bad network."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import structlog
from sqlalchemy import event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from structlog.typing import EventDict

from engine import connections, notifications, outage, outage_alert
from engine.batching import is_transient
from engine.broadcast import desk as desk_module
from engine.broadcast import worker as worker_module
from engine.broadcast.media import UNHURRIED
from engine.clock import machine_time
from engine.database import Database
from engine.devices import ownership as ownership_module
from engine.devices.ownership import Ownership
from engine.notifications import EVERYTHING, Channel, Notifications
from engine.outage_alert import tell_outages
from tests.integration.engine.proxy import Proxy, proxy_before
from tests.integration.engine.rig import Rig, Script, engine_running
from tests.integration.engine.world import World, at, until

AWAY, BACK = "the database does not answer; nothing is sent until it does", "the database answers again"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the real times, in the same proportions."""
    for name in ("BEAT_EVERY", "LEASE", "LOOK_EVERY", "BEAT_WITHIN", "PASS_WITHIN"):
        monkeypatch.setattr(ownership_module, name, getattr(ownership_module, name) / 10)
    monkeypatch.setattr(ownership_module, "LEASE", 1.2)  # on a busy machine a new connection takes its time
    monkeypatch.setattr(ownership_module, "BEAT_WITHIN", 1.0)
    monkeypatch.setattr(ownership_module, "ASLEEP_AFTER", timedelta(seconds=1))  # and so does its first statement
    monkeypatch.setattr("engine.broadcast.pool.BEAT_EVERY", 0.2)
    monkeypatch.setattr("engine.broadcast.pool.LOOK_EVERY", 0.2)
    monkeypatch.setattr(worker_module, "POLL_EVERY", 0.2)
    monkeypatch.setattr(desk_module, "ANSWER_WITHIN", 1.5)
    monkeypatch.setattr(connections, "CONNECT_WITHIN", 0.5)
    monkeypatch.setattr("engine.batching.LONGEST_PAUSE", 0.2)
    monkeypatch.setattr(outage, "HICCUP", 0.1)


@pytest.fixture
def said() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as said:
        yield said


@pytest.fixture
async def proxy(database_url: URL) -> AsyncIterator[Proxy]:
    async with proxy_before(database_url) as proxy:
        yield proxy


@pytest.fixture
def script() -> Script:
    return Script()


@asynccontextmanager
async def behind(proxy: Proxy, world: World, script: Script) -> AsyncIterator[Rig]:
    """An engine that reaches the database through the proxy, while the test reaches it directly."""
    database = Database(proxy.url, pool_size=5)

    @event.listens_for(database.engine.sync_engine, "connect")
    def asleep_sooner(connection: Any, _record: object) -> None:  # the test itself may be slow
        connection.run_async(lambda driver: driver.execute("SET idle_in_transaction_session_timeout = '500ms'"))

    away = dataclasses.replace(world, database=database)
    telling = asyncio.create_task(tell_outages(database, world.clock))
    try:
        async with engine_running(away, script) as rig:
            yield rig
    finally:
        telling.cancel()
        await asyncio.wait({telling})
        await database.close()


async def begin(rig: Rig, world: World, script: Script, people: int) -> int:
    """People wait, and the first few have been sent to."""
    _, device = await world.running(people=people)
    await until(lambda: script.lines[device])
    await world.move_to(at(5, 11))
    rig.pool.wake()
    await until(lambda: len(script.asked) >= 3)
    return device


async def sent(world: World) -> int:
    return (await world.statuses()).count("sent")


async def all_sent_once(world: World, script: Script, people: int) -> None:
    async def done() -> bool:
        return await world.statuses() == ["sent"] * people

    await until(done, within=30)
    assert len(script.bodies) == len(set(script.bodies)) == people


def events(said: list[EventDict]) -> list[str]:
    return [event["event"] for event in said if event["event"] in {AWAY, BACK}]


@pytest.mark.parametrize("trouble", ["refuse", "stall", "swallow"])
async def test_an_outage_stops_the_sending_and_loses_nothing(
    proxy: Proxy, world: World, script: Script, said: list[EventDict], trouble: str
) -> None:
    people = 25
    async with behind(proxy, world, script) as rig:
        device = await begin(rig, world, script, people)
        proxy.refuse() if trouble == "refuse" else proxy.stall()
        await until(lambda: not rig.ownership.holds_lease)
        await until(lambda: rig.world.database.outages.going_on)
        asked = len(script.asked)
        assert asked < people, "there was still something to send"
        await asyncio.sleep(1.5)
        assert len(script.asked) == asked
        (line,) = script.lines[device]
        assert not line.closed
        healed = machine_time()
        proxy.heal(lose=trouble == "swallow")
        await until(lambda: len(script.asked) > asked)
        assert machine_time() - healed < 4, "a tenth of the real times: 40 s at most"
        await all_sent_once(world, script, people)
        assert script.lines[device] == [line], "the transport stayed connected"
    assert events(said) == [AWAY, BACK]


async def test_sends_of_which_the_outcome_cannot_be_written_are_written_when_the_database_is_back(
    proxy: Proxy, world: World, script: Script
) -> None:
    async with behind(proxy, world, script) as rig:
        _, device = await world.running(people=2)
        await until(lambda: script.lines[device])
        script.flowing.clear()
        await world.move_to(at(5, 11))
        rig.pool.wake()
        await until(lambda: script.asked)
        proxy.refuse()
        script.flowing.set()
        await until(lambda: rig.world.database.outages.going_on)
        assert await world.statuses() == ["processing", "pending"]
        proxy.heal()
        await all_sent_once(world, script, 2)


async def test_a_database_that_answers_slowly_slows_the_sending_and_nothing_else(
    proxy: Proxy, world: World, script: Script, said: list[EventDict]
) -> None:
    async with behind(proxy, world, script) as rig:
        proxy.latency = 0.02
        await begin(rig, world, script, 12)
        await all_sent_once(world, script, 12)
    assert events(said) == []


async def test_connections_that_break_now_and_then_are_no_outage(
    proxy: Proxy, world: World, script: Script, said: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "HICCUP", 1.0)
    async with behind(proxy, world, script) as rig:
        await begin(rig, world, script, 30)
        for asked in range(5, 26, 5):
            await until(lambda asked=asked: len(script.asked) >= asked)
            proxy.reset()
        await all_sent_once(world, script, 30)
        assert not rig.running.done()
    assert events(said) == []


async def test_nothing_gathers_in_memory_while_the_database_is_away(
    proxy: Proxy, world: World, script: Script
) -> None:
    async with behind(proxy, world, script) as rig:
        await begin(rig, world, script, 25)
        proxy.refuse()
        await until(lambda: rig.world.database.outages.going_on)
        await asyncio.sleep(0.5)
        tasks = len(asyncio.all_tasks())
        for _ in range(10):
            rig.pool.control()
            await asyncio.sleep(0.1)
        desk = rig.pool._desk
        assert (
            sum(len(batcher._waiting) for batcher in (desk.claims, desk.outcomes, desk.waiting, desk.states)) <= 2
        )
        assert len(asyncio.all_tasks()) <= tasks + 5
        proxy.heal()
        await all_sent_once(world, script, 25)


async def test_a_drain_in_a_black_hole_ends_in_time(
    proxy: Proxy, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.broadcast.pool.DRAIN_WITHIN", 1.0)
    monkeypatch.setattr("engine.broadcast.pool.LAST_WORDS_WITHIN", 0.2)
    async with behind(proxy, world, script) as rig:
        await begin(rig, world, script, 25)
        proxy.stall()
        await until(lambda: not rig.ownership.holds_lease)
        began = machine_time()
        await rig.drain()
        assert machine_time() - began < 1.0 + 3 * 0.2 + 4 * connections.GOODBYE_WITHIN
        proxy.heal()


@pytest.mark.parametrize("trouble", ["refuse", "stall"])
async def test_the_listener_notices_a_dead_line_and_everybody_looks_when_it_is_back(
    proxy: Proxy, trouble: str, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setattr(notifications, "RECONNECT_AFTER", 0.05)
    monkeypatch.setattr(notifications, "PROBE_EVERY", 0.2)
    monkeypatch.setattr(notifications, "PROBE_WITHIN", 0.2)
    heard: list[str] = []
    listener = Notifications(proxy.url)
    listener.listen(Channel.QUEUE, heard.append)
    listening = asyncio.create_task(listener.run())
    await until(listener.connected.is_set)
    assert heard == [EVERYTHING]
    await asyncio.sleep(0.5)
    assert listener.connected.is_set(), "silence is not death"
    proxy.refuse() if trouble == "refuse" else proxy.stall()
    await until(lambda: not listener.connected.is_set(), within=2)
    proxy.heal(lose=True)
    await until(listener.connected.is_set)
    assert heard == [EVERYTHING, EVERYTHING]
    async with database.transaction() as session:
        await session.execute(text("SELECT pg_notify('dripdesk_queue', '7')"))
    await until(lambda: heard[2:] == ["7"])
    listening.cancel()
    await asyncio.wait({listening})


async def test_a_statement_that_hangs_is_given_up_and_its_connection_too(proxy: Proxy, database: Database) -> None:
    far = Database(proxy.url, pool_size=2)
    async with far.transaction() as session:
        pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    proxy.stall()
    began = machine_time()
    with pytest.raises(TimeoutError):
        async with far.within(0.2).transaction() as session:
            await session.execute(text("SELECT 1"))
    assert machine_time() - began < 1
    proxy.heal(lose=True)
    async with far.within(1).transaction() as session:
        assert (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one() != pid
    await far.close()


async def test_no_connection_and_no_transaction_is_lost_in_repeated_trouble(proxy: Proxy) -> None:
    """Limits run out at every possible moment, in the middle of a commit too: nothing waits for ever."""
    far = Database(proxy.url, pool_size=5)
    ended, answers = asyncio.Event(), 0

    async def work(within: float) -> None:
        nonlocal answers
        while not ended.is_set():
            try:
                async with far.within(within).transaction() as session:
                    await session.execute(text("SELECT pg_sleep(0.003)"))
                answers += 1
            except Exception as error:
                if not is_transient(error):
                    raise
                await asyncio.sleep(0.01)

    working = [asyncio.create_task(work(0.05 + number / 40)) for number in range(12)]
    for number in range(8):
        await asyncio.sleep(0.3)
        (proxy.stall, proxy.refuse, proxy.reset)[number % 3]()
        await asyncio.sleep(0.5)
        proxy.heal(lose=bool(number % 2))
        await until(lambda enough=answers + 20: answers >= enough)
    ended.set()
    _, hanging = await asyncio.wait(working, timeout=5)
    assert not hanging
    for one in working:
        one.result()
    assert far.engine.pool.checkedout() == 0
    await far.close()


async def test_the_server_ends_a_transaction_whose_owner_is_asleep_before_its_devices_are_taken(
    world: World,
) -> None:
    """A frozen process would keep its rows locked, and whoever takes devices over skips what is locked."""
    limit = await world.one(
        "SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"
    )
    assert 0 < limit / 1000 < ownership_module.DEAD_AFTER.total_seconds()


async def test_an_engine_ends_a_session_that_sleeps_between_preparing_a_statement_and_running_it(
    world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the server it is in the middle of a command, and no timeout runs."""
    prepare = asyncpg.Connection.prepare

    async def prepare_and_sleep(connection: asyncpg.Connection, query: str, **options: Any) -> Any:
        statement = await prepare(connection, query, **options)
        if query == "SELECT 'woken'":
            await until(connection.is_closed)
        return statement

    monkeypatch.setattr(asyncpg.Connection, "prepare", prepare_and_sleep)
    async with engine_running(world, script):
        with pytest.raises(DBAPIError) as woken:
            await world.run("SELECT 'woken'")
    assert is_transient(woken.value)


async def test_a_copy_that_waits_for_its_rows_is_no_sleeper(database: Database, world: World) -> None:
    ownership = await Ownership.register(database, world.clock, capacity=1)
    connection = await connections.connect(database.url)

    async def rows() -> AsyncIterator[tuple[int]]:
        yield (1,)
        await asyncio.sleep(1.1)
        await ownership.end_sleepers()
        yield (2,)

    await connection.execute("CREATE TEMP TABLE numbers (number int)")
    assert await connection.copy_records_to_table("numbers", records=rows()) == "COPY 2"
    await connection.close()


async def test_a_file_that_takes_its_time_on_the_line_is_no_sleeper(database: Database, world: World) -> None:
    ownership = await Ownership.register(database, world.clock, capacity=1)
    connection = await connections.connect(database.url)
    async with connection.transaction():
        await connection.execute(UNHURRIED)
        statement = await connection.prepare("SELECT 'woken'")
        await asyncio.sleep(1.1)
        await ownership.end_sleepers()
        assert await statement.fetchval() == "woken"
    await connection.close()


# The operators


async def alerts(world: World) -> list[tuple[object, ...]]:
    return await world.rows("SELECT kind, status, text, last_at - first_at FROM alerts")


async def test_a_long_outage_is_told_once_however_many_engines_have_seen_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Database(world.database.url, pool_size=1) for _ in range(2))
    for database, seconds in ((first, 43.0), (second, 41.4), (first, 29.0)):
        monkeypatch.setattr(database.outages, "_over", seconds)
        database.outages._news.set()
        telling = asyncio.create_task(tell_outages(database, world.clock))
        await until(lambda database=database: not database.outages._news.is_set())
        if seconds > outage_alert.WORTH_TELLING:
            await until(lambda: alerts(world))
        await asyncio.sleep(0.05)
        telling.cancel()
        await asyncio.wait({telling})
    told = "The database did not answer for 43 s. Nothing was lost; sending goes on."
    assert await alerts(world) == [("database_away", "resolved", told, timedelta(seconds=43))]
    world.clock.advance(timedelta(minutes=5))
    await outage_alert._tell(second, world.clock, 60)
    assert len(await alerts(world)) == 2, "the next one is another"
    for database in (first, second):
        await database.close()


async def test_an_outage_that_was_seen_is_told_when_it_is_over(
    proxy: Proxy, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage_alert, "WORTH_TELLING", 0.5)
    async with behind(proxy, world, script) as rig:
        proxy.refuse()
        await until(lambda: rig.world.database.outages.going_on)
        await asyncio.sleep(0.6)
        assert await alerts(world) == []
        proxy.heal()
        await rig.alert("database_away", "resolved")
