"""Several engines and one device: who may send, and what a dead engine leaves behind."""

from engine.broadcast.claims import Claimed, Lost
from engine.devices.ownership import OwnedDevice, Ownership
from engine.transports.contract import Rejected, Sent
from tests.integration.engine.world import World, at

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
