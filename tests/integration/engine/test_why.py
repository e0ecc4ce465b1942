"""Why a device is not sending, asked of a real database; the rules have their own tests."""

import pytest

from engine.devices.why import Reason, ReasonKind
from models.enums import DeviceEventKind
from tests.integration.engine.world import HandEngine, World, at


@pytest.fixture
async def device(world: World) -> int:
    _, device = await world.running()
    return device


async def reason(world: World, device: int) -> Reason:
    return (await world.devices.why(world.actor, device)).reason


async def test_without_an_engine(world: World, device: int) -> None:
    assert await reason(world, device) == Reason(ReasonKind.NO_ENGINE)
    await world.engine()
    assert (await reason(world, device)).kind is ReasonKind.NOTHING_DUE
    await world.run("UPDATE engines SET heartbeat_at = clock_timestamp() - interval '13 seconds'")
    assert await reason(world, device) == Reason(ReasonKind.NO_ENGINE)


async def test_with_engines_that_are_full(world: World, device: int) -> None:
    await world.run("INSERT INTO engines (host, pid) VALUES ('elsewhere', 1)")
    assert await reason(world, device) == Reason(ReasonKind.ENGINES_FULL)


async def test_who_stopped_everything_and_who_paused(world: World, device: int) -> None:
    now = world.clock.now()
    await world.devices.pause(world.actor, device)
    assert await reason(world, device) == Reason(ReasonKind.PAUSED, since=now, who="Owner of Acme")
    await world.workspaces.stop_everything(world.actor)
    assert await reason(world, device) == Reason(ReasonKind.STOPPED, since=now, who="Owner of Acme")


async def test_from_planning_to_sending(world: World, device: int) -> None:
    engine = await world.engine()
    assert await reason(world, device) == Reason(ReasonKind.NOTHING_DUE, until=at(5, 11))
    await world.move_to(at(5, 11))
    assert await reason(world, device) == Reason(ReasonKind.SENDING)
    await engine.send_all(device)
    assert await reason(world, device) == Reason(ReasonKind.NOTHING_PLANNED)
    assert await world.one("SELECT last_sent_at FROM user_devices") == at(5, 11)


async def test_campaigns_are_seen_and_named_when_they_are_paused(world: World, device: int) -> None:
    await world.engine()
    await world.run("DELETE FROM sequence_contacts")
    campaign = await world.campaign([device], await world.contacts(2))
    assert (await reason(world, device)).kind is ReasonKind.SENDING
    await world.campaign_control.pause(world.actor, campaign)
    assert await reason(world, device) == Reason(ReasonKind.CAMPAIGNS_PAUSED, names=("Sale",))
    await world.campaign_control.resume(world.actor, campaign)
    quiet = "UPDATE workspaces SET quiet_start = '09:00', quiet_end = '11:00'"
    await world.run(quiet)
    assert await reason(world, device) == Reason(ReasonKind.QUIET_HOURS, until=at(5, 11))


async def test_paused_sequences_are_named(world: World, device: int) -> None:
    await world.engine()
    await world.move_to(at(5, 11))
    await world.run("UPDATE sequences SET status = 'paused'")
    assert await reason(world, device) == Reason(ReasonKind.SEQUENCES_PAUSED, names=("Welcome",))


async def test_what_the_claim_put_off_is_told_as_quiet_hours(world: World, device: int) -> None:
    engine = await world.engine()
    await world.run("UPDATE workspaces SET quiet_start = '10:30', quiet_end = '12:00'")
    await world.move_to(at(5, 11))
    quiet = Reason(ReasonKind.QUIET_HOURS, until=at(5, 12))
    assert await reason(world, device) == quiet
    assert await engine.send_all(device) == []
    await engine.claim(device)
    assert await reason(world, device) == quiet


async def test_due_replies_come_before_an_older_sequence_message(world: World, device: int) -> None:
    await world.engine()
    await world.move_to(at(5, 11))
    await world.limits.set_daily_cap(world.actor, device, 1)
    await world.run("UPDATE user_devices SET day = '2026-01-05', day_count = 1")
    assert (await reason(world, device)).kind is ReasonKind.DAILY_CAP
    await world.run(
        "INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body)"
        " SELECT workspace_id, 'reply', contact_id, device_id, '2026-01-05 11:00+08', 'You are off the list'"
        "   FROM messages"
    )
    assert (await reason(world, device)).kind is ReasonKind.SENDING


async def test_what_people_did_is_on_the_timeline_with_their_name(world: World, device: int) -> None:
    for _ in range(3):
        await world.devices.pause(world.actor, device)
    for _ in range(3):
        await world.devices.resume(world.actor, device)
    await world.limits.set_delays(world.actor, device, 5, 15)
    await world.devices.restart(world.actor, device)
    points = (await world.devices.why(world.actor, device)).points
    assert [(point.kind, point.text) for point in points] == [
        (DeviceEventKind.RESTART_ASKED, "by Owner of Acme"),
        (DeviceEventKind.STATE, ""),
        (DeviceEventKind.PACED, "delays 5 to 15 s by Owner of Acme"),
        (DeviceEventKind.RESUMED, "by Owner of Acme"),
        (DeviceEventKind.PAUSED, "by Owner of Acme"),
    ]


async def test_limits_hold_at_once_and_without_a_restart(world: World, device: int) -> None:
    engine: HandEngine = await world.engine()
    await world.move_to(at(5, 11))
    await world.run("UPDATE user_devices SET hour_count = 3, hour_started_at = '2026-01-05 11:00+08'")
    await world.limits.set_hourly_cap(world.actor, device, 3)
    assert await engine.send_all(device) == []
    assert await reason(world, device) == Reason(ReasonKind.HOURLY_CAP, until=at(5, 12), used=3, cap=3)
    await world.limits.set_hourly_cap(world.actor, device, None)
    assert await engine.send_all(device) == ["Hi Person 1"]
