"""Cold, warm, hot: who has had all of one sequence joins the next one, in the transaction that completes it."""

import asyncio
from typing import Any

import pytest

from engine.broadcast.claims import Busy, Claimed, Refused
from engine.sequences.enrolment import Who
from engine.transports.contract import Inbound, Rejected
from models.enums import MissedPolicy, ReentryPolicy, SequenceStatus
from tests.integration.engine.meeting import somebody_waits
from tests.integration.engine.world import HandEngine, World, at, until

RUNS = """
SELECT s.name, e.status, e.next_due_at FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id ORDER BY e.id
"""
NOTED = "SELECT detail FROM audit_log WHERE action = 'sequence.go_on'"


async def cold_and_warm(world: World, people: int = 1, **warm: Any) -> tuple[int, int, int]:
    """People in Cold, which has one message at 11 and goes on to Warm, with one at 12; (cold, warm, device)."""
    cold, device = await world.running((1, 11, "cold"), people=people, name="Cold")
    after = await world.sequence([device], (1, 12, "warm"), name="Warm", **warm)
    await world.rules.change(world.actor, cold, next_sequence_id=after)
    return cold, after, device


async def complete(world: World, device: int) -> HandEngine:
    """Send the last message of Cold to everybody."""
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    return engine


async def test_who_completes_one_joins_the_next_at_once(world: World) -> None:
    cold, _warm, device = await cold_and_warm(world)
    engine = await complete(world, device)
    assert await world.rows(RUNS) == [("Cold", "completed", None), ("Warm", "active", at(5, 12))]
    assert await world.one(NOTED) == {"from": cold, "joined": 1, "refused": {}}
    await world.move_to(at(5, 12))
    assert await engine.send_all(device) == ["warm"]


async def test_a_whole_way_is_walked(world: World) -> None:
    _, warm, device = await cold_and_warm(world)
    hot = await world.sequence([device], (1, 13, "hot"), name="Hot")
    await world.rules.change(world.actor, warm, next_sequence_id=hot)
    engine = await complete(world, device)
    for hour in (12, 13):
        await world.move_to(at(5, hour))
        await engine.send_all(device)
    assert [(name, status) for name, status, _ in await world.rows(RUNS)] == [
        ("Cold", "completed"), ("Warm", "completed"), ("Hot", "completed"),
    ]  # fmt: skip


async def test_who_leaves_early_does_not_go_on(world: World) -> None:
    _, _, device = await cold_and_warm(world)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    gone = Rejected("not_on_whatsapp", permanent=True, text="nobody there")
    await engine.report(device, claimed, gone)
    assert [(name, status) for name, status, _ in await world.rows(RUNS)] == [("Cold", "exited")]


@pytest.mark.parametrize(
    ("status", "waits"),
    [
        (SequenceStatus.ACTIVE, True),
        (SequenceStatus.PAUSED, True),
        (SequenceStatus.DRAFT, True),
        (SequenceStatus.ARCHIVED, False),
    ],
)
async def test_in_a_paused_sequence_and_in_a_draft_they_wait_and_an_archived_one_takes_nobody(
    world: World, status: SequenceStatus, waits: bool
) -> None:
    _, warm, device = await cold_and_warm(world)
    await world.run("UPDATE sequences SET status = :status WHERE id = :id", status=status, id=warm)
    engine = await complete(world, device)
    names = [name for name, *_ in await world.rows(RUNS)]
    assert names == (["Cold", "Warm"] if waits else ["Cold"])
    if status is SequenceStatus.DRAFT:
        world.clock.set(at(7, 10))
        await world.control.start(world.actor, warm)
        await world.move_to(at(7, 12))
        assert await engine.send_all(device) == ["warm"]


async def test_the_rules_for_joining_count_here_too(world: World) -> None:
    _cold, warm, device = await cold_and_warm(world, people=4, reentry_policy=ReentryPolicy.NEVER)
    await world.enrolments.join_contacts(world.actor, warm, [1, 2])
    await world.run("UPDATE sequence_contacts SET status = 'exited', next_due_at = NULL, ended_at = now() "
                    "WHERE sequence_id = :warm AND contact_id = 2", warm=warm)  # fmt: skip
    engine = await world.engine()
    await world.move_to(at(5, 11))
    for _ in range(4):
        claimed = await engine.claim(device)
        assert isinstance(claimed, Claimed)
        if claimed.message.phone.endswith("3"):  # the permission goes while the message is on its way
            await world.run("UPDATE contacts SET consent = NULL WHERE id = 3")
        await engine.sent(device, claimed)
    joined = "SELECT contact_id FROM sequence_contacts WHERE sequence_id = :warm AND status = 'active' ORDER BY 1"
    assert await world.rows(joined, warm=warm) == [(1,), (4,)]
    refused = [detail["refused"] for (detail,) in await world.rows(f"{NOTED} ORDER BY id")]
    assert refused == [{"already_in_it": 1}, {"had_it_before": 1}, {"no_consent": 1}, {}]


async def test_they_keep_their_device_if_the_next_pool_has_it_else_get_one_of_that(world: World) -> None:
    _, warm, device = await cold_and_warm(world)
    other, third = await world.device("Other"), await world.device("Third")
    await world.editor.set_devices(world.actor, warm, [other, device, third])
    await complete(world, device)
    kept = "SELECT device_id FROM sequence_contacts WHERE sequence_id = :warm"
    assert await world.one(kept, warm=warm) == device
    assert await world.one("SELECT device_id FROM contacts") == device


async def test_a_pool_without_their_device_gives_them_another(world: World) -> None:
    _, warm, device = await cold_and_warm(world)
    other = await world.device("Other")
    await world.editor.set_devices(world.actor, warm, [other])
    await complete(world, device)
    assert await world.one("SELECT device_id FROM sequence_contacts WHERE sequence_id = :warm", warm=warm) == other
    assert await world.one("SELECT device_id FROM contacts") == other


async def test_who_has_just_replied_is_paused_in_the_next_one_as_well(world: World) -> None:
    _, _, device = await cold_and_warm(world)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await world.inbox.receive(device, Inbound("m1", "+60120000001", "Tell me more"))
    await engine.sent(device, claimed)
    assert await world.rows(RUNS) == [("Cold", "completed", None), ("Warm", "paused", at(5, 12))]


async def test_a_last_message_that_is_skipped_completes_and_goes_on(world: World) -> None:
    cold, _, device = await cold_and_warm(world)
    await world.rules.change(world.actor, cold, missed_policy=MissedPolicy.SKIP, late_window_minutes=30)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await world.move_to(at(5, 11, 31))
    assert await engine.claim(device) == Refused()
    assert [(name, status) for name, status, _ in await world.rows(RUNS)] == [
        ("Cold", "completed"), ("Warm", "active"),
    ]  # fmt: skip


async def test_removing_the_message_that_somebody_waits_for_may_complete_them_and_they_go_on(world: World) -> None:
    cold, device = await world.running((1, 11, "one"), (2, 11, "two"), name="Cold")
    warm = await world.sequence([device], (1, 12, "warm"), name="Warm")
    await world.rules.change(world.actor, cold, next_sequence_id=warm)
    await complete(world, device)
    await world.editor.remove_step(world.actor, (await world.steps(cold))[1])
    assert [(name, status) for name, status, _ in await world.rows(RUNS)] == [
        ("Cold", "completed"), ("Warm", "active"),
    ]  # fmt: skip


async def test_what_is_sent_once_more_by_hand_lets_nobody_go_on_twice(world: World) -> None:
    _, warm, device = await cold_and_warm(world, reentry_policy=ReentryPolicy.AFTER_EXIT)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.unclear(device)
    await world.run("UPDATE sequence_contacts SET status = 'exited', next_due_at = NULL, ended_at = now() "
                    "WHERE sequence_id = :warm", warm=warm)  # fmt: skip
    await world.doubts.send_again(world.actor, claimed.message.ref)
    assert await engine.send_all(device) == ["cold"]
    assert [name for name, *_ in await world.rows(RUNS)] == ["Cold", "Warm"]


async def test_the_outcome_waits_for_somebody_who_is_just_editing_the_next_sequence(world: World) -> None:
    """Else it would wait for a message that is being removed."""
    _, warm, device = await cold_and_warm(world)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    async with world.database.transaction() as session:
        await session.rows("SELECT id FROM sequences WHERE id = :id FOR UPDATE", {"id": warm})
        reporting = asyncio.create_task(engine.sent(device, claimed))

        await until(lambda: somebody_waits(world))
        await session.rows("UPDATE sequence_steps SET send_time = '15:00' WHERE sequence_id = :id", {"id": warm})
    await reporting
    assert (await world.rows(RUNS))[1] == ("Warm", "active", at(5, 15))


async def test_the_claim_does_not_wait_for_them_and_asks_again(world: World) -> None:
    cold, warm, device = await cold_and_warm(world)
    await world.rules.change(world.actor, cold, missed_policy=MissedPolicy.SKIP, late_window_minutes=30)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await world.move_to(at(5, 11, 31))
    async with world.database.transaction() as session:
        await session.rows("SELECT id FROM sequences WHERE id = :id FOR UPDATE", {"id": warm})
        assert await engine.claim(device) == Busy()
    assert await engine.claim(device) == Refused()
    assert len(await world.rows(RUNS)) == 2


async def test_thousands_complete_and_go_on_in_one_transaction(world: World) -> None:
    people = 3000
    cold, device = await world.running((1, 11, "one"), (2, 11, "two"), people=people, name="Cold")
    warm = await world.sequence([device], (1, 12, "warm"), name="Warm")
    await world.rules.change(world.actor, cold, next_sequence_id=warm)
    _first, second = await world.steps(cold)
    await world.run("UPDATE sequence_contacts SET last_day_number = 1, last_minute = 660, next_step_id = :second, "
                    "next_due_at = :due", second=second, due=at(6, 11))  # fmt: skip
    await world.editor.remove_step(world.actor, second)
    counts = "SELECT sequence_id, status, count(*) FROM sequence_contacts GROUP BY 1, 2 ORDER BY 1"
    assert await world.rows(counts) == [(cold, "completed", people), (warm, "active", people)]
    assert await world.one(NOTED) == {"from": cold, "joined": people, "refused": {}}


async def test_who_already_had_the_next_one_ends_here(world: World) -> None:
    _, warm, device = await cold_and_warm(world)
    await world.enrolments.join(world.actor, warm, Who(everyone=True))
    await complete(world, device)
    assert [name for name, *_ in await world.rows(RUNS)] == ["Cold", "Warm"]
