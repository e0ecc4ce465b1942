"""Several engines and one device: who may send, and what a dead engine leaves behind."""

import asyncio
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from engine import clock as clock_module
from engine.batching import is_transient
from engine.broadcast.claims import Claimed, Lost
from engine.devices import ownership as ownership_module
from engine.devices.ownership import (
    BEAT_EVERY,
    BEAT_WITHIN,
    DEAD_AFTER,
    LEASE,
    LOOK_EVERY,
    OwnedDevice,
    Ownership,
)
from engine.notifications import Channel, Notifications
from engine.transports.contract import Rejected, Sent
from tests.integration.engine.world import World, at, until

BURY = "UPDATE engines SET heartbeat_at = clock_timestamp() - interval '13 seconds' WHERE id = :id"


async def owned(ownership: Ownership) -> list[OwnedDevice]:
    devices, _ = await ownership.owned()
    return devices


async def test_a_device_has_one_engine_at_a_time(world: World) -> None:
    await world.device()
    first, second = await world.engine(), await world.engine()
    assert len(await owned(first.ownership)) == 1
    assert await owned(second.ownership) == []
    assert await second.ownership.take(100) == 0


async def test_an_engine_takes_no_more_devices_than_it_has_room_for(world: World) -> None:
    for number in range(3):
        await world.device(f"Sales {number}")
    first = await Ownership.register(world.database, world.clock, capacity=2)
    second = await Ownership.register(world.database, world.clock, capacity=2)
    assert await first.take(2) == 2
    assert await second.take(0) == 0
    assert await second.take(2) == 1


async def test_what_a_dead_engine_had_in_flight_is_unknown_and_the_run_goes_on_once(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"), people=2)
    dead = await world.engine()
    old_epoch = await dead.epoch(device)
    await world.move_to(at(5, 11))
    claimed = await dead.claim(device)
    assert isinstance(claimed, Claimed)
    await world.run(BURY, id=dead.ownership.engine_id)

    heir = await world.engine()
    assert await heir.epoch(device) == old_epoch + 1
    assert await world.statuses() == ["unknown", "pending"]
    assert await world.alerts() == [("send_unknown", "firing", 1)]
    assert await heir.send_all(device) == ["one"]
    assert await world.rows("SELECT next_due_at FROM sequence_contacts") == [(at(6, 11),)] * 2

    # It was only slow: its send came through after all. That moves nobody's next day.
    world.clock.set(at(6, 10))
    await dead.sent(device, claimed)
    assert await world.statuses() == ["sent", "sent"]
    assert await world.rows("SELECT next_due_at FROM sequence_contacts") == [(at(6, 11),)] * 2
    await world.move_to(at(6, 11))
    assert await heir.send_all(device) == ["two", "two"]


async def test_a_late_transient_rejection_does_not_bring_an_unknown_message_back(world: World) -> None:
    _, device = await world.running()
    dead = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await dead.claim(device)
    assert isinstance(claimed, Claimed)
    await world.run(BURY, id=dead.ownership.engine_id)
    await world.engine()
    await dead.report(device, claimed, Rejected("rate", "too fast", permanent=False))
    assert await world.statuses() == ["unknown"]


async def test_an_outcome_of_an_old_epoch_leaves_the_new_owners_send_alone(world: World) -> None:
    _, device = await world.running(people=2)
    dead = await world.engine()
    await world.move_to(at(5, 11))
    first = await dead.claim(device)
    assert isinstance(first, Claimed)
    await world.run(BURY, id=dead.ownership.engine_id)
    heir = await world.engine()
    second = await heir.claim(device)
    assert isinstance(second, Claimed)
    await dead.sent(device, first)
    assert await world.one("SELECT in_flight_message_id FROM user_devices") == second.message.ref
    await heir.sent(device, second)


async def test_who_lost_the_device_is_told_so_and_claims_nothing(world: World) -> None:
    _, device = await world.running()
    stale = await world.engine()
    await world.move_to(at(5, 11))
    ask = await stale.ask(device)
    assert ask is not None
    await world.run(BURY, id=stale.ownership.engine_id)
    await world.engine()
    assert await stale.claims.claim([ask]) == [Lost()]
    assert await world.statuses() == ["pending"]


async def test_an_engine_whose_row_was_cleaned_away_is_there_again_with_its_next_heartbeat(world: World) -> None:
    await world.device()
    engine = await world.engine()
    await world.run("DELETE FROM engines")
    assert await owned(engine.ownership) == []
    await engine.ownership.beat()
    assert await world.one("SELECT id FROM engines") == engine.ownership.engine_id
    await world.run("DELETE FROM engines")
    assert await engine.ownership.take(100) == 1


async def test_a_renewed_device_keeps_its_engine_and_forgets_its_worker(world: World) -> None:
    _, device = await world.running()
    engine = await world.engine()
    (before,) = await owned(engine.ownership)
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    after = await engine.ownership.renew(before)
    assert [after] == await owned(engine.ownership)
    assert after is not None
    assert after.epoch == before.epoch + 1
    assert await world.statuses() == ["unknown"]
    assert await engine.ownership.renew(before) is None
    await engine.report(device, claimed, Sent("it did go out"))


async def test_released_devices_are_free_at_once_and_the_engine_is_gone(world: World) -> None:
    await world.device()
    first = await world.engine()
    await first.ownership.release_all()
    assert await world.rows("SELECT id FROM engines") == []
    second = await world.engine()
    assert len(await owned(second.ownership)) == 1


def test_the_times_add_up() -> None:
    """Written down in `engine/devices/ownership.py`."""
    dead, one_pass, slow_commit, goodbye = DEAD_AFTER.total_seconds(), 3, 4, 0.3
    assert dead + LOOK_EVERY + one_pass <= 15
    assert LEASE + slow_commit <= dead
    assert BEAT_EVERY + BEAT_WITHIN + goodbye + BEAT_WITHIN / 2 <= dead, "one hung connection is not death"
    assert BEAT_EVERY * 2 < LEASE, "one heartbeat may be late"


def test_the_lease_is_counted_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert getattr(time, "CLOCK_BOOTTIME", None) == clock_module._BOOT_TIME
    assert clock_module.machine_time() >= time.monotonic() - 0.01
    monkeypatch.setattr(clock_module, "_BOOT_TIME", None)
    assert abs(clock_module.machine_time() - time.monotonic()) < 1


async def test_an_engine_that_was_asleep_gets_its_lease_back_with_the_news_of_what_it_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.device("Kept")
    await world.device("Lost")
    sleeper = await world.engine()
    kept, lost = sorted(await owned(sleeper.ownership), key=lambda device: device.name)
    assert sleeper.ownership.holds(kept)
    assert sleeper.ownership.holds(lost)
    now = clock_module.machine_time() + 60
    monkeypatch.setattr(ownership_module, "machine_time", lambda: now)
    await world.run(BURY, id=sleeper.ownership.engine_id)
    heir = await Ownership.register(world.database, world.clock, capacity=1)
    await world.run(
        "UPDATE user_devices SET epoch = epoch + 1, owner = :id WHERE name = 'Lost'", id=heir.engine_id
    )
    assert not sleeper.ownership.holds(kept)
    assert not sleeper.ownership.holds(lost)
    await sleeper.ownership.beat()
    assert sleeper.ownership.holds_lease
    assert sleeper.ownership.holds(kept)
    assert not sleeper.ownership.holds(lost), "what was claimed before it fell asleep is not sent"


async def test_a_waking_engine_has_no_lease_before_it_can_see_what_is_being_taken_from_it(world: World) -> None:
    """Whoever takes over has read the old heartbeat; the new one waits for the end of that transaction."""
    await world.device()
    sleeper = await world.engine()
    sleeper.ownership._lease_until = 0
    await world.run(BURY, id=sleeper.ownership.engine_id)
    (device,) = await owned(sleeper.ownership)
    heir = await Ownership.register(world.database, world.clock, capacity=100)
    reached, go_on = asyncio.Event(), asyncio.Event()
    real = heir._raise_epochs

    async def slowly(*about: object) -> None:
        reached.set()
        await go_on.wait()
        await real(*about)

    heir._raise_epochs = slowly
    taking = asyncio.create_task(heir.take(100))
    await reached.wait()
    beating = asyncio.create_task(sleeper.ownership.beat())
    await asyncio.wait({beating}, timeout=0.2)
    assert not beating.done()
    assert not sleeper.ownership.holds_lease
    go_on.set()
    assert await taking == 1
    await beating
    assert sleeper.ownership.holds_lease
    assert not sleeper.ownership.holds(device)


async def test_a_heartbeat_in_time_needs_no_news(world: World) -> None:
    await world.device()
    engine = await world.engine()
    (device,) = await owned(engine.ownership)
    await engine.ownership.beat()
    assert engine.ownership.holds(device)


async def test_engines_that_think_each_other_dead_take_turns(world: World) -> None:
    """Two that wake up together: a deadlock of theirs is broken and tried again, a device has one owner."""
    for number in range(4):
        await world.device(f"Sales {number}")
    first, second = await world.engine(), await world.engine()
    await world.run("UPDATE engines SET heartbeat_at = clock_timestamp() - interval '1 minute'")
    await asyncio.gather(first.ownership.take(4), second.ownership.take(4), return_exceptions=True)
    await first.ownership.beat()
    await second.ownership.beat()
    both = [*await owned(first.ownership), *await owned(second.ownership)]
    assert len({device.id for device in both}) == len(both) == 4


async def test_whoever_frees_a_device_tells_the_engines_and_wakes_no_worker(world: World) -> None:
    heard: list[str] = []
    woken: list[str] = []
    notifications = Notifications(world.database.url)
    notifications.listen(Channel.OWNERSHIP, heard.append)
    notifications.listen(Channel.QUEUE, woken.append)
    notifications.listen(Channel.CONTROL, woken.append)
    listening = asyncio.create_task(notifications.run())
    await notifications.connected.wait()
    device = await world.device(state="parked")
    await until(lambda: len(woken) == 3)  # it was added
    heard.clear()
    await world.devices.restart(world.actor, device)  # nobody works it
    await until(lambda: len(heard) == 1)
    engine = await world.engine()
    await engine.ownership.release([device])
    await until(lambda: len(heard) == 2)
    await engine.ownership.take(1)
    await world.devices.restart(world.actor, device)
    await until(lambda: len(heard) == 3)
    await engine.ownership.take(1)
    await engine.ownership.release_all()
    await until(lambda: len(heard) == 4)
    await world.run("UPDATE user_devices SET state = 'online', in_flight_body = NULL")
    await until(lambda: len(heard) == 5)
    await world.run("UPDATE user_devices SET state = 'online', hour_count = 3")
    assert len(heard) == 5, "only what has become free"
    assert len(woken) == 3
    listening.cancel()
    await asyncio.wait({listening})


async def test_a_stopping_engine_makes_room_before_its_last_device_is_free(world: World) -> None:
    for number in range(4):
        await world.device(f"Sales {number}")
    leaving = await world.engine()
    staying = await Ownership.register(world.database, world.clock, capacity=100)
    census = await staying.census()
    assert (census.level, census.room(staying.engine_id)) == (2, 0)
    await leaving.ownership.retire()
    await leaving.ownership.beat()
    await leaving.ownership.release([1, 2, 3])
    census = await staying.census()
    assert (census.level, census.room(staying.engine_id)) == (4, 3)


async def test_what_a_sleeping_engine_has_locked_is_free_before_its_devices_are_taken(world: World) -> None:
    """Stopped in the middle of a claim it would keep operators from pausing, and its heirs from its devices."""
    setting = "SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"
    milliseconds = await world.one(setting)
    assert 0 < milliseconds < DEAD_AFTER.total_seconds() * 1000
    await world.device()
    asleep = await world.engine()
    await world.run(BURY, id=asleep.ownership.engine_id)
    heir = await Ownership.register(world.database, world.clock, capacity=100)
    with pytest.raises(DBAPIError) as woken:  # noqa: PT012
        async with world.database.transaction() as session:
            await session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
            await session.execute(text("SELECT FROM user_devices FOR UPDATE"))
            assert await heir.take(100) == 0
            await until(lambda: heir.take(100))
            await session.execute(text("SELECT 1"))
    assert is_transient(woken.value)
