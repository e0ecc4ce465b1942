"""Pause is exact: no send starts after it has been committed; and nothing is lost or sent twice by it."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from engine.broadcast.admission import Pause
from engine.broadcast.claims import Busy, Claimed, Gone, Refused
from engine.broadcast.media import MediaLibrary
from engine.transports.contract import Inbound, MediaFile, Rejected
from models.enums import OnReply
from tests.integration.engine.world import HandEngine, World, at, until

PAUSES = {
    "sequence": ("UPDATE sequences SET status = 'paused'", Refused()),
    "run": ("UPDATE sequence_contacts SET status = 'paused'", Refused()),
    "device": ("UPDATE user_devices SET paused_at = now()", Pause(None)),
    "everything": ("UPDATE workspaces SET stopped_at = now()", Pause(None)),
}
USE_CASES = ["sequence", "device", "everything"]


async def pause(world: World, what: str, sequence: int, device: int) -> None:
    match what:
        case "sequence":
            await world.control.pause(world.actor, sequence)
        case "device":
            await world.devices.pause(world.actor, device)
        case "everything":
            await world.workspaces.stop_everything(world.actor)


async def resume(world: World, what: str, sequence: int, device: int) -> None:
    match what:
        case "sequence":
            await world.control.start(world.actor, sequence)
        case "device":
            await world.devices.resume(world.actor, device)
        case "everything":
            await world.workspaces.resume_everything(world.actor)


class SlowLibrary(MediaLibrary):
    """Holds every claim in the middle of its transaction, its locks taken and its decision made."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def get(self, session: AsyncSession, media_id: int | None) -> MediaFile | None:
        self.reached.set()
        await self.go_on.wait()
        return None


@pytest.mark.parametrize("what", PAUSES)
async def test_a_claim_never_overtakes_a_pause_that_is_being_committed(world: World, what: str) -> None:
    statement, afterwards = PAUSES[what]
    _, device = await world.running()
    engine = await world.engine()
    await world.move_to(at(5, 11))
    ask = await engine.ask(device)
    assert ask is not None
    async with world.database.transaction() as session:
        await session.execute(text(statement))
        assert await engine.claims.claim([ask]) == [Busy()]  # it does not wait, and it does not send
    assert await engine.claims.claim([ask]) == [afterwards]
    assert await world.statuses() == ["pending"]


@pytest.mark.parametrize("what", USE_CASES)
async def test_a_pause_waits_for_the_claim_that_came_first(world: World, what: str) -> None:
    sequence, device = await world.running(people=2)
    library = SlowLibrary()
    engine = HandEngine(world, (await world.engine()).ownership, library)
    await world.move_to(at(5, 11))
    claiming = asyncio.create_task(engine.claim(device))
    await library.reached.wait()
    pausing = asyncio.create_task(pause(world, what, sequence, device))
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    await until(lambda: world.one(waiting))
    assert not pausing.done()
    library.go_on.set()
    claimed = await claiming
    assert isinstance(claimed, Claimed)
    await pausing
    await engine.sent(device, claimed)
    assert await engine.send_all(device) == []
    assert sorted(await world.statuses()) == ["pending", "sent"]


@pytest.mark.parametrize("what", USE_CASES)
async def test_resuming_sends_the_rest_and_nothing_twice(world: World, what: str) -> None:
    sequence, device = await world.running(people=4)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    for _ in range(2):
        claimed = await engine.claim(device)
        assert isinstance(claimed, Claimed)
        await engine.sent(device, claimed)
    for _ in range(5):  # five quick presses
        await pause(world, what, sequence, device)
    assert await engine.send_all(device) == []
    await world.move_to(at(5, 12))
    for _ in range(5):
        await resume(world, what, sequence, device)
    await world.move_to(at(5, 12, 1))
    assert await engine.send_all(device) == ["Hi Person 3", "Hi Person 4"]
    assert await world.statuses() == ["sent"] * 4


async def test_a_paused_sequence_enqueues_nobody(world: World) -> None:
    sequence, _ = await world.running()
    await world.control.pause(world.actor, sequence)
    await world.move_to(at(5, 12))
    assert await world.statuses() == []


async def test_what_is_paused_does_not_hold_back_the_rest_of_the_device(world: World) -> None:
    sequence, device = await world.running(people=2)
    other = await world.sequence([device], (1, 11, "from the other"), name="Other")
    await world.enrolments.join_contacts(world.actor, other, await world.contacts(1))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await world.control.pause(world.actor, sequence)
    assert await engine.send_all(device) == ["from the other"]


async def test_an_opt_out_between_enqueueing_and_sending_ends_the_run(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    ask = await engine.ask(device)
    assert ask is not None
    await world.inbox.receive(device, Inbound("in-1", "+60120000001", "STOP"))
    assert await engine.claims.claim([ask]) == [Gone()]
    assert await world.statuses() == ["cancelled", "pending"]  # and the one confirmation
    assert await world.one("SELECT status, exit_reason FROM sequence_contacts") == ("exited", "opted_out")
    await world.run("DELETE FROM messages WHERE lane = 'reply'")


async def test_the_claim_itself_refuses_who_is_suppressed(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await world.run(
        "INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at)"
        " SELECT workspace_id, phone, 'manual', 'asked on the phone', now() FROM contacts"
    )
    assert await engine.claim(device) == Refused()
    assert await world.one("SELECT status, error_code FROM broadcast_messages") == ("skipped", "opted_out")
    assert await world.one("SELECT status, exit_reason FROM sequence_contacts") == ("exited", "opted_out")


async def test_the_answer_to_an_opt_out_goes_out_although_nothing_else_may(world: World) -> None:
    _, device = await world.running()
    await world.run("UPDATE user_devices SET daily_cap = 1, day_count = 1, day = '2026-01-05'")
    await world.run("UPDATE workspaces SET quiet_start = '00:00', quiet_end = '23:59'")
    engine = await world.engine()
    await world.inbox.receive(device, Inbound("in-1", "+60120000001", "stop"))
    (answer,) = await engine.send_all(device)
    assert "unsubscribed" in answer


@pytest.mark.parametrize("ending", ["archived", "replied"])
async def test_a_message_that_comes_back_after_its_run_has_ended_is_cancelled(world: World, ending: str) -> None:
    sequence, device = await world.running(on_reply=OnReply.EXIT)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    if ending == "archived":
        await world.editor.delete(world.actor, sequence)
    else:
        await world.inbox.receive(device, Inbound("in-1", "+60120000001", "Tell me more"))
    await engine.report(device, claimed, Rejected("rate", "too fast", permanent=False))
    world.clock.set(at(5, 11, 5))
    assert await engine.claim(device) == Refused()
    assert await world.one("SELECT status, error_code FROM broadcast_messages") == ("cancelled", "run_ended")
    assert await world.one("SELECT status, exit_reason FROM sequence_contacts") == ("exited", ending)


async def test_archiving_cancels_what_waits_and_frees_the_device(world: World) -> None:
    sequence, device = await world.running(people=2)
    await world.move_to(at(5, 11))
    await world.editor.delete(world.actor, sequence)
    assert await world.statuses() == ["cancelled", "cancelled"]
    assert set(await world.rows("SELECT status, exit_reason FROM sequence_contacts")) == {("exited", "archived")}
    await world.devices.remove(world.actor, device)
