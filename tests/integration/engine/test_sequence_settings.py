"""A sequence's settings, and what a change of them does to those who are in it."""

import asyncio
from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences import settings
from engine.sequences.settings import SequenceSettings
from engine.sequences.steps import NewStep
from models.enums import MissedPolicy, OnReply, ReentryPolicy
from tests.integration.engine.meeting import let_them_meet
from tests.integration.engine.world import World, at

NEXT_DUE = "SELECT next_due_at FROM sequence_contacts"
EVERYTHING: dict[str, Any] = {
    "skip_weekends": True,
    "skip_holidays": True,
    "time_zone": "Europe/Berlin",
    "use_contact_time_zone": True,
    "default_time": time(14, 30),
    "missed_policy": MissedPolicy.SKIP,
    "late_window_minutes": 90,
    "on_reply": OnReply.EXIT,
    "reentry_policy": ReentryPolicy.AFTER_COOLDOWN,
    "reentry_cooldown_days": 7,
    "niche": "Solar",
    "auto_enroll": True,
}


async def three_in_a_row(world: World) -> list[int]:
    """Cold goes on to Warm, and Warm to Hot."""
    device = await world.device()
    cold, warm, hot = [
        await world.sequence([device], (1, 11, "Hi"), name=name) for name in ("Cold", "Warm", "Hot")
    ]
    await world.rules.change(world.actor, cold, next_sequence_id=warm)
    await world.rules.change(world.actor, warm, next_sequence_id=hot)
    return [cold, warm, hot]


async def test_every_setting_is_kept(world: World) -> None:
    sequence, _ = await world.running()
    assert await world.rules.get(world.actor, sequence) == SequenceSettings(time_zone="Asia/Kuala_Lumpur")
    await world.rules.change(world.actor, sequence, **EVERYTHING)
    assert await world.rules.get(world.actor, sequence) == SequenceSettings(**EVERYTHING)


async def test_one_setting_leaves_the_others_as_somebody_else_has_set_them(world: World) -> None:
    sequence, _ = await world.running()
    await world.rules.change(world.actor, sequence, niche="Solar")
    await world.rules.change(world.actor, sequence, on_reply=OnReply.EXIT)
    expected = replace(SequenceSettings(time_zone="Asia/Kuala_Lumpur"), niche="Solar", on_reply=OnReply.EXIT)
    assert await world.rules.get(world.actor, sequence) == expected


async def test_a_change_raises_the_revision_and_is_in_the_audit_log_and_nothing_new_is_neither(
    world: World,
) -> None:
    sequence, _ = await world.running()
    before = await world.one("SELECT revision FROM sequences")
    await world.rules.change(world.actor, sequence, niche=" Solar ", default_time=time(8))
    await world.rules.change(world.actor, sequence, niche="Solar")
    assert await world.one("SELECT revision FROM sequences") == before + 1
    entry = "SELECT detail - '{sequence,revision}'::text[] FROM audit_log WHERE action = 'sequence.settings'"
    assert await world.one(entry) == {"niche": "Solar", "default_time": "08:00:00"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"time_zone": "Mars/Olympus"}, "There is no time zone “Mars/Olympus”"),
        ({"time_zone": ""}, "There is no time zone"),
        ({"late_window_minutes": 0}, "at least one minute"),
        ({"late_window_minutes": 10081}, "at most 7 days"),
        ({"reentry_cooldown_days": 0}, "at least one"),
        ({"reentry_cooldown_days": 3651}, "at most 3,650 days"),
        ({"auto_enroll": True}, "once you have said which interest it is for"),
        ({"auto_enroll": True, "niche": "  "}, "once you have said which interest it is for"),
    ],
)
async def test_what_is_not_possible_is_told_and_changes_nothing(
    world: World, changes: dict[str, Any], told: str
) -> None:
    sequence, _ = await world.running()
    before = await world.rules.get(world.actor, sequence)
    with pytest.raises((InvalidInputError, ConflictError), match=told):
        await world.rules.change(world.actor, sequence, on_reply=OnReply.EXIT, **changes)
    assert await world.rules.get(world.actor, sequence) == before


async def test_the_niche_that_new_leads_join_by_cannot_be_taken_away(world: World) -> None:
    sequence, _ = await world.running()
    await world.rules.change(world.actor, sequence, niche="Solar", auto_enroll=True)
    with pytest.raises(ConflictError, match="which interest it is for"):
        await world.rules.change(world.actor, sequence, niche=None)
    await world.rules.change(world.actor, sequence, niche=None, auto_enroll=False)


class TestDays:
    async def test_days_of_rest_and_holidays_plan_anew_whoever_waits(self, world: World) -> None:
        world.clock.set(at(9, 12))  # a Friday: Day 1 is on Saturday
        sequence, _ = await world.running((1, 11, "one"), people=3)
        assert await world.rules.change(world.actor, sequence, skip_weekends=True) == 3
        assert set(await world.rows(NEXT_DUE)) == {(at(12, 11),)}
        assert await world.rules.change(world.actor, sequence, skip_weekends=False) == 3
        assert set(await world.rows(NEXT_DUE)) == {(at(10, 11),)}

    async def test_a_queued_message_goes_back_into_the_plan(self, world: World) -> None:
        world.clock.set(at(10, 10))  # a Saturday
        sequence, _ = await world.running((1, 11, "one"))
        await world.move_to(at(10, 11))
        assert await world.statuses() == ["pending"]
        await world.rules.change(world.actor, sequence, skip_weekends=True)
        assert (await world.statuses(), await world.one(NEXT_DUE)) == ([], at(12, 11))

    async def test_another_late_window_counts_for_what_is_queued_already(self, world: World) -> None:
        sequence, device = await world.running((1, 11, "one"), missed_policy=MissedPolicy.SKIP)
        engine = await world.engine()
        await world.move_to(at(5, 11))
        await world.rules.change(world.actor, sequence, late_window_minutes=30)
        await world.move_to(at(5, 11, 31))
        assert await engine.send_all(device) == []
        assert await world.statuses() == ["skipped"]

    async def test_another_zone_counts_for_those_who_join_from_now_on(self, world: World) -> None:
        sequence, _ = await world.running((1, 23, "one"))
        assert await world.rules.change(world.actor, sequence, time_zone="Asia/Tokyo") == 0
        await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(1))
        dues = await world.rows(f"{NEXT_DUE} ORDER BY id")
        assert dues == [(at(5, 23),), (at(5, 22),)]

    async def test_the_default_time_counts_for_new_messages(self, world: World) -> None:
        sequence, _ = await world.running((1, 11, "one"))
        assert await world.rules.change(world.actor, sequence, default_time=time(15)) == 0
        await world.editor.add_steps(world.actor, sequence, [NewStep(2, None, None, "two")])
        steps = (await world.catalogue.card(world.actor, sequence)).steps
        assert [step.send_time for step in steps] == [time(11), time(15)]


class TestWhatComesNext:
    async def test_a_loop_is_found_and_told_at_save(self, world: World) -> None:
        cold, _, hot = await three_in_a_row(world)
        with pytest.raises(ConflictError) as loop:
            await world.rules.change(world.actor, hot, next_sequence_id=cold)
        assert str(loop.value) == "Hot → Cold → Warm → Hot: a loop. People would go round for ever."
        with pytest.raises(ConflictError, match="Cold → Cold: a loop"):
            await world.rules.change(world.actor, cold, next_sequence_id=cold)

    async def test_two_who_close_a_loop_from_both_ends_at_once_do_not(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        let_them_meet(world, monkeypatch, settings, "take_turns")
        device = await world.device()
        one, other = [await world.sequence([device], (1, 11, "Hi"), name=name) for name in ("One", "Other")]
        done = await asyncio.gather(
            world.rules.change(world.actor, one, next_sequence_id=other),
            world.rules.change(world.actor, other, next_sequence_id=one),
            return_exceptions=True,
        )
        assert sorted(type(result).__name__ for result in done) == ["ConflictError", "int"]

    async def test_what_is_archived_or_nowhere_cannot_come_next(self, world: World) -> None:
        cold, _, hot = await three_in_a_row(world)
        await world.run("UPDATE sequences SET status = 'archived' WHERE id = :id", id=hot)
        with pytest.raises(ConflictError, match="“Hot” is archived"):
            await world.rules.change(world.actor, cold, next_sequence_id=hot)
        with pytest.raises(NotFoundError):
            await world.rules.change(world.actor, cold, next_sequence_id=999)

    async def test_other_settings_can_be_changed_while_the_next_one_is_archived(self, world: World) -> None:
        _, warm, hot = await three_in_a_row(world)
        await world.run("UPDATE sequences SET status = 'archived' WHERE id = :id", id=hot)
        await world.rules.change(world.actor, warm, niche="Solar")
        assert (await world.rules.get(world.actor, warm)).next_sequence_id == hot

    async def test_a_next_sequence_can_be_deleted_and_nothing_goes_on_to_it(self, world: World) -> None:
        _, warm, hot = await three_in_a_row(world)
        assert await world.editor.delete(world.actor, hot) is None
        assert (await world.rules.get(world.actor, warm)).next_sequence_id is None


async def test_an_archived_sequence_is_not_changed(world: World) -> None:
    sequence, _ = await world.running()
    await world.editor.delete(world.actor, sequence)
    with pytest.raises(ConflictError, match="An archived sequence cannot be changed"):
        await world.rules.change(world.actor, sequence, niche="Solar")
