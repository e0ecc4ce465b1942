"""Workers and their pool, over a scripted transport."""

import asyncio
import dataclasses
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from engine.broadcast import pool as pool_module
from engine.broadcast import worker as worker_module
from engine.broadcast.claims import Answer, Claimed
from engine.broadcast.store import Ask
from engine.database import Database
from engine.devices import backoff
from engine.devices.balance import Census
from engine.devices.ownership import Ownership
from engine.errors import StartError
from engine.notifications import Channel, Notifications
from engine.signals import WorkerRecovered
from engine.transports.contract import Rejected, StateChanged, Unknown
from models.enums import DeviceState, TransportKind
from tests.integration.engine.rig import Rig, Script, engine_running
from tests.integration.engine.world import World, at, until


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


async def begin(rig: Rig, *steps: tuple[int, int, str], people: int = 1) -> int:
    """People are in a sequence that is due at 11:00, and the device is being worked."""
    _, device = await rig.world.running(*steps, people=people)
    rig.pool.control()
    await until(lambda: rig.script.lines[device])
    return device


async def test_what_becomes_due_is_sent(rig: Rig, script: Script) -> None:
    await begin(rig, people=3)
    await rig.move_to(at(5, 11))
    await rig.status("sent", "sent", "sent")
    assert script.bodies == ["Hi Person 1", "Hi Person 2", "Hi Person 3"]


async def test_devices_work_side_by_side(rig: Rig, world: World, script: Script) -> None:
    devices = [await world.device(f"Sales {number}") for number in range(5)]
    sequence = await world.sequence(devices, (1, 11, "Hi {{ name }}"))
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(20))
    rig.pool.control()
    await rig.move_to(at(5, 11))
    await rig.status(*["sent"] * 20)
    assert len(set(script.bodies)) == 20


async def test_the_gaps_between_the_sends_of_a_device_are_within_its_bounds(
    rig: Rig, world: World, script: Script
) -> None:
    device = await begin(rig, people=6)
    await world.run("UPDATE user_devices SET min_delay_seconds = 10, max_delay_seconds = 30")
    await rig.move_to(at(5, 11))
    for sent in range(1, 7):
        await until(lambda sent=sent: len(script.asked) == sent)
        free = f"SELECT in_flight_message_id IS NULL FROM user_devices WHERE id = {device}"
        await until(lambda free=free: world.one(free))
        world.clock.set(await world.one("SELECT next_send_at FROM user_devices"))
        rig.pool.wake()
    await rig.status(*["sent"] * 6)
    instants = [message.business_at for message in script.asked]
    gaps = [later - earlier for earlier, later in itertools.pairwise(instants)]
    assert all(timedelta(seconds=10) <= gap <= timedelta(seconds=30) for gap in gaps)
    assert len(set(gaps)) == 5


async def nothing_new() -> list[int]:
    return []


async def test_a_notification_wakes_an_idle_worker(
    rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig.desk, "newly_queued", nothing_new)
    notifications = Notifications(world.database.url)
    notifications.listen(Channel.QUEUE, rig.pool.wake)
    listening = asyncio.create_task(notifications.run())
    await notifications.connected.wait()
    await begin(rig)
    online = "SELECT state = 'online' FROM user_devices"
    await until(lambda: world.one(online))
    world.clock.set(at(5, 11))
    await world.processor.run_once(at(5, 11))
    await rig.status("sent")
    listening.cancel()
    await asyncio.wait({listening})


async def test_a_cap_that_is_taken_away_holds_at_once_and_without_a_restart(
    rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifications = Notifications(world.database.url)
    notifications.listen(Channel.CONTROL, rig.pool.control)
    listening = asyncio.create_task(notifications.run())
    await notifications.connected.wait()
    device = await begin(rig, people=2)
    await world.limits.set_daily_cap(world.actor, device, 1)
    await rig.move_to(at(5, 11))
    await rig.status("sent", "pending")
    await world.limits.set_daily_cap(world.actor, device, None)
    await rig.status("sent", "sent")
    assert len(script.lines[device]) == 1
    listening.cancel()
    await asyncio.wait({listening})


async def test_the_poll_finds_work_when_no_notification_comes_through(
    rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(worker_module, "POLL_EVERY", 0.05)  # a busy machine lets the lease lapse for a moment
    await begin(rig)
    world.clock.set(at(5, 11))
    await world.processor.run_once(at(5, 11))
    await rig.status("sent")


async def test_a_raised_cap_is_noticed_without_a_notification(
    rig: Rig, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "LOOK_AHEAD", timedelta(seconds=0.1))
    device = await begin(rig, people=2)
    await world.run("UPDATE user_devices SET hourly_cap = 1")
    await rig.move_to(at(5, 11))
    await rig.status("sent", "pending")
    await world.run("UPDATE user_devices SET hourly_cap = NULL WHERE id = :id", id=device)
    await rig.status("sent", "sent")


async def test_a_lost_device_is_left_alone(rig: Rig, world: World, script: Script) -> None:
    device = await begin(rig)
    await world.run("INSERT INTO engines (host, pid) VALUES ('elsewhere', 1)")
    await world.run("UPDATE user_devices SET epoch = epoch + 1, owner = (SELECT max(id) FROM engines)")
    await rig.move_to(at(5, 11))
    await until(lambda: script.lines[device][0].closed)
    assert script.asked == []
    assert await world.statuses() == ["pending"]


async def test_without_a_lease_nothing_is_claimed(rig: Rig, world: World, script: Script) -> None:
    await begin(rig)
    rig.ownership._lease_until = 0
    await rig.move_to(at(5, 11))
    other = await world.device("Other")
    rig.pool.control()
    await until(lambda: script.lines[other])
    assert script.asked == []
    await rig.ownership.beat()
    rig.pool.wake()
    await rig.status("sent")


async def test_a_lease_that_runs_out_during_the_claim_stops_the_send(
    rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(rig)
    claim, claimed = rig.pool._desk.claims.submit, []
    runs_out = [False]

    async def claim_and_run_out(ask: Ask) -> Answer:
        answer = await claim(ask)
        if isinstance(answer, Claimed):
            claimed.append(answer)
            runs_out[0] = len(claimed) == 1
        return answer

    def holds_lease(_: Ownership) -> bool:
        """Without one at the first question after the first claim; from then on there is a lease."""
        ran_out, runs_out[0] = runs_out[0], False
        return not ran_out

    monkeypatch.setattr(rig.pool._desk.claims, "submit", claim_and_run_out)
    monkeypatch.setattr(type(rig.ownership), "holds_lease", property(holds_lease))
    await rig.move_to(at(5, 11))
    await rig.status("sent")
    assert len(claimed) == 2, "the first one was returned"
    assert len(script.asked) == 1
    assert await world.one("SELECT error_code FROM messages") is None
    assert await world.one("SELECT attempts FROM broadcast_messages") == 1


async def test_a_stuck_send_is_given_up_as_unknown_and_a_new_worker_goes_on(
    rig: Rig, world: World, script: Script
) -> None:
    device = await begin(rig, people=2)
    script.flowing.clear()
    script.stuck_after = timedelta()
    await rig.move_to(at(5, 11))
    await until(lambda: script.asked)
    assert await rig.checkup.run_once() == ["Sales"]
    assert await rig.checkup.run_once() == []
    await rig.alert("worker_stuck", "firing")
    await until(lambda: len(script.lines[device]) == 2)
    script.flowing.set()
    await rig.status("unknown", "sent")
    await rig.alert("worker_stuck", "resolved")
    assert script.bodies == ["Hi Person 1", "Hi Person 2"]
    assert ("send_unknown", "firing", 1) in await world.alerts()
    assert script.lines[device][0].closed


async def test_a_send_within_its_time_is_not_stuck(rig: Rig, script: Script) -> None:
    await begin(rig)
    script.flowing.clear()
    await rig.move_to(at(5, 11))
    await until(lambda: script.asked)
    assert await rig.checkup.run_once() == []
    script.flowing.set()
    await rig.status("sent")


async def test_a_send_that_breaks_its_contract_is_unknown_and_never_repeated(
    rig: Rig, world: World, script: Script
) -> None:
    await begin(rig, people=2)
    script.outcomes = [RuntimeError("no transport may raise this")]
    await rig.move_to(at(5, 11))
    await rig.status("unknown", "sent")
    assert script.bodies == ["Hi Person 1", "Hi Person 2"]
    await rig.alert("worker_stuck", "resolved")


@pytest.mark.parametrize("others", [0, 1])
async def test_an_outcome_that_cannot_be_written_is_unknown_and_never_repeated(
    rig: Rig, script: Script, others: int
) -> None:
    await begin(rig, people=1 + others)
    script.outcomes = [Rejected("odd", "a \0 that PostgreSQL cannot keep", permanent=True)]
    await rig.move_to(at(5, 11))
    await rig.status("unknown", *["sent"] * others)
    assert script.bodies == [f"Hi Person {number}" for number in range(1, 2 + others)]


async def test_a_worker_that_fails_again_and_again_is_parked(
    rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "LONGEST", 0.01)
    script.outcomes = [RuntimeError("broken") for _ in range(20)]
    await begin(rig, people=12)
    await rig.move_to(at(5, 11))
    await rig.alert("device_down", "firing")
    assert await world.one("SELECT state FROM user_devices") == "parked"
    failed = pool_module.MOST_AN_HOUR + 1
    assert await world.statuses() == ["unknown"] * failed + ["pending"] * (12 - failed)
    script.outcomes.clear()
    (device,) = script.lines
    await world.devices.restart(world.actor, device)
    rig.pool.control()
    await rig.status(*["unknown"] * failed, *["sent"] * (12 - failed))
    await rig.alert("device_down", "resolved")


async def test_a_device_without_a_transport_here_is_reported_and_the_others_work(
    rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rig.pool._transport_for
    odd = await world.device("Odd")

    def transport_for(device):
        if device.id == odd:
            raise StartError("Odd needs a transport that is not available here.")
        return real(device)

    monkeypatch.setattr(rig.pool, "_transport_for", transport_for)
    await begin(rig)
    await rig.move_to(at(5, 11))
    await rig.status("sent")
    await rig.alert("worker_stuck", "firing")


class TestOutages:
    @pytest.fixture(autouse=True)
    def _short_patience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker_module, "ANNOUNCE_AFTER", 0.2)

    async def test_an_outage_that_lasts_is_announced_and_its_end_too(self, rig: Rig, script: Script) -> None:
        device = await begin(rig)
        script.lines[device][0].say(StateChanged(DeviceState.PHONE_OFFLINE, "the phone is off"))
        await rig.alert("device_down", "firing")
        script.lines[device][0].say(StateChanged(DeviceState.ONLINE))
        await rig.alert("device_down", "resolved")

    async def test_a_hiccup_is_nobodys_business(
        self, rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worker_module, "ANNOUNCE_AFTER", 3600.0)
        device = await begin(rig)
        for state in (DeviceState.PHONE_OFFLINE, DeviceState.CONNECTING, DeviceState.ONLINE):
            script.lines[device][0].say(StateChanged(state))
        await rig.move_to(at(5, 11))
        await rig.status("sent")
        assert await world.alerts() == []

    async def test_a_line_that_keeps_flapping_without_coming_back_is_announced(
        self, rig: Rig, script: Script
    ) -> None:
        device = await begin(rig)
        line = script.lines[device][0]

        async def flap() -> None:
            while True:
                line.say(StateChanged(DeviceState.CONNECTING))
                line.say(StateChanged(DeviceState.PHONE_OFFLINE))
                await asyncio.sleep(0.02)

        flapping = asyncio.create_task(flap())
        await rig.alert("device_down", "firing")
        flapping.cancel()
        await asyncio.wait({flapping})

    async def test_a_ban_is_announced_at_once_also_during_an_outage_that_was_announced(
        self, rig: Rig, world: World, script: Script
    ) -> None:
        device = await begin(rig)
        script.lines[device][0].say(StateChanged(DeviceState.PHONE_OFFLINE, "the phone is off"))
        await rig.alert("device_down", "firing")
        script.lines[device][0].say(StateChanged(DeviceState.TEMP_BANNED, "too many messages"))
        told = "SELECT text LIKE '%too many messages%' FROM alerts WHERE kind = 'device_down'"
        await until(lambda: world.one(told))

    async def test_an_engine_without_a_lease_tells_nobody_of_a_line_that_may_be_anothers_by_now(
        self, rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As when it was frozen, and wakes up to find that its heir has taken the line."""
        monkeypatch.setattr(worker_module, "POLL_EVERY", 0.01)
        device = await begin(rig)
        leased = False
        monkeypatch.setattr(type(rig.ownership), "holds_lease", property(lambda _: leased))
        script.lines[device][0].say(StateChanged(DeviceState.REPLACED, "this account was opened elsewhere"))
        await until(lambda: world.one("SELECT state = 'replaced' FROM user_devices"))
        await rig.desk.signals.submit(WorkerRecovered(world.actor.workspace_id, device, "Sales"))
        assert await world.alerts() == []
        leased = True
        await rig.alert("device_down", "firing")

    @pytest.mark.parametrize(("transport", "mend"), [("neonize", "Re-pair"), ("simulator", "Restart")])
    async def test_logged_out_is_told_with_what_helps(
        self, transport: str, mend: str, rig: Rig, world: World, script: Script
    ) -> None:
        script.first_state = StateChanged(DeviceState.LOGGED_OUT, "logged out on the phone")
        device = await world.device(transport=TransportKind(transport))
        rig.pool.control()
        await until(lambda: script.lines[device])
        told = f"SELECT count(*) = 1 FROM alerts WHERE text LIKE '%Devices → % → {mend}.'"
        await until(lambda: world.one(told))

    async def test_nothing_is_claimed_while_the_line_is_down(self, rig: Rig, world: World, script: Script) -> None:
        script.first_state = StateChanged(DeviceState.LOGGED_OUT, "logged out on the phone")
        await begin(rig)
        await rig.move_to(at(5, 11))
        told = "SELECT count(*) = 1 FROM alerts WHERE text LIKE '%logged out on the phone%'"
        await until(lambda: world.one(told))
        assert await world.statuses() == ["pending"]
        # The state and the alert are written by two batches, in either order.
        state = "SELECT state = 'logged_out' AND last_error = 'logged out on the phone' FROM user_devices"
        await until(lambda: world.one(state))


async def test_draining_finishes_the_send_in_flight_and_releases_the_devices(
    rig: Rig, world: World, script: Script
) -> None:
    await begin(rig, people=2)
    script.flowing.clear()
    await rig.move_to(at(5, 11))
    await until(lambda: script.asked)
    draining = asyncio.create_task(rig.drain())
    await asyncio.wait({draining}, timeout=0.05)
    assert not draining.done()
    script.flowing.set()
    await draining
    assert await world.statuses() == ["sent", "pending"]
    assert script.bodies == ["Hi Person 1"]
    assert await world.one("SELECT owner FROM user_devices") is None
    assert await world.rows("SELECT id FROM engines") == []


async def test_draining_does_not_wait_for_a_device_that_is_parked(rig: Rig, world: World, script: Script) -> None:
    script.outcomes = [RuntimeError("broken") for _ in range(20)]
    await begin(rig, people=12)
    await rig.move_to(at(5, 11))
    await rig.alert("worker_stuck", "firing")
    async with asyncio.timeout(pool_module.DRAIN_WITHIN / 2):
        await rig.drain()


async def test_a_send_that_outlasts_the_drain_is_unknown(
    rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "DRAIN_WITHIN", 0.05)
    await begin(rig)
    script.flowing.clear()
    await rig.move_to(at(5, 11))
    await until(lambda: script.asked)
    await rig.drain()
    assert await world.statuses() == ["unknown"]


async def test_a_drain_ends_also_when_the_database_is_away(
    rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def away() -> AsyncIterator[None]:
        raise TimeoutError
        yield

    device = await begin(rig)
    script.flowing.clear()
    await rig.move_to(at(5, 11))
    await until(lambda: script.asked)
    with monkeypatch.context() as broken:
        broken.setattr(pool_module, "DRAIN_WITHIN", 0.05)
        broken.setattr(pool_module, "LAST_WORDS_WITHIN", 0.05)
        broken.setattr(Database, "transaction", lambda _: away())
        await rig.drain()
    assert rig.running.cancelled()
    await world.run("UPDATE engines SET heartbeat_at = clock_timestamp() - interval '13 seconds'")
    heir = await world.engine()
    assert await heir.claim(device) is None
    await rig.status("unknown")  # by the takeover, or by the outcome, if that has the device's row at this moment


async def test_a_round_without_the_database_is_made_good_in_the_next(
    rig: Rig, world: World, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = asyncio.Event()
    real = rig.ownership.census

    async def census() -> Census:
        if not tried.is_set():
            tried.set()
            raise TimeoutError  # it has no text, as the driver's own has none
        return await real()

    monkeypatch.setattr(rig.ownership, "census", census)
    rig.pool.control()
    await tried.wait()
    await begin(rig)
    await rig.move_to(at(5, 11))
    await rig.status("sent")


async def test_unclear_sends_are_told_and_the_worker_goes_on(rig: Rig, world: World, script: Script) -> None:
    await begin(rig, people=3)
    script.outcomes = [Unknown("the acknowledgement was lost")]
    await rig.move_to(at(5, 11))
    await rig.status("unknown", "sent", "sent")
    await rig.alert("send_unknown", "firing")


async def test_work_survives_the_loss_of_all_database_connections(world: World, script: Script) -> None:
    terminate = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    database = Database(world.database.url, pool_size=5)
    async with engine_running(dataclasses.replace(world, database=database), script) as rig:
        _, device = await world.running(people=40)
        await until(lambda: script.lines[device])
        await rig.move_to(at(5, 11))
        for sent in (5, 15, 25):
            await until(lambda sent=sent: len(script.asked) >= sent)
            await world.rows(terminate)
        sent_to_all = "SELECT count(*) = 40 FROM broadcast_messages WHERE status = 'sent'"
        await until(lambda: world.one(sent_to_all), within=30)
        assert len(script.bodies) == len(set(script.bodies)) == 40
        assert not rig.running.done()
    await database.close()
