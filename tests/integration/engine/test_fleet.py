"""What `dripdesk status` reads: every figure against rows that a test has put there."""

from datetime import datetime, timedelta

import pytest

from engine.broadcast.claims import Claimed
from engine.reports.fleet import DeviceLine, Fleet, FleetReport
from engine.transports.contract import Unknown
from models.enums import DeviceState
from tests.integration.engine.world import World, at

ADD = """
INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body)
VALUES (:workspace, 'test', :contact, :device, :due, 'Hi')
"""


async def report(world: World) -> FleetReport:
    return await Fleet(world.database, world.clock).report()


async def line(world: World, device: int) -> DeviceLine:
    return next(one for one in (await report(world)).devices if one.id == device)


async def add(world: World, device: int, *dues: datetime) -> None:
    for due in dues:
        (contact,) = await world.contacts()
        await world.run(ADD, workspace=world.actor.workspace_id, contact=contact, device=device, due=due)


async def let_engine_die(world: World, engine_id: int) -> None:
    late = "UPDATE engines SET heartbeat_at = clock_timestamp() - interval '20 seconds' WHERE id = :id"
    await world.run(late, id=engine_id)


async def test_an_empty_installation(world: World) -> None:
    empty = await report(world)
    assert empty.engines == []
    assert empty.devices == []
    assert empty.totals.due == empty.totals.later == empty.totals.processing == empty.totals.unknown == 0
    assert empty.totals.lag is None


async def test_engines_are_alive_or_dead_by_the_databases_clock(world: World) -> None:
    await world.device("One")
    await world.device("Two")
    first = await world.engine()
    second = await world.engine()
    await let_engine_die(world, first.ownership.engine_id)
    dead, alive = (await report(world)).engines
    assert (dead.id, dead.alive, dead.devices) == (first.ownership.engine_id, False, 2)
    assert dead.heartbeat_age == pytest.approx(20, abs=5)
    assert (alive.id, alive.alive, alive.devices) == (second.ownership.engine_id, True, 0)
    assert alive.heartbeat_age < 10


async def test_what_a_paused_campaign_holds_is_due_and_not_late(world: World) -> None:
    device = await world.device()
    paused = await world.campaign([device], await world.contacts(30), scheduled_at=at(5, 8))
    await world.campaign([device], await world.contacts(2), scheduled_at=at(5, 9))
    assert ((await line(world, device)).due, (await line(world, device)).lag) == (32, 7200)
    await world.campaign_control.pause(world.actor, paused)
    assert ((await line(world, device)).due, (await line(world, device)).lag) == (32, 3600)


async def test_what_is_due_now_and_later_and_how_late_it_is(world: World) -> None:
    sales, idle = await world.device("Sales"), await world.device("Idle")
    now = world.clock.now()
    late = timedelta(minutes=5)
    await add(world, sales, now - late, now, now + timedelta(seconds=1), now + timedelta(days=1))
    told = await line(world, sales)
    assert (told.due, told.later, told.lag) == (2, 2, 300)
    assert told.next_send_at == now - late
    assert (await line(world, idle)).lag is None
    totals = (await report(world)).totals
    assert (totals.due, totals.later, totals.lag) == (2, 2, 300)


async def test_what_a_pause_holds_back_is_due_and_not_late(world: World) -> None:
    sequence, device = await world.running(people=2)
    await world.move_to(at(5, 11, 30))
    assert (await line(world, device)).lag == 1800
    await world.control.pause(world.actor, sequence)
    held = await line(world, device)
    assert (held.due, held.lag, held.next_send_at) == (2, None, None)
    await add(world, device, at(5, 11, 20))
    assert (await line(world, device)).lag == 600


async def test_what_a_device_sends_and_has_sent(world: World) -> None:
    device = await world.device(min_delay_seconds=10, max_delay_seconds=10)
    engine = await world.engine()
    await add(world, device, *[world.clock.now()] * 3)
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    assert (await line(world, device)).sending
    assert (await report(world)).totals.processing == 1
    await engine.sent(device, claimed)
    told = await report(world)
    assert (told.totals.processing, told.totals.sent_this_hour, told.totals.sent_today) == (0, 1, 1)
    assert told.devices[0].next_send_at == world.clock.now() + timedelta(seconds=10)
    world.clock.advance(timedelta(hours=1))
    later = (await report(world)).totals
    assert (later.sent_this_hour, later.sent_today) == (0, 1)


async def test_a_capped_device_sends_next_when_its_hour_is_over_and_needs_no_look(world: World) -> None:
    device = await world.device(hourly_cap=1)
    engine = await world.engine()
    await add(world, device, *[world.clock.now()] * 2)
    await engine.send_all(device)
    world.clock.advance(timedelta(minutes=30))
    told = await line(world, device)
    assert told.next_send_at == at(5, 11)
    assert told.trouble is None


async def test_unknown_messages_count_until_somebody_has_seen_them(world: World) -> None:
    device = await world.device()
    engine = await world.engine()
    await add(world, device, *[world.clock.now()] * 2)
    for _ in range(2):
        claimed = await engine.claim(device)
        assert isinstance(claimed, Claimed)
        await engine.report(device, claimed, Unknown("no answer"))
    assert (await report(world)).totals.unknown == 2
    (alert,) = await world.rows("SELECT id FROM alerts WHERE kind = 'send_unknown'")
    await world.run("UPDATE alerts SET status = 'resolved' WHERE id = :id", id=alert[0])
    assert (await report(world)).totals.unknown == 0


async def test_why_a_device_needs_a_look(world: World) -> None:
    now = world.clock.now()
    devices = {
        "fine": await world.device("Fine"),
        "banned": await world.device("Banned", state=DeviceState.TEMP_BANNED),
        "offline": await world.device("Offline", state=DeviceState.PHONE_OFFLINE),
        "idle": await world.device("Stuck"),
        "paused": await world.device("Paused", paused_at=now),
        "failing": await world.device("Failing", last_error="slow line", state=DeviceState.DEGRADED),
    }
    engine = await world.engine()
    for device in devices.values():
        if device != devices["fine"]:
            await add(world, device, now - timedelta(seconds=61))
    await add(world, devices["fine"], now - timedelta(seconds=59))
    troubles = {device.name: device.trouble for device in (await report(world)).devices}
    assert troubles == {
        "Fine": None,
        "Banned": "needs you",
        "Offline": "cannot send",
        "Stuck": "should send, and does not",
        "Paused": None,
        "Failing": "should send, and does not",
    }
    await world.run("DELETE FROM messages")
    assert (await line(world, devices["failing"])).trouble == "reports an error"
    await let_engine_die(world, engine.ownership.engine_id)
    assert (await line(world, devices["fine"])).trouble == "no engine works it"
    await engine.ownership.release_all()
    orphan = await line(world, devices["fine"])
    assert (orphan.trouble, orphan.engine_id) == ("no engine works it", None)


async def test_paused_stopped_and_removed_devices(world: World) -> None:
    paused = await world.device("Paused", paused_at=world.clock.now())
    await world.device("Gone", removed_at=world.clock.now())
    await add(world, paused, world.clock.now())
    (told,) = (await report(world)).devices
    assert (told.name, told.paused, told.stopped, told.next_send_at) == ("Paused", True, False, None)
    await world.run("UPDATE workspaces SET stopped_at = now()")
    assert (await line(world, paused)).stopped
