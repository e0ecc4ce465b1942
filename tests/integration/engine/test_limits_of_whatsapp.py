"""What WhatsApp forbids for a while: writing to new people, and a version that it does not accept any more."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from engine.contacts import inbox_store
from engine.devices.ownership import Ownership
from engine.devices.session_keys import SessionKeyError, SessionKeys, new_key
from engine.devices.why import ReasonKind
from engine.transports.contract import Inbound, PhoneSeen, Rejected, StateChanged
from models.enums import DeviceState
from tests.integration.engine.rig import Rig, Script, engine_running
from tests.integration.engine.world import World, at, until

LIMITED = Rejected("reachout_limited", "WhatsApp has limited this account.", permanent=False)
HELD = "SELECT cold_held_until > clock_timestamp() FROM user_devices"
ANN, BEN = "+60120000001", "+60120000002"


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def rig(world: World, script: Script) -> AsyncIterator[Rig]:
    async with engine_running(world, script) as rig:
        yield rig


async def begin(rig: Rig, people: int = 2) -> int:
    """People are in a sequence that is due at 11:00, and the device is online."""
    _, device = await rig.world.running(people=people)
    rig.pool.control()
    await until(lambda: any(worker.state is DeviceState.ONLINE for worker in rig.pool.workers()))
    return device


async def limit(rig: Rig, device: int) -> None:
    rig.script.lines[device][0].say(StateChanged(DeviceState.REACHOUT_LIMITED, "too many new people"))
    await until(lambda: rig.world.one(HELD))


async def over(world: World) -> None:
    await world.run("UPDATE user_devices SET cold_held_until = clock_timestamp()")


class TestReachout:
    async def test_new_people_wait_and_who_has_written_does_not(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        device = await begin(rig)
        await limit(rig, device)
        await world.inbox.receive(device, Inbound("in-1", BEN, "Yes please"))
        await world.run("UPDATE sequence_contacts SET status = 'active'")  # the reply had paused it
        await rig.move_to(at(5, 11))
        await rig.status("pending", "sent")
        assert [message.phone for message in script.asked] == [BEN]
        held, due = await world.one("SELECT status, due_at FROM broadcast_messages WHERE status = 'pending'")
        assert held == "pending"
        assert timedelta(hours=23) < due - at(5, 11) <= timedelta(hours=24)  # WhatsApp did not say how long

    async def test_an_answer_goes_out_all_the_same(self, rig: Rig, world: World, script: Script) -> None:
        device = await begin(rig, people=1)
        await limit(rig, device)
        async with world.database.transaction() as session:
            await inbox_store.answer(
                session, world.actor.workspace_id, 1, device_id=device, body="Thank you", at=world.clock.now()
            )
        await until(lambda: "Thank you" in script.bodies)

    async def test_what_was_refused_for_it_was_no_attempt_and_goes_out_later(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        device = await begin(rig, people=1)
        script.outcomes = [LIMITED] * 4
        for tried, minutes in enumerate((0, 10, 20, 30), 1):
            await rig.move_to(at(5, 11, minutes))
            await until(lambda tried=tried: len(script.asked) == tried)
            await rig.status("pending")
        await limit(rig, device)
        assert await world.one("SELECT attempts FROM broadcast_messages") == 0
        assert await world.one("SELECT day_count FROM user_devices") == 0
        await over(world)
        await rig.move_to(at(5, 12))
        await rig.status("sent")

    async def test_a_campaign_waits_for_its_hours_after_the_limit(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        device = await begin(rig, people=1)
        await limit(rig, device)
        await world.run("UPDATE workspaces SET quiet_start = '20:00', quiet_end = '12:00'")
        world.clock.set(at(5, 13))
        await world.campaign([device], await world.contacts(1))
        rig.pool.wake()
        due = "SELECT due_at AT TIME ZONE 'Asia/Kuala_Lumpur' FROM messages WHERE campaign_id IS NOT NULL"
        await until(lambda: world.one(f"SELECT ({due}) >= '2026-01-06 12:00'"))
        assert script.asked == []

    async def test_it_is_told_with_its_end_and_over_by_itself(self, rig: Rig, world: World) -> None:
        device = await begin(rig)
        await limit(rig, device)
        for _ in range(2):
            await rig.checkup.run_once()
        assert ("device_trouble", "firing", 1) in await world.alerts()
        told = await world.one("SELECT text FROM alerts WHERE kind = 'device_trouble'")
        assert told.startswith("Sales may not write to new people until ")
        story = await world.devices.why(world.actor, device)
        assert story.reason.kind is ReasonKind.LIMITED
        assert (await world.devices.card(world.actor, device)).limited_until == story.reason.until
        points = await world.rows("SELECT state, text, until IS NOT NULL FROM device_events WHERE kind = 'state'")
        assert ("reachout_limited", "too many new people", True) in points
        assert await world.one("SELECT state FROM user_devices") == "online"
        await over(world)
        await rig.checkup.run_once()
        assert ("device_trouble", "resolved", 1) in await world.alerts()

    async def test_it_outlives_the_line_and_the_worker(self, rig: Rig, world: World, script: Script) -> None:
        device = await begin(rig)
        await limit(rig, device)
        assert rig.pool.restart(rig.pool.workers()[0], "a test")
        await until(lambda: len(script.lines[device]) == 2 and rig.pool.workers())
        await until(lambda: rig.pool.workers()[0].state is DeviceState.ONLINE)
        assert await world.one(HELD)


class TestPhone:
    async def test_a_phone_that_is_away_is_told_before_whatsapp_logs_it_out(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        device = await begin(rig)
        await world.run("UPDATE user_devices SET paired_at = clock_timestamp() - interval '9 days'")
        await rig.checkup.run_once()
        assert await world.alerts() == []
        await world.run("UPDATE user_devices SET phone_seen_at = clock_timestamp() - interval '11 days'")
        await rig.checkup.run_once()
        assert ("device_trouble", "firing", 1) in await world.alerts()
        told = await world.one("SELECT text FROM alerts")
        assert "was not online for 11 days" in told
        assert "after 14" in told
        now = await world.one("SELECT clock_timestamp()")
        script.lines[device][0].say(PhoneSeen(now))
        await until(
            lambda: world.one("SELECT phone_seen_at > clock_timestamp() - interval '1 hour' FROM user_devices")
        )
        await rig.checkup.run_once()
        assert ("device_trouble", "resolved", 1) in await world.alerts()

    async def test_an_older_sign_of_life_takes_nothing_back(self, rig: Rig, world: World, script: Script) -> None:
        device = await begin(rig)
        now = await world.one("SELECT clock_timestamp()")
        await world.run("UPDATE user_devices SET phone_seen_at = :now", now=now)
        script.lines[device][0].say(PhoneSeen(now - timedelta(days=3)))
        script.lines[device][0].say(Inbound("in-1", ANN, "Hello"))
        await until(lambda: world.one("SELECT EXISTS (SELECT FROM inbound_messages)"))
        assert await world.one("SELECT phone_seen_at FROM user_devices") == now

    async def test_a_simulated_device_has_no_phone_to_miss(self, rig: Rig, world: World) -> None:
        await begin(rig)
        await rig.checkup.run_once()
        assert await world.alerts() == []


class TestOutdated:
    async def test_all_devices_have_one_alert_which_ends_when_one_is_back(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        devices = [await world.device(name) for name in ("North", "South")]
        rig.pool.control()
        await until(lambda: sum(worker.state is DeviceState.ONLINE for worker in rig.pool.workers()) == 2)
        for device in devices:
            script.lines[device][0].say(StateChanged(DeviceState.OUTDATED, "405"))
        await rig.alert("client_outdated", "firing")
        await until(lambda: world.one("SELECT count(*) = 2 FROM user_devices WHERE state = 'outdated'"))
        assert [alert for alert in await world.alerts() if alert[0] != "no_worker"] == [
            ("client_outdated", "firing", 1)
        ]
        await world.devices.restart(world.actor, devices[0])
        rig.pool.control()
        await rig.alert("client_outdated", "resolved")

    async def test_a_new_start_tries_again(self, world: World) -> None:
        device = await world.device()
        await world.run("UPDATE user_devices SET state = 'outdated', last_error = '405'")
        engine = await Ownership.register(world.database, world.clock, capacity=10)
        assert await world.one("SELECT state FROM user_devices") == "connecting"
        assert await engine.take(10) == 1
        assert device

    async def test_a_new_start_tries_the_key_too_and_leaves_what_else_is_parked(self, world: World) -> None:
        sealed, unsealed, broken = [await world.device(name, state=DeviceState.PARKED) for name in ("A", "B", "C")]
        parked = "UPDATE user_devices SET last_error = :why WHERE id = :id"
        with pytest.raises(SessionKeyError) as missing:
            SessionKeys("").decrypt(sealed, b"")
        with pytest.raises(SessionKeyError) as wrong:
            SessionKeys(new_key()).decrypt(unsealed, SessionKeys(new_key()).encrypt(unsealed, b"session"))
        await world.run(parked, why=str(missing.value), id=sealed)
        await world.run(parked, why=str(wrong.value), id=unsealed)
        await world.run(parked, why="it was restarted 6 times within an hour", id=broken)
        await Ownership.register(world.database, world.clock, capacity=10)
        assert await world.rows("SELECT state FROM user_devices ORDER BY name") == [
            ("connecting",), ("connecting",), ("parked",),
        ]  # fmt: skip
