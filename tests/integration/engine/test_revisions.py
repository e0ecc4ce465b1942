"""Two operators at one sequence: who saves what they began before the other's change is told of it first."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from engine.actor import Actor
from engine.errors import ConflictError
from engine.sequences.changes import PlanEdit
from engine.sequences.plan import PlannedStep
from engine.sequences.revisions import ChangedMeanwhileError
from engine.sequences.steps import NewStep
from models import Operator
from models.enums import Face
from tests.integration.engine.world import World, at

TWO_DAYS = ((1, 11, "one"), (2, 11, "two"))


async def revision(world: World, sequence: int) -> int:
    return (await world.catalogue.card(world.actor, sequence)).revision


@pytest.fixture
async def colleague(world: World) -> Actor:
    async with world.database.transaction() as session:
        operator = Operator(telegram_user_id=7007, name="Aisyah")
        session.add(operator)
        await session.flush()
    return replace(world.actor, operator_id=operator.id)


async def told(world: World, sequence: int, since: int) -> list[str]:
    return await world.editor.changes(world.actor, sequence, since=since)


async def test_every_change_of_messages_and_settings_raises_the_revision_once(world: World) -> None:
    sequence, device = await world.running(*TWO_DAYS)
    one, two = await world.steps(sequence)
    editor, actor = world.editor, world.actor
    seen = await revision(world, sequence)
    for change in (
        editor.add_steps(actor, sequence, [NewStep(3, time(9), None, "three")]),
        editor.set_text(actor, one, "another one"),
        editor.set_time(actor, two, day=2, send_time=time(14), after_join_minutes=None),
        editor.remove_step(actor, two),
        world.rules.change(actor, sequence, skip_weekends=True),
        editor.set_devices(actor, sequence, [device]),
    ):
        await change
        seen += 1
        assert await revision(world, sequence) == seen
    await world.control.pause(actor, sequence)
    with pytest.raises(ConflictError):
        await editor.add_steps(actor, sequence, [NewStep(3, time(9), None, "at the same time")])
    assert await revision(world, sequence) == seen


async def test_who_saves_at_an_old_revision_is_told_who_did_what(world: World, colleague: Actor) -> None:
    sequence, _ = await world.running(*TWO_DAYS)
    one, two = await world.steps(sequence)
    seen = await revision(world, sequence)
    world.clock.set(at(5, 10, 12))
    await world.editor.set_time(colleague, two, day=2, send_time=time(14), after_join_minutes=None)
    await world.editor.set_text(colleague, one, "hers")
    with pytest.raises(ChangedMeanwhileError) as raised:
        await world.editor.save(world.actor, sequence, PlanEdit(texts={one: "mine"}), revision=seen)
    assert raised.value.changes == (
        "Aisyah moved Day 2 11:00 to Day 2 14:00 at 10:12.",
        "Aisyah changed the text of Day 1 11:00 at 10:12.",
    )
    assert "Aisyah moved Day 2 11:00" in str(raised.value)
    card = await world.catalogue.card(world.actor, sequence)
    assert [step.body for step in card.steps] == ["hers", "two"]
    saved = await world.editor.save(world.actor, sequence, PlanEdit(texts={one: "mine"}), revision=card.revision)
    assert saved.revision == card.revision + 1 == await revision(world, sequence)


async def test_what_another_did_is_told_in_words(world: World, colleague: Actor) -> None:
    sequence, _ = await world.running(*TWO_DAYS)
    one, _ = await world.steps(sequence)
    seen = await revision(world, sequence)
    api = replace(world.actor, face=Face.REST, operator_id=None)
    await world.rules.change(colleague, sequence, skip_holidays=True)
    await world.editor.add_steps(api, sequence, [NewStep(3, time(9), None, "3"), NewStep(4, time(9), None, "4")])
    world.clock.advance(timedelta(days=1))
    await world.editor.remove_step(world.actor, one)
    world.clock.advance(timedelta(days=1))
    assert await told(world, sequence, seen) == [
        "Aisyah changed its settings at 10:00 on Mon 5 Jan.",
        "Somebody over the API added Day 3 09:00, Day 4 09:00 at 10:00 on Mon 5 Jan.",
        "You removed Day 1 11:00 at 10:00 on Tue 6 Jan.",
    ]
    many = [NewStep(day, time(8), None, "x") for day in range(10, 15)]
    await world.editor.add_steps(colleague, sequence, many)
    assert (await told(world, sequence, seen + 3)) == ["Aisyah added 5 messages at 10:00."]


async def test_other_sequences_and_other_deeds_are_not_told(world: World, colleague: Actor) -> None:
    sequence, device = await world.running(*TWO_DAYS)
    other = await world.sequence([device], *TWO_DAYS, name="Other")
    seen = await revision(world, sequence)
    await world.editor.set_text(colleague, (await world.steps(other))[0], "x")
    await world.control.pause(colleague, sequence)
    assert await told(world, sequence, seen) == []


async def test_a_whole_plan_is_replaced_at_the_revision_that_was_read_or_not_at_all(
    world: World, colleague: Actor
) -> None:
    sequence, device = await world.running(*TWO_DAYS)
    seen = await revision(world, sequence)
    whole: dict[str, Any] = {"name": "Welcome", "device_ids": [device], "niche": None, "skip_weekends": False}
    plan = [PlannedStep(1, time(11), None, "one")]
    await world.editor.replace(colleague, sequence, plan=plan, revision=seen, **whole)
    with pytest.raises(ChangedMeanwhileError, match=r"Aisyah removed Day 2 11:00"):
        await world.editor.replace(world.actor, sequence, plan=plan, revision=seen, **whole)
    await world.editor.replace(world.actor, sequence, plan=plan, revision=seen + 1, **whole)
    await world.editor.replace(world.actor, sequence, plan=plan, **whole)


async def test_of_two_who_save_at_once_one_is_told(world: World, colleague: Actor) -> None:
    sequence, _ = await world.running(*TWO_DAYS)
    one, two = await world.steps(sequence)
    seen = await revision(world, sequence)
    results = await asyncio.gather(
        world.editor.save(world.actor, sequence, PlanEdit(texts={one: "mine"}), revision=seen),
        world.editor.save(colleague, sequence, PlanEdit(texts={two: "hers"}), revision=seen),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["ChangedMeanwhileError", "Saved"]
