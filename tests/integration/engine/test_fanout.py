"""The fan-out: everybody once, from a device that suits them, whatever happens meanwhile."""

import asyncio
from collections import Counter
from datetime import time, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from engine.campaigns import fanout_store
from engine.campaigns.fanout import Fanout
from engine.campaigns.trigger import CampaignTrigger
from models.enums import DeviceState
from tests.integration.engine.campaigning import draft, launched, listed, messages
from tests.integration.engine.test_campaign_claims import WAITING_FOR_LOCKS
from tests.integration.engine.world import World, until

ROUNDS = 20  # of two engines that do the same at once


async def test_who_has_a_device_of_the_pool_keeps_it_and_the_others_go_where_there_is_room(world: World) -> None:
    """The fast one takes twice as many as the slow one, and who is the slow one's own counts with that."""
    fast = await world.device("Fast", min_delay_seconds=10, max_delay_seconds=10)
    slow = await world.device("Slow", min_delay_seconds=20, max_delay_seconds=20)
    own = await world.contacts(10, device_id=slow)
    await world.contacts(80)
    await fanned_out(world, await draft(world, [fast, slow]))
    rows = await messages(world)
    assert {row.device_id for row in rows if row.contact_id in own} == {slow}
    assert Counter(row.device_id for row in rows) == {fast: 60, slow: 30}
    assert await world.one("SELECT count(*) FROM contacts WHERE device_id IS NOT NULL") == 10  # as it was


async def test_of_very_many_people_a_part_is_counted_and_the_devices_are_shared_out_nearly_alike(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout_store, "ENOUGH", 50)
    monkeypatch.setattr(fanout_store, "SAMPLED", 4)
    delays = {"min_delay_seconds": 10, "max_delay_seconds": 10}
    first, second = await world.device("First", **delays), await world.device("Second", **delays)
    await world.contacts(300, device_id=first)
    await world.contacts(500)
    await fanned_out(world, await draft(world, [first, second]))
    devices = Counter(row.device_id for row in await messages(world))
    assert devices.total() == 800
    assert devices[first] != 400, "it was counted after all"
    assert abs(devices[first] - 400) < 60


async def test_what_waits_for_a_device_and_what_its_cap_leaves_are_room_as_well(world: World) -> None:
    pace: dict[str, Any] = {"min_delay_seconds": 10, "max_delay_seconds": 10}
    busy = await world.device("Busy", **pace)
    free = await world.device("Free", **pace)
    new = await world.device("New", daily_cap=20, **pace)
    first = await world.contacts(40)
    await fanned_out(world, await draft(world, [busy], list_id=await listed(world, first)))
    second = await world.contacts(100)
    await fanned_out(world, await draft(world, [busy, free, new], list_id=await listed(world, second)))
    devices = Counter(row.device_id for row in await messages(world) if row.contact_id in second)
    assert devices == {busy: 20, free: 60, new: 20}


async def test_devices_that_do_not_send_keep_their_own_people_and_get_no_others(world: World) -> None:
    paused = await world.device("Paused", paused_at=world.clock.now())
    lost = await world.device("Lost", state=DeviceState.LOGGED_OUT)
    works = await world.device("Works")
    own = await world.contacts(1, device_id=paused)
    moved = await world.contacts(1, device_id=lost)
    new = await world.contacts(2)
    await fanned_out(world, await draft(world, [paused, lost, works]))
    devices = {row.contact_id: row.device_id for row in await messages(world)}
    assert devices == {own[0]: paused, **dict.fromkeys([*moved, *new], works)}


async def test_a_device_outside_of_the_pool_is_nobodys_own(world: World) -> None:
    inside, outside = await world.device("In"), await world.device("Out")
    (person,) = await world.contacts(1, device_id=outside)
    await fanned_out(world, await draft(world, [inside]))
    assert [(row.contact_id, row.device_id) for row in await messages(world)] == [(person, inside)]


async def test_the_campaigns_own_pace_and_window_are_planned_with(world: World) -> None:
    """At a minute a send two devices are alike, however fast one of them could be."""
    fast = await world.device("Fast", min_delay_seconds=1, max_delay_seconds=1)
    slow = await world.device("Slow", min_delay_seconds=60, max_delay_seconds=60)
    await world.contacts(50)
    slowly = {"min_delay_seconds": 60, "max_delay_seconds": 60, "window_start": time(9), "window_end": time(12)}
    await fanned_out(world, await draft(world, [fast, slow], **slowly))
    assert Counter(row.device_id for row in await messages(world)) == {fast: 25, slow: 25}


async def test_who_is_left_out_is_counted_over_all_chunks(world: World) -> None:
    await world.contacts(5)
    await world.contacts(4, consent=None)
    (person,) = await world.contacts(1)
    await world.opt_outs.opt_out(world.actor, person)
    campaign = await draft(world, [await world.device()])
    await fanned_out(world, campaign, chunk=3)
    assert await world.one("SELECT left_out FROM campaigns") == {"no_consent": 4, "opted_out": 1}
    assert len(await messages(world)) == 5


async def test_what_breaks_in_the_middle_of_a_chunk_leaves_nothing_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await world.contacts(10)
    campaign = await running(world, await draft(world, [await world.device()]))
    fanout = Fanout(world.database, campaign, world.clock.now(), chunk=4)
    assert await fanout.next_chunk()

    async def breaks(*_: object, **__: object) -> bool:
        raise OSError("the power")

    with monkeypatch.context() as patched:
        patched.setattr(fanout_store, "move_cursor", breaks)
        with pytest.raises(OSError, match="power"):
            await fanout.next_chunk()
    assert [row.contact_id for row in await messages(world)] == people[:4]
    assert await world.one("SELECT fanned_to FROM campaigns") == people[3]
    await to_the_end(Fanout(world.database, campaign, world.clock.now(), chunk=4))
    assert [row.contact_id for row in await messages(world)] == people


async def test_a_chunk_is_made_again_without_who_was_deleted_meanwhile(world: World) -> None:
    people = await world.contacts(4)
    campaign = await running(world, await draft(world, [await world.device()]))
    fanout = Fanout(world.database, campaign, world.clock.now(), chunk=3)
    async with world.database.transaction() as session:
        await session.execute(text("DELETE FROM contacts WHERE id = :id"), {"id": people[1]})
        making = asyncio.create_task(fanout.next_chunk())
        await until(lambda: world.one(WAITING_FOR_LOCKS))
    assert await making
    await to_the_end(fanout)
    assert [row.contact_id for row in await messages(world)] == [people[0], *people[2:]]


async def test_who_joins_while_it_runs_gets_it_and_what_came_before_the_cursor_does_not(world: World) -> None:
    people = await world.contacts(4)
    campaign = await running(world, await draft(world, [await world.device()]))
    fanout = Fanout(world.database, campaign, world.clock.now(), chunk=2)
    await fanout.next_chunk()
    later = await world.contacts(1)
    await to_the_end(fanout)
    assert [row.contact_id for row in await messages(world)] == people + later


async def test_a_paused_campaign_is_left_where_it_stands(world: World) -> None:
    await world.contacts(4)
    campaign = await running(world, await draft(world, [await world.device()]))
    fanout = Fanout(world.database, campaign, world.clock.now(), chunk=2)
    assert await fanout.next_chunk()
    await world.campaign_control.pause(world.actor, campaign)
    assert not await fanout.next_chunk()
    assert len(await messages(world)) == 2


async def test_a_pause_in_the_middle_of_a_chunk_waits_for_nothing_and_nothing_of_the_chunk_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await world.contacts(4)
    campaign = await running(world, await draft(world, [await world.device()]))
    plan = fanout_store.plan_chunk

    async def plan_and_be_paused(*about: Any) -> Any:
        done = await plan(*about)
        async with asyncio.timeout(5):
            await world.campaign_control.pause(world.actor, campaign)
        return done

    with monkeypatch.context() as patched:
        patched.setattr(fanout_store, "plan_chunk", plan_and_be_paused)
        assert not await Fanout(world.database, campaign, world.clock.now()).next_chunk()
    assert await messages(world) == []
    await world.campaign_control.resume(world.actor, campaign)
    await to_the_end(Fanout(world.database, campaign, world.clock.now()))
    assert [row.contact_id for row in await messages(world)] == people


async def test_claims_go_on_while_a_chunk_is_made(world: World) -> None:
    """A fan-out that goes on after the start does not hold back what is there already."""
    device = await world.device()
    await world.contacts(4)
    engine = await world.engine()
    campaign = await running(world, await draft(world, [device]))
    await Fanout(world.database, campaign, world.clock.now(), chunk=2).next_chunk()
    async with world.database.transaction() as session:
        assert await fanout_store.take_turn(session, campaign)
        assert await engine.send_all(device) == ["Hi Person 1", "Hi Person 2"]


async def test_two_engines_share_the_work_and_nobody_gets_it_twice(world: World) -> None:
    devices = [await world.device("One"), await world.device("Two")]
    people = await world.contacts(60)
    random = Random(1)
    for number in range(ROUNDS):
        campaign = await running(world, await draft(world, devices, name=f"Sale {number}"))
        chunk = random.randint(3, 20)
        engines = [Fanout(world.database, campaign, world.clock.now(), chunk=chunk) for _ in range(2)]
        while any(await asyncio.gather(*(engine.next_chunk() for engine in engines))):
            pass
        rows = await world.rows("SELECT contact_id FROM messages WHERE campaign_id = :id ORDER BY 1", id=campaign)
        assert [person for (person,) in rows] == people
        fanned = await world.one("SELECT fanned_at IS NOT NULL FROM campaigns WHERE id = :id", id=campaign)
        assert fanned


async def test_two_triggers_at_once_start_each_campaign_once(world: World) -> None:
    await world.contacts(30)
    devices = [await world.device()]
    for number in range(ROUNDS):
        campaign = await draft(world, devices, name=f"Sale {number}")
        world.clock.set(await launched(world, campaign))
        triggers = [CampaignTrigger(world.database, world.clock) for _ in range(2)]
        started = await asyncio.gather(*(trigger.run_once(world.clock.now()) for trigger in triggers))
        assert sum(started) == 1
        assert await world.one("SELECT count(*) FROM messages WHERE campaign_id = :id", id=campaign) == 30


async def test_who_writes_in_by_a_link_before_their_turn_gets_it_once(world: World) -> None:
    """Also if that happens while their chunk is being made, of which no link was known."""
    device = await world.device(phone="+15550000001")
    people = await world.contacts(3)
    campaign = await running(world, await draft(world, [device]))
    await world.run(
        "INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at)"
        " SELECT workspace_id, 'campaign', :campaign, id, :device, now() FROM contacts WHERE id = :person",
        campaign=campaign, device=device, person=people[1],
    )  # fmt: skip
    await to_the_end(Fanout(world.database, campaign, world.clock.now()))
    assert sorted(row.contact_id for row in await messages(world)) == people


async def fanned_out(world: World, campaign: int, chunk: int = 10_000) -> None:
    await running(world, campaign)
    await to_the_end(Fanout(world.database, campaign, world.clock.now(), chunk=chunk))


async def running(world: World, campaign: int) -> int:
    await world.run(
        "UPDATE campaigns SET status = 'running', scheduled_at = :now, started_at = :now WHERE id = :id",
        id=campaign, now=world.clock.now() - timedelta(seconds=1),
    )  # fmt: skip
    return campaign


async def to_the_end(fanout: Fanout) -> None:
    while await fanout.next_chunk():
        pass
