"""Changing a sequence while people are in it, and what happens to those who are late."""

from datetime import time

import pytest

from engine.broadcast.claims import Claimed, Refused
from engine.errors import ConflictError, InvalidInputError
from engine.sequences.changes import Addition, Place, PlanEdit
from engine.sequences.steps import NewStep
from models.enums import MissedPolicy
from tests.integration.engine.world import World, at

NEXT_DUE = "SELECT next_due_at FROM sequence_contacts"
THREE_DAYS = ((1, 11, "one"), (2, 11, "two"), (3, 11, "three"))


async def test_an_edited_text_reaches_everybody_who_has_not_had_it(world: World) -> None:
    sequence, device = await world.running(people=2)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    first = await engine.claim(device)
    assert isinstance(first, Claimed)
    (step,) = await world.steps(sequence)
    await world.editor.set_text(world.actor, step, "New words")
    await engine.sent(device, first)
    assert await engine.send_all(device) == ["New words"]
    assert await world.rows("SELECT body FROM broadcast_messages ORDER BY id") == [
        ("Hi Person 1",),
        ("New words",),
    ]


async def test_a_step_inserted_behind_somebodys_position_is_not_sent_to_them(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), (3, 11, "three"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    world.clock.set(at(6, 15))
    await world.editor.add_steps(world.actor, sequence, [NewStep(2, time(11), None, "four hours ago")])
    assert await world.one(NEXT_DUE) == at(7, 11)
    world.clock.set(at(6, 16))
    await world.editor.add_steps(world.actor, sequence, [NewStep(2, time(18), None, "still ahead")])
    assert await world.one(NEXT_DUE) == at(6, 18)
    await world.move_to(at(6, 18))
    assert await engine.send_all(device) == ["still ahead"]
    await world.move_to(at(7, 11))
    assert await engine.send_all(device) == ["three"]


@pytest.mark.parametrize("how", ["added", "moved"])
async def test_a_step_that_comes_before_a_message_that_is_late_is_not_passed_over(world: World, how: str) -> None:
    """The late message has gone to another day, and its place in the queue is no place in the sequence."""
    sequence, device = await world.running((1, 11, "one"), (3, 11, "three"), (4, 11, "four"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    await world.move_to(at(7, 11))
    world.clock.set(at(8, 0, 30))
    assert isinstance(await engine.claim(device), Refused)  # it goes on the 8th instead
    *_, last = await world.steps(sequence)
    earlier = Place(3, time(9), None)
    edit = PlanEdit(added=(Addition(earlier, "four"),)) if how == "added" else PlanEdit(places={last: earlier})
    assert (await world.editor.preview(world.actor, sequence, edit)).changed == 1
    assert (await world.editor.save(world.actor, sequence, edit)).changed == 1
    await world.move_to(at(8, 9))
    assert await engine.send_all(device) == ["four"]
    await world.move_to(at(8, 11))
    assert await engine.send_all(device) == ["three"]


async def test_a_step_added_to_a_draft_is_for_everybody_in_it(world: World) -> None:
    device = await world.device()
    sequence = await world.editor.create(
        world.actor, name="Draft", device_ids=[device], niche=None, skip_weekends=False
    )
    await world.editor.add_steps(world.actor, sequence, [NewStep(2, time(11), None, "two")])
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(1))
    world.clock.set(at(5, 15))
    await world.editor.add_steps(world.actor, sequence, [NewStep(1, time(11), None, "one")])
    world.clock.set(at(7, 9))
    report = await world.control.start(world.actor, sequence)
    assert report.people == 1
    assert await world.one(NEXT_DUE) == at(7, 11)


async def test_removing_the_step_somebody_waits_for_moves_them_to_the_next(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    _, two, _ = await world.steps(sequence)
    assert await world.editor.remove_step(world.actor, two) == 1
    assert await world.one(NEXT_DUE) == at(7, 11)
    await world.move_to(at(7, 11))
    assert await engine.send_all(device) == ["three"]
    assert await world.one("SELECT status FROM sequence_contacts") == "completed"


async def test_removing_a_queued_step_takes_its_messages_out_of_the_queue(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS, people=3)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    on_its_way = await engine.claim(device)
    assert isinstance(on_its_way, Claimed)
    one, *_ = await world.steps(sequence)
    assert await world.editor.remove_step(world.actor, one) == 2
    await engine.sent(device, on_its_way)
    assert await world.statuses() == ["sent"]
    assert await world.rows(NEXT_DUE) == [(at(6, 11),)] * 3


async def test_removing_the_last_step_ends_the_runs_that_waited_for_it(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), (2, 11, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    _, two = await world.steps(sequence)
    await world.editor.remove_step(world.actor, two)
    assert await world.one("SELECT status, next_due_at FROM sequence_contacts") == ("completed", None)


async def test_a_moved_step_is_waited_for_at_its_new_time_and_only_its_people_are_counted(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS, people=2)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    one, two, three = await world.steps(sequence)

    async def move(step: int, day: int, hour: int) -> int:
        return await world.editor.set_time(
            world.actor, step, day=day, send_time=time(hour), after_join_minutes=None
        )

    assert await move(one, 1, 9) == 0
    assert await move(three, 4, 9) == 0
    assert await move(two, 2, 15) == 2
    assert await world.rows(NEXT_DUE) == [(at(6, 15),)] * 2


async def test_two_steps_at_one_time_are_refused_and_nothing_is_changed(world: World) -> None:
    sequence, _ = await world.running((1, 11, "one"), (2, 11, "two"))
    _, two = await world.steps(sequence)
    with pytest.raises(ConflictError, match="Day 1"):
        await world.editor.set_time(world.actor, two, day=1, send_time=time(11), after_join_minutes=None)
    with pytest.raises(ConflictError, match="Day 2"):
        await world.editor.add_steps(world.actor, sequence, [NewStep(2, time(11), None, "again")])
    with pytest.raises(InvalidInputError, match="365"):
        await world.editor.add_steps(world.actor, sequence, [NewStep(366, time(11), None, "too far")])
    assert await world.steps(sequence) == [two - 1, two]


@pytest.mark.parametrize(
    ("policy", "texts", "next_due", "statuses"),
    [
        (MissedPolicy.SHIFT, [], at(9, 11), ["pending"]),
        (MissedPolicy.SKIP, ["three"], None, ["skipped", "skipped", "sent"]),
        (MissedPolicy.SEND_NOW, ["three"], None, ["skipped", "skipped", "sent"]),
    ],
)
async def test_after_days_of_standstill_nobody_gets_a_burst(
    world: World, policy: MissedPolicy, texts: list[str], next_due: object, statuses: list[str]
) -> None:
    _, device = await world.running(*THREE_DAYS, missed_policy=policy)
    engine = await world.engine()
    sent: list[str] = []
    for minute in range(4):  # Wednesday evening: Day 3 is due, Days 1 and 2 have been missed
        await world.move_to(at(7, 20, minute))
        while (answer := await engine.claim(device)) is not None:
            if isinstance(answer, Claimed):
                sent.append(answer.message.body)
                await engine.sent(device, answer)
            else:
                assert answer == Refused()
    assert sent == texts
    assert await world.statuses() == statuses
    if policy is MissedPolicy.SHIFT:  # Day 1 moves to tomorrow, and all later days keep their distance
        assert await world.one("SELECT due_at, expires_at FROM broadcast_messages") == (at(8, 11), at(8, 23))
        assert str(await world.one("SELECT anchor_date FROM sequence_contacts")) == "2026-01-08"
        await world.move_to(at(8, 11))
        assert await engine.send_all(device) == ["one"]
        assert await world.one(NEXT_DUE) == next_due


async def test_a_late_and_a_punctual_message_of_one_sequence_are_claimed_together(world: World) -> None:
    devices = [await world.device("One"), await world.device("Two")]
    people = await world.contacts(2)
    sequence = await world.sequence(devices, *THREE_DAYS, missed_policy=MissedPolicy.SEND_NOW)
    await world.enrolments.join_contacts(world.actor, sequence, people)
    await world.move_to(at(5, 11))
    await world.run("UPDATE messages SET expires_at = due_at WHERE contact_id = :late", late=people[0])
    await world.move_to(at(5, 11, 5))
    engine = await world.engine()
    asks = [ask for device in devices if (ask := await engine.ask(device)) is not None]
    answers = await engine.claims.claim(asks)
    assert [type(answer) for answer in answers] == [Claimed, Claimed]


async def test_a_late_message_within_its_window_is_sent_and_the_next_day_stays_where_it_was(world: World) -> None:
    _, device = await world.running(*THREE_DAYS)
    engine = await world.engine()
    await world.move_to(at(5, 22, 30))
    assert await engine.send_all(device) == ["one"]
    assert await world.one(NEXT_DUE) == at(6, 11)


async def test_quiet_hours_hold_a_message_until_they_end(world: World) -> None:
    _, device = await world.running((1, 22, "good night"), late_window_minutes=1440)
    await world.run("UPDATE workspaces SET quiet_start = '21:00', quiet_end = '08:30'")
    engine = await world.engine()
    await world.move_to(at(5, 22))
    assert await engine.claim(device) == Refused()
    assert await world.one("SELECT status, due_at FROM broadcast_messages") == ("pending", at(6, 8, 30))
    await world.move_to(at(6, 8, 30))
    assert await engine.send_all(device) == ["good night"]


async def test_whoever_joins_in_the_evening_does_not_wait_for_the_next_one(world: World) -> None:
    """A queue that the device cannot finish before the quiet hours goes on when they end."""
    await world.run("UPDATE workspaces SET quiet_start = '20:00', quiet_end = '08:00'")
    world.clock.set(at(5, 20, 1))
    device = await world.device(min_delay_seconds=60, max_delay_seconds=60)
    sequence = await world.sequence([device])
    await world.editor.add_steps(world.actor, sequence, [NewStep(1, None, 0, "Welcome")])
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(3))
    engine = await world.engine()
    await world.move_to(at(5, 20, 1))
    for _ in range(3):
        assert await engine.claim(device) == Refused()
    for minute in range(8 * 60, 8 * 60 + 3):
        await world.move_to(at(6, *divmod(minute, 60)))
        assert await engine.send_all(device) == ["Welcome"]


async def test_skipping_weekends_counts_only_sendable_days(world: World) -> None:
    world.clock.set(at(9, 10))  # a Friday
    device = await world.device()
    sequence = await world.sequence([device], *((day, 11, str(day)) for day in range(1, 5)), skip_weekends=True)
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(1))
    engine = await world.engine()
    sent = {}
    for day in range(9, 16):
        await world.move_to(at(day, 11))
        for body in await engine.send_all(device):
            sent[day] = body
    assert sent == {9: "1", 12: "2", 13: "3", 14: "4"}


async def test_skipping_weekends_may_be_switched_on_under_way(world: World) -> None:
    world.clock.set(at(9, 10))
    sequence, device = await world.running(*THREE_DAYS)
    engine = await world.engine()
    await world.move_to(at(9, 11))
    await engine.send_all(device)
    assert await world.one(NEXT_DUE) == at(10, 11)
    await world.rules.change(world.actor, sequence, skip_weekends=True)
    assert await world.one(NEXT_DUE) == at(12, 11)


async def test_who_may_not_be_written_to_cannot_join(world: World) -> None:
    sequence, _ = await world.running()
    unasked = await world.contacts(2, consent=None)
    report = await world.enrolments.join_contacts(world.actor, sequence, unasked)
    assert (report.joined, dict(report.refused)) == (0, {"no_consent": 2})


async def test_five_quick_starts_are_one(world: World) -> None:
    sequence, _ = await world.running()
    await world.run("UPDATE sequences SET status = 'draft'")
    reports = [await world.control.start(world.actor, sequence) for _ in range(5)]
    assert [report.people for report in reports] == [1, 0, 0, 0, 0]


async def test_the_export_reads_back_as_the_same_steps(world: World) -> None:
    sequence, _ = await world.running((1, 11, "Day 2 09:00\nis not a header here"), (4, 9, "bye"))
    exported = await world.catalogue.export(world.actor, sequence)
    assert exported == "Day 1 11:00\n\\Day 2 09:00\nis not a header here\nDay 4 09:00\nbye"
