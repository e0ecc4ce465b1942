"""Before a change of the messages is saved: what it would do, and to whom. Saving then does just that."""

from datetime import time
from random import Random
from time import perf_counter

import pytest

from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences.changes import Addition, Place, PlanEdit
from engine.sequences.foresight import Change, Touched
from engine.sequences.step_editor import EditPreview
from models.enums import ContentKind, MissedPolicy
from tests.integration.engine.world import KUALA_LUMPUR, World, at

THREE_DAYS = ((1, 11, "one"), (2, 11, "two"), (3, 11, "three"))
NEXT = "SELECT next_step_id, next_due_at, status FROM sequence_contacts ORDER BY id"


def place(day: int, hour: int) -> Place:
    return Place(day, time(hour), None)


def removal(*steps: int) -> PlanEdit:
    return PlanEdit(removed=frozenset(steps))


async def touched(world: World, sequence: int, edit: PlanEdit) -> Touched:
    (one,) = (await world.editor.preview(world.actor, sequence, edit)).touched
    return one


def waits(one: Touched) -> list[tuple[int, object, object, str | None]]:
    return [(wait.people, wait.now_at, wait.then_at, wait.then_header) for wait in one.waits]


async def halfway(world: World) -> tuple[int, int]:
    """Five people wait for Day 2; three others have had it and wait for Day 3; two have not begun."""
    sequence, device = await world.running(*THREE_DAYS, people=3)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    world.clock.set(at(5, 12))
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(5))
    await world.move_to(at(6, 11))
    await engine.send_all(device)
    world.clock.set(at(6, 12))
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(2))
    return sequence, device


async def test_a_moved_message_tells_who_waits_for_it_and_who_passed_it(world: World) -> None:
    sequence, _ = await halfway(world)
    _, two, _ = await world.steps(sequence)
    one = await touched(world, sequence, PlanEdit(places={two: place(2, 14)}))
    assert (one.change, one.header, one.to) == (Change.MOVED, "Day 2 11:00", "Day 2 14:00")
    assert waits(one) == [(5, at(7, 11), at(7, 14), None)]
    assert (one.later, one.passed, one.lose) == (2, 3, 0)


async def test_nothing_is_changed_and_nobody_held_up_by_looking(world: World) -> None:
    sequence, _ = await halfway(world)
    _, two, _ = await world.steps(sequence)
    before = await world.rows(NEXT), await world.catalogue.card(world.actor, sequence)
    async with world.database.transaction() as claiming:
        await claiming.rows("SELECT id FROM sequences WHERE id = :id FOR UPDATE", {"id": sequence})
        await world.editor.preview(world.actor, sequence, removal(two))
    assert (await world.rows(NEXT), await world.catalogue.card(world.actor, sequence)) == before


async def test_who_waits_for_a_removed_message_goes_on_to_the_next_or_is_through(world: World) -> None:
    sequence, _ = await halfway(world)
    _, two, three = await world.steps(sequence)
    one = await touched(world, sequence, removal(two))
    assert waits(one) == [(5, at(7, 11), at(8, 11), "Day 3 11:00")]
    assert (one.change, one.later, one.passed) == (Change.REMOVED, 2, 3)
    one = await touched(world, sequence, removal(three))
    assert waits(one) == [(3, at(7, 11), None, None)]
    assert (one.later, one.passed) == (7, 0)


async def test_a_new_text_is_for_those_who_have_not_had_the_old_one(world: World) -> None:
    sequence, _ = await halfway(world)
    _, two, _ = await world.steps(sequence)
    one = await touched(world, sequence, PlanEdit(texts={two: "new two"}))
    assert (one.change, one.old_text, one.new_text) == (Change.TEXT, "two", "new two")
    assert (one.waiting, one.later, one.passed) == (5, 2, 3)
    preview = await world.editor.preview(world.actor, sequence, PlanEdit(texts={two: "new two"}))
    assert preview.changed == 0


async def test_a_queued_message_counts_as_waited_for_and_one_on_its_way_as_passed(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS, people=3)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    first, *_ = await world.steps(sequence)
    one = await touched(world, sequence, PlanEdit(texts={first: "new"}))
    assert (one.waiting, one.passed) == (2, 1)
    one = await touched(world, sequence, PlanEdit(places={first: place(1, 15)}))
    assert waits(one) == [(2, at(5, 11), at(5, 15), None)]
    assert one.passed == 1
    assert claimed is not None
    await engine.sent(device, claimed)


async def test_an_inserted_message_does_not_reach_who_is_past_its_place(world: World) -> None:
    sequence, _ = await halfway(world)
    world.clock.set(at(6, 15))
    one = await touched(world, sequence, PlanEdit(added=(Addition(place(2, 9), "new"),)))
    assert (one.change, one.header, one.new_text) == (Change.ADDED, "Day 2 09:00", "new")
    assert waits(one) == [(5, None, at(7, 9), None)]  # the next that they get
    assert (one.later, one.passed) == (2, 3)


async def test_a_message_moved_behind_somebody_is_lost_to_them_and_that_is_told(world: World) -> None:
    sequence, _ = await halfway(world)
    _, _, three = await world.steps(sequence)
    one = await touched(world, sequence, PlanEdit(places={three: place(1, 15)}))
    assert waits(one) == [(3, at(7, 11), None, None)]  # who was past Day 2 already
    assert (one.later, one.lose) == (7, 0)
    one = await touched(world, sequence, PlanEdit(places={three: place(1, 9)}))
    assert (one.waiting, one.later, one.lose) == (3, 2, 5)


async def test_who_finished_passed_it_and_who_left_before_is_not_counted(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), (2, 11, "two"), people=2)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    await world.run(
        "UPDATE sequence_contacts SET status = 'exited', next_step_id = NULL, next_due_at = NULL, ended_at = now()"
        " WHERE id = (SELECT min(id) FROM sequence_contacts)"
    )
    await world.move_to(at(6, 11))
    await engine.send_all(device)
    one, two = await world.steps(sequence)
    assert (await touched(world, sequence, PlanEdit(texts={one: "x"}))).passed == 2
    assert (await touched(world, sequence, PlanEdit(texts={two: "x"}))).passed == 1
    assert (await touched(world, sequence, PlanEdit(added=(Addition(place(9, 9), "x"),)))).passed == 1


@pytest.mark.parametrize(
    ("edit", "error", "words"),
    [
        (PlanEdit(texts={99: "x"}), NotFoundError, "does not exist"),
        (PlanEdit(added=(Addition(place(1, 11), "x"),)), ConflictError, "same time on Day 1"),
        (PlanEdit(added=(Addition(place(4, 11), " "),)), InvalidInputError, "Day 4 11:00 has no text"),
        (PlanEdit(added=(Addition(place(4, 11), "{{ nobody }}"),)), InvalidInputError, "nobody"),
        (PlanEdit(added=(Addition(place(366, 11), "x"),)), InvalidInputError, "365"),
        (PlanEdit(added=tuple(Addition(place(day, 9), "x") for day in range(1, 100))), InvalidInputError, "100"),
    ],
)
async def test_what_cannot_be_saved_is_told_before(
    world: World, edit: PlanEdit, error: type[Exception], words: str
) -> None:
    sequence, _ = await world.running(*THREE_DAYS)
    for ask in (world.editor.preview, world.editor.save):
        with pytest.raises(error, match=words):
            await ask(world.actor, sequence, edit)


async def test_a_file_of_another_team_cannot_be_added(world: World) -> None:
    sequence, _ = await world.running()
    edit = PlanEdit(added=(Addition(place(2, 9), "", ContentKind.IMAGE, 99),))
    with pytest.raises(NotFoundError, match="file"):
        await world.editor.save(world.actor, sequence, edit)


@pytest.mark.parametrize("seed", range(12))
async def test_saving_does_what_was_foreseen(world: World, seed: int) -> None:
    random = Random(seed)
    columns = {"skip_weekends": random.random() < 0.5, "missed_policy": random.choice(list(MissedPolicy))}
    days = sorted(random.sample(range(1, 9), 4))
    sequence, device = await world.running(*((day, 11, f"day {day}") for day in days), people=3, **columns)
    engine = await world.engine()
    for day in range(5, 5 + random.randrange(1, 8)):
        await world.move_to(at(day, 11, 5))
        for _ in range(random.randrange(4)):
            if await world.rows("SELECT 1 FROM queue"):
                await engine.send_all(device)
        world.clock.set(at(day, 12))
        await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(2))
    steps = await world.steps(sequence)
    chosen = random.sample(steps, 2)
    edit = PlanEdit(
        texts={random.choice(steps): "another text"},
        places={chosen[0]: place(random.randrange(1, 9), 15)},
        removed=frozenset(chosen[1:]) if random.random() < 0.5 else frozenset(),
        added=(Addition(place(random.randrange(1, 9), random.choice([8, 13])), "new"),),
    )
    before = {row[0]: row[1:] for row in await world.rows(WAITS)}
    preview = await world.editor.preview(world.actor, sequence, edit)
    saved = await world.editor.save(world.actor, sequence, edit)
    after = {row[0]: row[1:] for row in await world.rows(WAITS)}
    assert preview.changed == saved.changed == sum(before[id_] != after[id_] for id_ in before)
    headers = {step.id: step.header for step in (await world.catalogue.card(world.actor, sequence)).steps}
    assert_waits_agree(preview, edit, before, after, headers, saved.ids)


# What each run waits for: its next step and when, also while its message is in the queue.
WAITS = """
SELECT e.id, coalesce(m.step_id, e.next_step_id), coalesce(e.next_due_at, q.due_at)
  FROM sequence_contacts e
  LEFT JOIN messages m ON m.enrolment_id = e.id AND m.outcome IS NULL
  LEFT JOIN queue q ON q.message_id = m.id
 ORDER BY e.id
"""


def assert_waits_agree(  # noqa: PLR0917
    preview: EditPreview, edit: PlanEdit, before: dict, after: dict, headers: dict, added: list[int]
) -> None:
    """Who waited for a message of the change is where the preview said, at that instant."""
    names = {one.header: one for one in preview.touched if one.change is not Change.ADDED}
    told = (
        sorted(
            (wait.people, wait.now_at, wait.then_at, wait.then_header)
            for one in names.values()
            for wait in one.waits
        )
        if names
        else []
    )
    real: dict[tuple[object, ...], int] = {}
    for id_, (step, due) in before.items():
        if due is None or step not in edit.step_ids:
            continue
        then_step, then_due = after[id_]
        key = (due, then_due, headers.get(then_step) if then_step != step else None, step)
        real[key] = real.get(key, 0) + 1
    seen = sorted((people, now, then, header) for (now, then, header, _), people in real.items())
    assert [_plain(one) for one in told] == [_plain(one) for one in seen]
    new = {one.header: one.waiting for one in preview.touched if one.change is Change.ADDED}
    counted = {headers[id_]: sum(then == id_ for then, _ in after.values()) for id_ in added}
    assert new == counted


def _plain(one: tuple) -> tuple:
    people, now, then, header = one
    return people, now.astimezone(KUALA_LUMPUR), then and then.astimezone(KUALA_LUMPUR), header


async def test_ten_thousand_people_who_joined_one_by_one_are_looked_at_within_a_second(world: World) -> None:
    sequence, _ = await world.running(*THREE_DAYS)
    await world.run(
        "INSERT INTO contacts (workspace_id, phone, name, consent)"
        " SELECT :id, '+6019' || lpad(n::text, 7, '0'), 'X', 'opted_in' FROM generate_series(1, 10000) n",
        id=world.actor.workspace_id,
    )
    await world.run(
        "INSERT INTO sequence_contacts (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone,"
        "  next_step_id, next_due_at, device_id)"
        " SELECT e.workspace_id, e.sequence_id, c.id, e.joined_at - c.id * interval '1 second', e.anchor_date,"
        "  e.time_zone, e.next_step_id, e.next_due_at, e.device_id"
        " FROM sequence_contacts e, contacts c WHERE c.name = 'X'"
    )
    one, *_ = await world.steps(sequence)
    began = perf_counter()
    found = await touched(world, sequence, PlanEdit(places={one: place(1, 15)}))
    assert waits(found) == [(10_001, at(5, 11), at(5, 15), None)]
    assert perf_counter() - began < 5  # a second on a quiet machine
