"""One person's run: paused, resumed, ended, moved; nothing is lost or sent twice by any of it."""

import asyncio
from datetime import datetime, time
from typing import Any

import pytest
from sqlalchemy import text

from engine.broadcast.admission import End
from engine.broadcast.claims import Claimed, Gone, Refused
from engine.broadcast.outlook import Outlook
from engine.errors import ConflictError
from engine.sequences.steps import NewStep
from engine.transports.contract import Inbound, Rejected
from models.enums import MissedPolicy, SequenceStatus
from tests.integration.engine.test_pausing import SlowLibrary
from tests.integration.engine.world import HandEngine, World, at, until

THREE_DAYS = [(1, 11, "one"), (2, 9, "two"), (3, 9, "three")]
ANN = "+60120000001"
SUPPRESS = (
    "INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at)"
    " SELECT workspace_id, phone, 'manual', '', now() FROM contacts"
)


async def run_of(world: World) -> int:
    run: int = await world.one("SELECT id FROM sequence_contacts")
    return run


async def runs(world: World) -> list[tuple[Any, ...]]:
    return await world.rows("SELECT run_no, status, exit_reason FROM sequence_contacts ORDER BY id")


async def waits_for(world: World) -> tuple[int, datetime]:
    """The day of the step that the only open run waits for, and when."""
    found: tuple[int, datetime] = await world.one(
        "SELECT t.day_number, e.next_due_at FROM sequence_contacts e JOIN sequence_steps t ON t.id = e.next_step_id"
        " WHERE e.status IN ('active', 'paused')"
    )
    return found


async def paused(world: World) -> tuple[Any, ...]:
    row: tuple[Any, ...] = await world.one(
        "SELECT status, paused_reason, paused_at, paused_by FROM sequence_contacts"
    )
    return row


async def all_wait(world: World, count: int) -> bool:
    """Whether so many transactions wait for somebody's lock."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(await world.one(waiting) == count)


async def audit(world: World) -> list[str]:
    return [
        row[0] for row in await world.rows("SELECT action FROM audit_log WHERE action LIKE 'run.%' ORDER BY id")
    ]


async def test_a_pause_by_hand_says_who_and_when_and_five_presses_are_one(world: World) -> None:
    await world.running()
    run = await run_of(world)
    for _ in range(5):
        await world.runs.pause(world.actor, run)
        world.clock.set(world.clock.now().replace(minute=30))
    assert await paused(world) == ("paused", "by_hand", at(5, 10), world.actor.operator_id)
    for _ in range(5):
        await world.runs.resume(world.actor, run)
    assert await paused(world) == ("active", None, None, None)
    assert await audit(world) == ["run.pause", "run.resume"]


async def test_a_reply_pauses_with_its_time_and_a_pause_keeps_its_first_reason(world: World) -> None:
    _, device = await world.running()
    run = await run_of(world)
    await world.inbox.receive(device, Inbound("in-1", ANN, "Tell me more"))
    replied = ("paused", "replied", at(5, 10), None)
    assert await paused(world) == replied
    world.clock.set(at(5, 10, 30))
    await world.runs.pause(world.actor, run)
    assert await paused(world) == replied
    await world.runs.resume(world.actor, run)
    await world.runs.pause(world.actor, run)
    await world.inbox.receive(device, Inbound("in-2", ANN, "Hello?"))
    assert await paused(world) == ("paused", "by_hand", at(5, 10, 30), world.actor.operator_id)


async def test_no_send_starts_after_a_pause(world: World) -> None:
    _, device = await world.running(people=2)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    ask = await engine.ask(device)
    assert ask is not None
    first = await world.one("SELECT id FROM sequence_contacts ORDER BY id LIMIT 1")
    await world.runs.pause(world.actor, first)
    assert await engine.claims.claim([ask]) == [Refused()]
    assert await engine.send_all(device) == ["Hi Person 2"]
    await world.runs.resume(world.actor, first)
    assert await engine.send_all(device) == ["Hi Person 1"]


@pytest.mark.parametrize("act", ["pause", "remove", "move"])
async def test_what_came_first_is_waited_for(world: World, act: str) -> None:
    """The claim is in the middle of its transaction: what is done to its run comes after it."""
    sequence, device = await world.running(*THREE_DAYS)
    run, steps = await run_of(world), await world.steps(sequence)
    library = SlowLibrary()
    engine = HandEngine(world, (await world.engine()).ownership, library)
    await world.move_to(at(5, 11))
    claiming = asyncio.create_task(engine.claim(device))
    await library.reached.wait()
    match act:
        case "pause":
            acting = asyncio.create_task(world.runs.pause(world.actor, run))
        case "remove":
            acting = asyncio.create_task(world.runs.remove(world.actor, run))
        case _:
            acting = asyncio.create_task(world.moves.move(world.actor, run, steps[2]))
    await until(lambda: all_wait(world, 1))
    library.go_on.set()
    claimed = await claiming
    assert isinstance(claimed, Claimed)
    if act == "move":
        with pytest.raises(ConflictError, match="on its way to Person 1 at this moment"):
            await acting
    else:
        assert await acting is (True if act == "remove" else None)
    await engine.sent(device, claimed)
    assert await world.statuses() == ["sent"]


async def test_what_became_due_during_the_pause_is_late_when_it_is_resumed(world: World) -> None:
    """The default: a miss shifts to the next day, and what follows keeps its distance."""
    _, device = await world.running(*THREE_DAYS)
    run = await run_of(world)
    engine = await world.engine()
    await world.runs.pause(world.actor, run)
    await world.move_to(at(7, 10))
    assert await world.statuses() == []
    assert await world.runs.if_resumed(world.actor, run) == Outlook(at=at(7, 11))
    await world.runs.resume(world.actor, run)
    await world.move_to(at(7, 10, 1))
    assert await engine.send_all(device) == []
    await world.move_to(at(7, 11))
    assert await engine.send_all(device) == ["one"]
    assert await waits_for(world) == (2, at(8, 9))


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (MissedPolicy.SKIP, "it was too late to send it"),
        (MissedPolicy.SEND_NOW, "a later message of the sequence is due as well"),
    ],
)
async def test_what_a_resume_would_do_is_told_before_it_is_done(
    world: World, policy: MissedPolicy, told: str
) -> None:
    _, device = await world.running(*THREE_DAYS, missed_policy=policy)
    run = await run_of(world)
    engine = await world.engine()
    await world.runs.pause(world.actor, run)
    await world.move_to(at(6, 10))
    foreseen = await world.runs.if_resumed(world.actor, run)
    assert foreseen is not None
    assert isinstance(foreseen.end, End)
    assert foreseen.end.text == told
    await world.runs.resume(world.actor, run)
    await world.move_to(at(6, 10, 1))
    assert await engine.claim(device) == Refused()
    assert await world.one("SELECT status, error FROM broadcast_messages") == ("skipped", told)


async def test_a_pause_keeps_the_message_that_waits_and_the_step_that_is_on_its_way(world: World) -> None:
    _, device = await world.running(*THREE_DAYS)
    run = await run_of(world)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await world.runs.pause(world.actor, run)
    assert await world.runs.if_resumed(world.actor, run) is None
    await engine.sent(device, claimed)
    assert (await paused(world))[0] == "paused"
    assert await waits_for(world) == (2, at(6, 9))


async def test_removing_cancels_what_waits_and_is_done_once(world: World) -> None:
    _, device = await world.running()
    run = await run_of(world)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    ask = await engine.ask(device)
    assert ask is not None
    for _ in range(5):
        assert await world.runs.remove(world.actor, run) is False
    assert await engine.claims.claim([ask]) == [Gone()]
    assert await world.one("SELECT status, error_code FROM broadcast_messages") == ("cancelled", "removed")
    assert await runs(world) == [(1, "exited", "removed")]
    assert await audit(world) == ["run.remove"]
    with pytest.raises(ConflictError, match="nothing left to pause"):
        await world.runs.pause(world.actor, run)


async def test_removing_leaves_what_is_on_its_way_its_outcome(world: World) -> None:
    _, device = await world.running(*THREE_DAYS)
    run = await run_of(world)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    assert await world.runs.remove(world.actor, run) is True
    await engine.sent(device, claimed)
    assert await world.statuses() == ["sent"]
    assert await runs(world) == [(1, "exited", "removed")]


async def test_what_comes_back_after_a_removal_is_not_sent(world: World) -> None:
    _, device = await world.running(*THREE_DAYS)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await world.runs.remove(world.actor, await run_of(world))
    await engine.report(device, claimed, Rejected("rate", "too fast", permanent=False))
    world.clock.set(at(5, 11, 5))
    assert await engine.claim(device) == Refused()
    assert await world.statuses() == ["cancelled"]


async def test_ahead_what_lies_between_is_passed_over(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS)
    run, steps = await run_of(world), await world.steps(sequence)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    assert await engine.send_all(device) == ["one"]
    plan = await world.moves.foresee(world.actor, run, steps[2])
    assert (plan.name, plan.header, plan.due_at) == ("Person 1", "Day 3 09:00", at(6, 9))
    assert (plan.again, plan.already, plan.passed_over) == (False, False, ("Day 2 09:00",))
    for _ in range(5):
        assert await world.moves.move(world.actor, run, steps[2]) == run
    assert await audit(world) == ["run.move"]
    assert await waits_for(world) == (3, at(6, 9))
    await world.move_to(at(6, 9))
    assert await engine.send_all(device) == ["three"]
    assert await runs(world) == [(1, "completed", None)]


async def test_ahead_the_message_that_waits_is_cancelled(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS)
    run, steps = await run_of(world), await world.steps(sequence)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    ask = await engine.ask(device)
    assert ask is not None
    assert (await world.moves.foresee(world.actor, run, steps[1])).passed_over == ("Day 1 11:00",)
    await world.moves.move(world.actor, run, steps[1])
    assert await engine.claims.claim([ask]) == [Gone()]
    assert await world.one("SELECT status, error_code FROM broadcast_messages") == ("cancelled", "moved")
    await world.move_to(at(6, 9))
    assert await engine.send_all(device) == ["two"]
    assert await waits_for(world) == (3, at(7, 9))


async def test_to_a_message_put_in_before_the_one_that_waits_and_that_comes_after_it(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), (3, 9, "three"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    assert await engine.send_all(device) == ["one"]
    await world.move_to(at(7, 9, 5))  # Day 3 waits in the queue
    await world.editor.add_steps(world.actor, sequence, [NewStep(2, time(9), None, "two")])
    _, second, _ = await world.steps(sequence)
    await world.moves.move(world.actor, await run_of(world), second)
    sent = []
    for day in (8, 9):
        await world.move_to(at(day, 9))
        sent += await engine.send_all(device)
    assert sent == ["two", "three"]


async def test_who_is_paused_in_a_draft_begins_with_it_and_stays_paused(world: World) -> None:
    device = await world.device()
    sequence = await world.sequence([device], *THREE_DAYS, status=SequenceStatus.DRAFT)
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(1))
    run = await run_of(world)
    await world.runs.pause(world.actor, run)
    await world.move_to(at(20, 10))
    report = await world.control.start(world.actor, sequence)
    assert report.people == 0
    await world.runs.resume(world.actor, run)
    assert await waits_for(world) == (1, at(20, 11))


async def test_to_the_message_that_waits_already_nothing_changes(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS)
    run, steps = await run_of(world), await world.steps(sequence)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    plan = await world.moves.foresee(world.actor, run, steps[0])
    assert (plan.already, plan.due_at) == (True, at(5, 11))
    assert await world.moves.move(world.actor, run, steps[0]) == run
    assert await engine.send_all(device) == ["one"]
    assert (await world.moves.foresee(world.actor, run, steps[1])).already  # tomorrow at 9 as it is


async def test_back_the_run_ends_and_a_new_one_begins_with_that_message(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS)
    run, steps = await run_of(world), await world.steps(sequence)
    engine = await world.engine()
    for instant in (at(5, 11), at(6, 9)):
        await world.move_to(instant)
        await engine.send_all(device)
    plan = await world.moves.foresee(world.actor, run, steps[0])
    assert (plan.again, plan.due_at, plan.to_come) == (True, at(7, 11), ("Day 2 09:00", "Day 3 09:00"))
    moved = {await world.moves.move(world.actor, run, steps[0]) for _ in range(5)}
    assert len(moved) == 1
    assert run not in moved
    assert await runs(world) == [(1, "exited", "moved"), (2, "active", None)]
    sent = []
    for instant in (at(7, 9), at(7, 11), at(8, 9), at(9, 9)):
        await world.move_to(instant)
        sent += [(instant, text) for text in await engine.send_all(device)]
    assert sent == [(at(7, 11), "one"), (at(8, 9), "two"), (at(9, 9), "three")]
    assert await runs(world) == [(1, "exited", "moved"), (2, "completed", None)]


async def test_two_at_once_begin_one_new_run(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS)
    run, steps = await run_of(world), await world.steps(sequence)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    async with world.database.transaction() as session:  # until all of them have come as far as they can
        await session.execute(text("SELECT FROM sequence_contacts FOR UPDATE"))
        moving = [asyncio.create_task(world.moves.move(world.actor, run, steps[0])) for _ in range(3)]
        await until(lambda: all_wait(world, 3))
    moved = await asyncio.gather(*moving)
    assert len(set(moved)) == 1
    assert await runs(world) == [(1, "exited", "moved"), (2, "active", None)]


async def test_who_is_through_begins_again(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"))
    run, (step,) = await run_of(world), await world.steps(sequence)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    assert await runs(world) == [(1, "completed", None)]
    await world.moves.move(world.actor, run, step)
    assert await runs(world) == [(1, "completed", None), (2, "active", None)]
    assert await waits_for(world) == (1, at(5, 11))  # the same day's message once more, on the same day


async def test_who_is_paused_is_moved_and_stays_paused(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS)
    run, steps = await run_of(world), await world.steps(sequence)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    await world.inbox.receive(device, Inbound("in-1", ANN, "Later please"))
    await world.moves.move(world.actor, run, steps[2])
    assert await paused(world) == ("paused", "replied", at(5, 11), None)
    again = await world.moves.move(world.actor, run, steps[0])
    newest = await world.one(
        "SELECT status, paused_reason, paused_at FROM sequence_contacts WHERE id = :id", id=again
    )
    assert newest == ("paused", "replied", at(5, 11))
    assert (await world.moves.foresee(world.actor, again, steps[2])).paused


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ("UPDATE sequences SET status = 'draft'", "has not started"),
        ("UPDATE sequences SET status = 'archived'", "is archived"),
        ("UPDATE contacts SET consent = NULL", "has given no permission"),
        ("UPDATE contacts SET consent = 'opted_out'", "has opted out"),
        (SUPPRESS, "has opted out"),
    ],
)  # fmt: skip
async def test_who_cannot_be_moved(world: World, change: str, refusal: str) -> None:
    sequence, _ = await world.running(*THREE_DAYS)
    run, steps = await run_of(world), await world.steps(sequence)
    await world.run(change)
    with pytest.raises(ConflictError, match=refusal):
        await world.moves.move(world.actor, run, steps[2])
    with pytest.raises(ConflictError, match=refusal):
        await world.moves.foresee(world.actor, run, steps[2])


async def test_everybody_who_replied_is_resumed_at_once(world: World) -> None:
    sequence, device = await world.running(people=3)
    first = await world.one("SELECT id FROM sequence_contacts ORDER BY id LIMIT 1")
    await world.runs.pause(world.actor, first)
    for number in (2, 3):
        await world.inbox.receive(device, Inbound(f"in-{number}", f"+6012000000{number}", "Hm"))
    assert [await world.runs.resume_replied(world.actor, sequence) for _ in range(2)] == [2, 0]
    states = [status for _, status, _ in await runs(world)]
    assert states == ["paused", "active", "active"]


async def test_where_everybody_stands_to_the_messages(world: World) -> None:
    _, device = await world.running(*THREE_DAYS)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    targets = await world.moves.targets(world.actor, await run_of(world))
    assert [(one.header, one.had, one.next) for one in targets] == [
        ("Day 1 11:00", True, False), ("Day 2 09:00", False, True), ("Day 3 09:00", False, False),
    ]  # fmt: skip
