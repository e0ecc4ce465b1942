"""The health check over a whole engine: what it restarts, what it tells, and what it leaves alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from engine.broadcast import pool as pool_module
from engine.broadcast.worker import DeviceWorker
from engine.devices import backoff, health
from engine.devices.timeline import note
from engine.transports.contract import Receipt, Rejected, StateChanged
from models.enums import DeviceEventKind, DeviceState, ReceiptKind
from tests.integration.engine.rig import Rig, Script, engine_running
from tests.integration.engine.world import World, at, until

POINTS = "SELECT kind, state, text FROM device_events ORDER BY id"
REFUSED = Rejected("restricted", "WhatsApp took none of it", permanent=True)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def rig(world: World, script: Script) -> AsyncIterator[Rig]:
    async with engine_running(world, script) as rig:
        yield rig


@pytest.fixture(autouse=True)
def _restarts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "SHORTEST", 0.01)


async def begin(rig: Rig, people: int = 1) -> tuple[int, int]:
    """People are in a sequence that is due at 11:00, and the device is online."""
    sequence, device = await rig.world.running(people=people)
    rig.pool.control()
    await until(lambda: online(rig))
    return sequence, device


def online(rig: Rig) -> bool:
    return any(worker.state is DeviceState.ONLINE for worker in rig.pool.workers())


class TestStarving:
    @pytest.fixture
    async def asleep(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
        """A message is due, and the worker does not even look; the health check has no patience."""

        fell_asleep = asyncio.Event()

        async def sleep_for_ever(_: DeviceWorker) -> None:
            fell_asleep.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(health, "STARVING_AFTER", timedelta())
        monkeypatch.setattr(pool_module, "DRAIN_WITHIN", 0.05)
        with monkeypatch.context() as broken:
            broken.setattr(DeviceWorker, "_next_due", sleep_for_ever)
            things = await begin(rig)
            await fell_asleep.wait()
            await rig.move_to(at(5, 11))
        return things

    async def test_it_is_restarted_and_sends(self, rig: Rig, world: World, asleep: tuple[int, int]) -> None:
        assert await rig.checkup.run_once() == ["Sales"]
        await rig.status("sent")
        await rig.alert("worker_stuck", "resolved")
        restarted = [text for kind, _, text in await world.rows(POINTS) if kind == "restarted"]
        assert restarted == ["messages were due, and for 0 s nothing moved"]

    async def test_only_after_a_while(
        self, rig: Rig, asleep: tuple[int, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(health, "STARVING_AFTER", timedelta(hours=1))
        for _ in range(3):
            assert await rig.checkup.run_once() == []

    @pytest.mark.parametrize(
        "block",
        [
            "UPDATE workspaces SET stopped_at = now()",
            "UPDATE user_devices SET paused_at = now()",
            "UPDATE user_devices SET hourly_cap = 1, hour_count = 1, hour_started_at = '2026-01-05 11:00+08'",
            "UPDATE user_devices SET daily_cap = 1, day_count = 1, day = '2026-01-05'",
            "UPDATE user_devices SET next_send_at = '2026-01-05 11:01+08'",
            "UPDATE workspaces SET quiet_start = '10:30', quiet_end = '12:00'",
            "UPDATE sequences SET status = 'paused'",
            "UPDATE sequence_contacts SET status = 'paused'",
            "UPDATE queue SET due_at = '2026-01-05 11:01+08'",
            "UPDATE user_devices SET state = 'phone_offline'",
        ],
    )
    async def test_what_may_not_send_is_left_alone(
        self, rig: Rig, world: World, asleep: tuple[int, int], block: str
    ) -> None:
        await world.run(block)
        assert await rig.checkup.run_once() == []

    async def test_a_resumed_device_has_its_time_from_then_on(
        self, rig: Rig, world: World, asleep: tuple[int, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, device = asleep
        await world.devices.pause(world.actor, device)
        assert await rig.checkup.run_once() == []
        await world.devices.resume(world.actor, device)
        monkeypatch.setattr(health, "STARVING_AFTER", timedelta(seconds=0.05))
        await until(lambda: rig.pool.workers()[0].vitals.still_for > timedelta(seconds=0.05))
        assert await rig.checkup.run_once() == []  # it stands still for long, but not for long since it may send
        await until(rig.checkup.run_once)

    async def test_a_banned_device_whose_send_hangs_is_given_up_and_not_connected_again(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        _, device = await begin(rig)
        script.flowing.clear()
        script.stuck_after = timedelta()
        await rig.move_to(at(5, 11))
        await until(lambda: script.asked)
        script.lines[device][0].say(StateChanged(DeviceState.LOGGED_OUT, "the phone removed it"))
        await rig.alert("device_down", "firing")
        assert await rig.checkup.run_once() == ["Sales"]
        await rig.status("unknown")
        rig.pool.control()
        await rig.pool.run_once()
        assert len(script.lines[device]) == 1
        assert await world.one("SELECT state FROM user_devices") == "logged_out"
        assert "worker_stuck" not in [kind for kind, *_ in await world.alerts()]
        await world.devices.restart(world.actor, device)
        rig.pool.control()
        await until(lambda: len(script.lines[device]) == 2)


class TestFailing:
    async def test_it_is_told_once_not_restarted_and_over_with_the_next_success(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        sequence, device = await begin(rig, people=5)
        script.outcomes = [REFUSED] * 5
        await rig.move_to(at(5, 11))
        await rig.status(*["failed"] * 5)
        for _ in range(3):
            assert await rig.checkup.run_once() == []
        assert ("device_trouble", "firing", 1) in await world.alerts()
        await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(1))
        await rig.move_to(at(6, 11))
        await rig.status(*["failed"] * 5, "sent")
        await until(lambda: rig.pool.workers()[0].vitals.succeeded)
        await rig.checkup.run_once()
        assert ("device_trouble", "resolved", 1) in await world.alerts()
        told = [row for row in await world.rows(POINTS) if row[0] in {"failing", "well_again"}]
        assert told == [
            ("failing", None, "5 in a row: WhatsApp took none of it"),
            ("well_again", None, "a message went out"),
        ]
        assert len(script.lines[device]) == 1

    async def test_numbers_that_are_not_on_whatsapp_are_not_the_devices_fault(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        await begin(rig, people=6)
        script.outcomes = [Rejected("not_on_whatsapp", "not on WhatsApp", permanent=True)] * 6
        await rig.move_to(at(5, 11))
        await rig.status(*["skipped"] * 6)
        await rig.checkup.run_once()
        assert await world.alerts() == []

    async def test_one_contact_that_is_refused_again_and_again_counts_once(
        self, rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(health, "FAILING_AFTER", 2)
        await begin(rig)
        script.outcomes = [Rejected("busy", "try later", permanent=False)] * 3
        for attempt, minutes in enumerate((0, 10, 20), 1):
            await rig.move_to(at(5, 11, minutes))
            tried = f"SELECT attempts = {attempt} AND status <> 'processing' FROM broadcast_messages"
            await until(lambda tried=tried: world.one(tried))
        await rig.status("failed")
        await rig.checkup.run_once()
        assert "device_trouble" not in [kind for kind, *_ in await world.alerts()]

    async def test_a_trouble_that_was_told_outlives_the_worker(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        """After a restart nothing is known yet: the alert stays until there is a success."""
        sequence, _ = await begin(rig, people=5)
        script.outcomes = [REFUSED] * 5
        await rig.move_to(at(5, 11))
        await rig.status(*["failed"] * 5)
        await rig.checkup.run_once()
        assert rig.pool.restart(rig.pool.workers()[0], "a test")
        await until(lambda: online(rig))
        await rig.checkup.run_once()
        assert ("device_trouble", "firing", 1) in await world.alerts()
        await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(1))
        await rig.move_to(at(6, 11))
        await rig.status(*["failed"] * 5, "sent")
        await until(lambda: rig.pool.workers()[0].vitals.succeeded)
        await rig.checkup.run_once()
        assert ("device_trouble", "resolved", 1) in await world.alerts()


class TestSilent:
    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(health, "SILENT_AFTER", 3)
        monkeypatch.setattr(health, "SILENT_FOR", timedelta())

    async def sent_without_receipts(self, rig: Rig) -> int:
        _, device = await begin(rig, people=3)
        await rig.move_to(at(5, 11))
        await rig.status(*["sent"] * 3)
        await until(lambda: rig.pool.workers()[0].vitals.unconfirmed == 3)
        return device

    async def test_receipts_that_no_longer_come_are_missed_and_come_again(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        device = await self.sent_without_receipts(rig)
        await world.run("UPDATE deliveries SET delivered_at = now() WHERE message_id = 1")
        for _ in range(3):
            assert await rig.checkup.run_once() == []
        assert ("device_trouble", "firing", 1) in await world.alerts()
        degraded = ("degraded", "connected, but no receipts come")
        assert await world.one("SELECT state, last_error FROM user_devices") == degraded
        script.lines[device][0].say(Receipt("wamid-2", ReceiptKind.DELIVERED, "+60"))
        await until(lambda: rig.pool.workers()[0].vitals.confirmed)
        await rig.checkup.run_once()
        assert ("device_trouble", "resolved", 1) in await world.alerts()
        assert await world.one("SELECT state, last_error FROM user_devices") == ("online", None)
        states = [state for kind, state, _ in await world.rows(POINTS) if kind == "state"]
        assert states == ["degraded", "online"]

    async def test_a_device_that_never_had_receipts_misses_none(self, rig: Rig, world: World) -> None:
        await self.sent_without_receipts(rig)
        await rig.checkup.run_once()
        assert await world.alerts() == []
        assert await world.one("SELECT state FROM user_devices") == "online"


class TestTimeline:
    async def test_states_come_with_their_reason_and_end(self, rig: Rig, world: World, script: Script) -> None:
        _, device = await begin(rig)
        end = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
        line = script.lines[device][0]
        line.say(StateChanged(DeviceState.PHONE_OFFLINE, "the phone is off"))
        line.say(StateChanged(DeviceState.PHONE_OFFLINE, "the phone is still off"))
        await until(lambda: rig.pool.workers()[0].state is DeviceState.PHONE_OFFLINE)
        offline = "SELECT state = 'phone_offline' FROM user_devices"
        await until(lambda: world.one(offline))
        line.say(StateChanged(DeviceState.TEMP_BANNED, "too many messages", end))
        banned = "SELECT state = 'temp_banned' FROM user_devices"
        await until(lambda: world.one(banned))
        states = "SELECT state, text, until FROM device_events WHERE kind = 'state' ORDER BY id"
        assert await world.rows(states) == [
            ("phone_offline", "the phone is off", None),
            ("temp_banned", "too many messages", end),
        ]
        assert await world.one("SELECT state_until FROM user_devices") == end

    async def test_a_takeover_after_a_crash_and_no_other(self, world: World) -> None:
        await world.device()
        first = await world.engine()
        await first.ownership.release_all()
        second = await world.engine()
        assert await world.rows(POINTS) == []
        await world.run("UPDATE engines SET heartbeat_at = clock_timestamp() - interval '13 seconds'")
        third = await world.engine()
        host = await world.one("SELECT host FROM engines WHERE id = :id", id=third.ownership.engine_id)
        assert third.ownership.engine_id != second.ownership.engine_id
        expected = ("taken_over", None, f"by engine {third.ownership.engine_id} on {host}")
        assert await world.rows(POINTS) == [expected]

    async def test_a_daily_cap_is_noted_once_a_day(self, rig: Rig, world: World) -> None:
        _, device = await begin(rig, people=3)
        await world.limits.set_daily_cap(world.actor, device, 1)
        await rig.move_to(at(5, 11))
        await rig.status("sent", "pending", "pending")
        for _ in range(3):
            await rig.checkup.run_once()
        await world.run("UPDATE messages SET expires_at = NULL")
        await rig.move_to(at(6, 11))
        await rig.status("sent", "sent", "pending")
        await rig.checkup.run_once()
        caps = "SELECT text, until FROM device_events WHERE kind = 'cap_reached' ORDER BY id"
        assert await world.rows(caps) == [("1 of 1", at(6, 0)), ("1 of 1", at(7, 0))]

    async def test_others_put_points_on_it_in_their_own_transaction(self, world: World) -> None:
        device = await world.device()
        async with world.database.transaction() as session:
            await note(session, device, DeviceEventKind.MOVED, "12 messages to Sales-2")
        async with world.database.transaction() as session:
            await note(session, device, DeviceEventKind.MOVED, "never")
            await session.rollback()
        assert await world.rows(POINTS) == [("moved", None, "12 messages to Sales-2")]

    async def test_it_is_pruned_by_number_and_by_age(self, rig: Rig, world: World) -> None:
        for device in (await world.device(), await world.device("Other")):
            await world.run(
                "INSERT INTO device_events (workspace_id, device_id, kind, at, text)"
                " SELECT workspace_id, id, 'paused', clock_timestamp() - n * interval '9 hours', n::text"
                " FROM user_devices, generate_series(1, 250) n WHERE id = :device",
                device=device,
            )
        await world.run("DELETE FROM device_events WHERE text::int < 100 AND device_id = 2")
        await rig.checkup.prune()
        left = (
            "SELECT device_id, count(*), min(text::int), max(text::int) FROM device_events GROUP BY 1 ORDER BY 1"
        )
        assert await world.rows(left) == [(1, 200, 1, 200), (2, 140, 100, 239)]
