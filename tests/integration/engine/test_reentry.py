"""Joining again: never, after leaving early, or after a cool-down; each time is a run of its own."""

from datetime import timedelta

import pytest

from engine.sequences.enrolment import Who
from models.enums import OnReply, ReentryPolicy
from tests.integration.engine.world import World, at

RUNS = "SELECT run_no, status FROM sequence_contacts ORDER BY id"


async def left(world: World, how: str, policy: ReentryPolicy) -> int:
    """A sequence whose only person has completed it or left it early, on the 5th of January."""
    sequence, device = await world.running(reentry_policy=policy, on_reply=OnReply.EXIT)
    if how == "early":
        await world.run("UPDATE sequence_contacts SET status = 'exited', exit_reason = 'replied', "
                        "next_due_at = NULL, ended_at = :now", now=at(5, 11))  # fmt: skip
        return sequence
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    assert await world.rows(RUNS) == [(1, "completed")]
    return sequence


@pytest.mark.parametrize(
    ("policy", "how", "days_later", "refusal"),
    [
        (ReentryPolicy.NEVER, "completed", 300, "had_it_before"),
        (ReentryPolicy.NEVER, "early", 300, "had_it_before"),
        (ReentryPolicy.AFTER_EXIT, "completed", 300, "had_it_before"),
        (ReentryPolicy.AFTER_EXIT, "early", 0, None),
        (ReentryPolicy.AFTER_COOLDOWN, "completed", 29, "had_it_lately"),
        (ReentryPolicy.AFTER_COOLDOWN, "completed", 31, None),
        (ReentryPolicy.AFTER_COOLDOWN, "early", 29, "had_it_lately"),
        (ReentryPolicy.AFTER_COOLDOWN, "early", 31, None),
    ],
)
async def test_who_had_it_before(
    world: World, policy: ReentryPolicy, how: str, days_later: int, refusal: str | None
) -> None:
    sequence = await left(world, how, policy)
    world.clock.set(at(5, 12) + timedelta(days=days_later))
    report = await world.enrolments.join(world.actor, sequence, Who(everyone=True))
    assert dict(report.refused) == ({refusal: 1} if refusal else {})
    assert [run for run, _ in await world.rows(RUNS)] == ([1] if refusal else [1, 2])


@pytest.mark.parametrize("policy", ReentryPolicy)
async def test_nobody_is_in_it_twice_at_once(world: World, policy: ReentryPolicy) -> None:
    sequence, _ = await world.running(reentry_policy=policy)
    report = await world.enrolments.join(world.actor, sequence, Who(everyone=True))
    assert (report.joined, dict(report.refused)) == (0, {"already_in_it": 1})


async def test_who_completed_it_once_has_had_it_even_if_they_left_a_later_run_early(world: World) -> None:
    sequence = await left(world, "completed", ReentryPolicy.AFTER_COOLDOWN)
    world.clock.set(at(5, 12) + timedelta(days=31))
    await world.enrolments.join(world.actor, sequence, Who(everyone=True))
    await world.rules.change(world.actor, sequence, on_reply=OnReply.EXIT, reentry_policy=ReentryPolicy.AFTER_EXIT)
    await world.run("UPDATE sequence_contacts SET status = 'exited', next_due_at = NULL WHERE run_no = 2")
    report = await world.enrolments.join(world.actor, sequence, Who(everyone=True))
    assert dict(report.refused) == {"had_it_before": 1}


async def test_a_third_run_gets_the_number_after_the_greatest_there_is(world: World) -> None:
    sequence = await left(world, "early", ReentryPolicy.AFTER_EXIT)
    await world.run("UPDATE sequence_contacts SET run_no = 5")
    await world.enrolments.join(world.actor, sequence, Who(everyone=True))
    assert await world.rows(RUNS) == [(5, "exited"), (6, "active")]
