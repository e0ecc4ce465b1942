"""The tick: whoever is due has one message, however many engines tick at once and whatever else happens then."""

import asyncio
from datetime import time, timedelta

import pytest

from engine.broadcast.claims import Claimed
from engine.sequences import processor
from engine.sequences.processor import SequenceProcessor
from tests.integration.engine.world import World, at

PEOPLE, ROUNDS = 24, 100
NOON = at(5, 12)

# The messages of the last round have ended, and everybody waits for the step of this one.
NEXT_ROUND = """
WITH gone AS (DELETE FROM queue), ended AS (UPDATE messages SET outcome = 'skipped')
UPDATE sequence_contacts SET next_step_id = :step, next_due_at = CAST(:now AS timestamptz)
"""
MESSAGES = "SELECT step_id, count(*), count(DISTINCT enrolment_id) FROM messages GROUP BY step_id"


async def test_two_engines_that_tick_at_once_share_everybody_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "BATCH", 5)
    steps = [(1 + number // 10, number % 10, "Hi") for number in range(ROUNDS)]
    sequence, _ = await world.running(*steps, people=PEOPLE)
    engines = [SequenceProcessor(world.database), SequenceProcessor(world.database)]
    shares = []
    for step in await world.steps(sequence):
        await world.run(NEXT_ROUND, step=step, now=NOON)
        shares.append(await asyncio.gather(*(engine.run_once(NOON) for engine in engines)))
        assert sum(shares[-1]) == PEOPLE
    assert len(shares) == ROUNDS
    assert all(sum(share) > 0 for share in zip(*shares, strict=True)), "only one of them had work"
    assert {(messages, people) for _, messages, people in await world.rows(MESSAGES)} == {(PEOPLE, PEOPLE)}


async def test_a_tick_amid_edits_pauses_and_claims_leaves_nobody_with_two_things_or_none(world: World) -> None:
    """What everybody waits for is looked at after each round; that nobody got a step twice, at the end."""
    days = [(day, 11, str(day)) for day in range(1, 6)]
    sequence, device = await world.running(*days, people=12, late_window_minutes=100_000)
    engine = await world.engine()
    steps = await world.steps(sequence)

    async def send_some() -> None:
        for _ in range(3):
            claimed = await engine.claim(device)
            if isinstance(claimed, Claimed):
                await engine.sent(device, claimed)

    async def pause_and_resume() -> None:
        await world.control.pause(world.actor, sequence)
        await world.control.start(world.actor, sequence)

    async def move_a_step(number: int) -> None:
        day, moved_to = 1 + number % 5, time(11, number % 3)
        await world.editor.set_time(
            world.actor, steps[day - 1], day=day, send_time=moved_to, after_join_minutes=None
        )

    for number in range(25):
        world.clock.set(at(5, 11) + timedelta(hours=6 * number))
        now = world.clock.now()
        await asyncio.gather(
            world.processor.run_once(now),
            SequenceProcessor(world.database).run_once(now),
            move_a_step(number),
            pause_and_resume(),
            send_some(),
        )
        await world.assert_books_balance()
    for day in range(10):
        await world.move_to(at(12, 12) + timedelta(days=day))
        await engine.send_all(device)
    sent = await world.rows("SELECT enrolment_id, body FROM messages WHERE outcome = 'sent' ORDER BY id")
    assert len(sent) == len(set(sent)) == 12 * 5
    for enrolment in {enrolment for enrolment, _ in sent}:
        assert [body for who, body in sent if who == enrolment] == [str(day) for day in range(1, 6)]


async def test_a_paused_sequence_is_not_looked_at(world: World) -> None:
    sequence, _ = await world.running(people=3)
    await world.control.pause(world.actor, sequence)
    assert await world.processor.run_once(NOON) == 0
    await world.control.start(world.actor, sequence)
    assert await world.processor.run_once(NOON) == 3


async def test_each_sequence_has_its_own_late_window(world: World) -> None:
    device = await world.device()
    for name, minutes in (("Welcome", 30), ("News", 90)):
        sequence = await world.sequence([device], (1, 11, "Hi"), name=name, late_window_minutes=minutes)
        await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(1))
    assert await world.processor.run_once(NOON) == 2
    expiries = await world.rows("SELECT expires_at FROM messages ORDER BY 1")
    assert expiries == [(at(5, 11, 30),), (at(5, 12, 30),)]


@pytest.mark.parametrize("goes", ["sequence_contacts", "contacts", "sequences", "workspaces"])
async def test_the_messages_of_a_run_go_with_it(world: World, goes: str) -> None:
    await world.running(people=2)
    await world.processor.run_once(NOON)
    await world.run(f"DELETE FROM {goes}")
    for left in ("messages", "queue", "sequence_contacts"):
        assert await world.rows(f"SELECT 1 FROM {left}") == []
