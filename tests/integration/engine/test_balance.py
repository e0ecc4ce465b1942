"""Several engines share the devices out: evenly, gently, and not at all when nothing changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from engine.broadcast import pool as pool_module
from engine.devices import shortage
from engine.devices.ownership import Ownership
from engine.notifications import Channel, Notifications
from engine.transports.contract import StateChanged
from models.enums import DeviceState
from tests.integration.engine.rig import Rig, Script, engine_running
from tests.integration.engine.world import World, at, until

OWNERS = "SELECT count(*) FROM user_devices WHERE owner IS NOT NULL GROUP BY owner ORDER BY count(*)"
EPOCHS = "SELECT sum(epoch) FROM user_devices"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "LOOK_EVERY", 0.1)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def engines() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as engines:
        yield engines


async def devices(world: World, count: int) -> None:
    await world.run(
        "INSERT INTO user_devices (workspace_id, name, transport, min_delay_seconds, max_delay_seconds)"
        " SELECT :workspace, 'Device ' || n, 'simulator', 0, 0 FROM generate_series(1, :count) n",
        workspace=world.actor.workspace_id,
        count=count,
    )


async def shares(world: World) -> list[int]:
    return [count for (count,) in await world.rows(OWNERS)]


async def shared(world: World, *counts: int) -> None:
    async def so() -> bool:
        return await shares(world) == list(counts)

    try:
        await until(so, within=20)
    except TimeoutError:
        raise AssertionError(await shares(world)) from None


async def one_pass(*engines: Ownership) -> int:
    """What each engine takes up to its target; the moves."""
    moves = 0
    for engine in engines:
        census = await engine.census()
        moves += await engine.take(census.room(engine.engine_id)) + census.surplus(engine.engine_id)
    return moves


async def registered(world: World, count: int, *, capacity: int = 1000) -> list[Ownership]:
    return [await Ownership.register(world.database, world.clock, capacity=capacity) for _ in range(count)]


async def test_three_engines_share_301_devices_and_then_nothing_moves(world: World) -> None:
    await devices(world, 301)
    three = await registered(world, 3)
    assert await one_pass(*three) == 301
    assert await shares(world) == [99, 101, 101]
    epochs = await world.one(EPOCHS)
    assert [await one_pass(*three) for _ in range(10)] == [0] * 10
    assert await world.one(EPOCHS) == epochs


async def test_the_first_engine_takes_all_that_it_may_and_the_second_the_rest(world: World) -> None:
    await devices(world, 12)
    small, large = await registered(world, 1, capacity=5), await registered(world, 1, capacity=100)
    await one_pass(*small, *large)
    assert await shares(world) == [5, 7]


async def test_a_joining_engine_gets_its_share_and_a_leaving_ones_is_spread(
    world: World, script: Script, engines: AsyncExitStack
) -> None:
    await devices(world, 60)
    await engines.enter_async_context(engine_running(world, script))
    await shared(world, 60)
    await engines.enter_async_context(engine_running(world, script))
    await shared(world, 30, 30)
    leaving = await engines.enter_async_context(engine_running(world, script))
    await shared(world, 20, 20, 20)
    epochs = await world.one(EPOCHS)
    await asyncio.sleep(0.5)
    assert await world.one(EPOCHS) == epochs, "settled is settled"
    assert epochs == 60 + 30 + 20, "only what had to move has moved"
    await leaving.drain()
    await shared(world, 30, 30)
    assert await world.one(EPOCHS) == epochs + 20

    def one_line_a_device() -> bool:
        return [sum(not line.closed for line in lines) for lines in script.lines.values()] == [1] * 60

    await until(one_line_a_device)


async def test_a_device_that_moves_finishes_its_send_first(
    world: World, script: Script, engines: AsyncExitStack
) -> None:
    few = [await world.device(f"Sales {number}") for number in range(2)]
    sequence = await world.sequence(few, (1, 11, "Hi {{ name }}"))
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(2))
    first = await engines.enter_async_context(engine_running(world, script))
    await until(lambda: len(script.lines) == 2)
    script.flowing.clear()
    await first.move_to(at(5, 11))
    await until(lambda: len(script.asked) == 2)
    await engines.enter_async_context(engine_running(world, script))
    await until(lambda: any(one.ending for one in first.pool._employed.values()))
    await asyncio.sleep(0.3)
    assert await shares(world) == [2], "it waits for what is on its way"
    script.flowing.set()
    await shared(world, 1, 1)
    assert await world.statuses() == ["sent", "sent"]
    assert len(script.asked) == 2


async def test_a_worker_that_does_not_end_holds_nobody_up(
    world: World, script: Script, engines: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "CLOSE_WITHIN", 0.3)
    hung = await world.device("Hung")
    rig = await engines.enter_async_context(engine_running(world, script))
    await until(lambda: script.lines[hung])
    closing = asyncio.Event()

    async def close() -> None:
        while not closing.is_set():  # not even when it is cancelled
            try:
                await closing.wait()
            except asyncio.CancelledError:
                continue

    monkeypatch.setattr(script.lines[hung][0], "close", close)
    await world.run("UPDATE user_devices SET removed_at = clock_timestamp() WHERE id = :id", id=hung)
    other = await world.device("Other")
    rig.pool.control()
    await until(lambda: script.lines[other], within=2)
    await until(lambda: len(rig.pool) == 1)
    closing.set()


async def test_connects_are_not_a_stampede(
    world: World, script: Script, engines: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, most, through = 0, 0, asyncio.Event()

    async def connect(_: object) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await through.wait()
        now -= 1

    monkeypatch.setattr("tests.integration.engine.rig.ScriptedTransport.connect", connect)
    await devices(world, 99)
    await engines.enter_async_context(engine_running(world, script))
    await until(lambda: now == pool_module.CONNECT_TOGETHER)
    through.set()
    await until(lambda: len(script.lines) == 99 and now == 0)
    assert most == pool_module.CONNECT_TOGETHER


# Devices that nothing can be sent on


async def test_a_lost_device_leaves_its_place_to_another_until_it_is_restarted(
    world: World, script: Script, engines: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.devices.ownership.RESTS_AFTER", timedelta(seconds=0.3))
    first, second = await world.device("First"), await world.device("Second")
    rig = await engines.enter_async_context(engine_running(world, script, capacity=1))
    notifications = Notifications(world.database.url)
    notifications.listen(Channel.OWNERSHIP, rig.pool.look)
    listening = asyncio.create_task(notifications.run())
    await until(lambda: script.lines[first])
    script.lines[first][0].say(StateChanged(DeviceState.LOGGED_OUT, "logged out on the phone"))
    await until(lambda: script.lines[second])
    assert script.lines[first][0].closed
    assert await world.one("SELECT owner FROM user_devices WHERE id = :id", id=first) is None
    assert ("device_down", "firing", 1) in await world.alerts()
    await world.devices.remove(world.actor, second)
    await world.devices.restart(world.actor, first)
    await until(lambda: len(script.lines[first]) == 2)
    listening.cancel()
    await asyncio.wait({listening})


async def test_what_was_in_flight_on_a_lost_device_of_a_dead_engine_is_settled(world: World) -> None:
    _, device = await world.running()
    dead = await world.engine()
    await world.move_to(at(5, 11))
    assert await dead.claim(device)
    await world.run(
        "UPDATE user_devices SET state = 'logged_out', state_since = clock_timestamp() - interval '1 hour'"
    )
    await world.run("UPDATE engines SET heartbeat_at = clock_timestamp() - interval '1 minute'")
    (heir,) = await registered(world, 1)
    assert await one_pass(heir) == 1
    assert await world.statuses() == ["unknown"]
    assert await heir.owned() == ([], {device})
    await heir.release([device])
    assert await one_pass(heir) == 0


# More devices than workers

NO_WORKER = "SELECT status, occurrences, text, revision FROM alerts WHERE kind = 'no_worker' ORDER BY id"


async def test_devices_beyond_all_capacity_wait_and_the_operators_are_told_once(
    world: World, script: Script, engines: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortage, "ANNOUNCE_AFTER", timedelta())
    await devices(world, 5)
    first = await engines.enter_async_context(engine_running(world, script, capacity=2))
    second = await engines.enter_async_context(engine_running(world, script, capacity=1))
    await shared(world, 1, 2)

    async def told() -> bool:
        return any("2 devices have no worker" in row[2] for row in await world.rows(NO_WORKER))

    await until(told)
    await until(lambda: len(first.pool) + len(second.pool) == 3)
    (before,) = await world.rows(NO_WORKER)
    assert before[:2] == ("firing", 1)
    assert "MAX_WORKERS" in before[2]
    monkeypatch.setattr(shortage, "LOOK_AGAIN_AFTER", timedelta())
    await asyncio.sleep(0.5)
    assert await world.rows(NO_WORKER) == [before], "neither counted nor edited at each pass"
    await engines.enter_async_context(engine_running(world, script, capacity=10))
    await shared(world, 1, 2, 2)
    await first.alert("no_worker", "resolved")
    assert len(await world.rows(NO_WORKER)) == 1


async def test_an_engine_that_is_just_being_restarted_is_no_shortage(
    world: World, script: Script, engines: AsyncExitStack
) -> None:
    await devices(world, 3)
    rig: Rig = await engines.enter_async_context(engine_running(world, script, capacity=2))
    await shared(world, 2)
    await asyncio.sleep(0.5)
    assert await world.rows(NO_WORKER) == []
    assert len(rig.pool) == 2
