"""Setting a whole sequence anew while people are in it: what stays the same message, and who waits for what then."""

from datetime import time
from typing import Any

import pytest

from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences.plan import PlannedStep, read_whole_plan
from engine.sequences.steps import Attachment, NewStep
from models.enums import ContentKind
from tests.integration.engine.world import World, at

NEXT_DUE = "SELECT next_due_at FROM sequence_contacts"
THREE_DAYS = ((1, 11, "one"), (2, 11, "two"), (3, 11, "three"))
PHOTO = Attachment(ContentKind.IMAGE, b"\xff\xd8\xff", "image/jpeg", "price.jpg")


def planned(day: int, hour: int, body: str, **more: Any) -> PlannedStep:
    return PlannedStep(day, time(hour), None, body, **more)


async def replace(world: World, sequence: int, *plan: PlannedStep, **settings: Any) -> int:
    (device,) = [device for (device,) in await world.rows("SELECT id FROM user_devices ORDER BY id LIMIT 1")]
    given = {"name": "Welcome", "device_ids": [device], "niche": None, "skip_weekends": False, **settings}
    return await world.editor.replace(world.actor, sequence, plan=plan, **given)


async def plan_of(world: World, sequence: int) -> list[tuple[int, int, str]]:
    """(id, day, text)."""
    card = await world.catalogue.card(world.actor, sequence)
    return [(step.id, step.day, step.body) for step in card.steps]


async def test_a_message_at_the_same_day_and_time_stays_the_same_one(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS)
    engine = await world.engine()
    one, two, _ = await world.steps(sequence)
    await world.move_to(at(5, 11))
    assert await engine.send_all(device) == ["one"]
    touched = await replace(world, sequence, planned(1, 11, "another one"), planned(2, 11, "new words"))
    assert touched == 0
    assert await plan_of(world, sequence) == [(one, 1, "another one"), (two, 2, "new words")]
    await world.move_to(at(6, 11))
    assert await engine.send_all(device) == ["new words"]
    assert await world.one("SELECT status FROM sequence_contacts") == "completed"


async def test_a_moved_message_is_waited_for_at_its_new_time(world: World) -> None:
    sequence, device = await world.running(*THREE_DAYS)
    engine = await world.engine()
    one, two, three = await world.steps(sequence)
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    plan = (planned(1, 11, "one", id=one), planned(4, 11, "two", id=two), planned(3, 11, "three", id=three))
    assert await replace(world, sequence, *plan) == 1
    assert await world.one(NEXT_DUE) == at(7, 11)
    await world.move_to(at(7, 11))
    assert await engine.send_all(device) == ["three"]


async def test_two_messages_swap_their_days(world: World) -> None:
    sequence, _ = await world.running(*THREE_DAYS)
    one, two, three = await world.steps(sequence)
    plan = (planned(1, 11, "one", id=two), planned(2, 11, "two", id=one), planned(3, 11, "three"))
    await replace(world, sequence, *plan)
    assert await plan_of(world, sequence) == [(two, 1, "one"), (one, 2, "two"), (three, 3, "three")]


async def test_what_comes_to_the_place_of_a_moved_message_is_a_new_one(world: World) -> None:
    sequence, _ = await world.running()
    (one,) = await world.steps(sequence)
    await replace(world, sequence, planned(1, 11, "new"), planned(5, 11, "moved", id=one))
    (new, *first), moved = await plan_of(world, sequence)
    assert (first, moved) == ([1, "new"], (one, 5, "moved"))
    assert new != one


async def test_a_queued_message_that_is_gone_leaves_the_queue_and_its_people_wait_for_the_next(
    world: World,
) -> None:
    sequence, _ = await world.running(*THREE_DAYS, people=3)
    await world.move_to(at(5, 11))
    assert await world.statuses() == ["pending"] * 3
    assert await replace(world, sequence, planned(2, 11, "two"), planned(3, 11, "three")) == 3
    assert await world.statuses() == []
    assert await world.rows(NEXT_DUE) == [(at(6, 11),)] * 3


async def test_a_new_message_is_not_sent_to_who_is_past_it(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), (3, 11, "three"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    world.clock.set(at(6, 15))
    await replace(world, sequence, planned(1, 11, "one"), planned(2, 11, "too late"), planned(3, 11, "three"))
    assert await world.one(NEXT_DUE) == at(7, 11)


async def test_other_sending_days_plan_everybody_anew(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), (6, 11, "on Saturday"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    plan = (planned(1, 11, "one"), planned(6, 11, "on Saturday"))
    await world.move_to(at(10, 11))
    assert await world.statuses() == ["sent", "pending"]
    assert await replace(world, sequence, *plan, skip_weekends=True) == 1
    assert await world.statuses() == ["sent"]
    assert await world.one(NEXT_DUE) == at(12, 11)


async def test_name_niche_and_devices_are_set(world: World) -> None:
    sequence, first = await world.running()
    second = await world.device("Support")
    await replace(
        world, sequence, planned(1, 11, "Hi"), name=" Hello ", niche=" solar  roofs ", device_ids=[second]
    )
    card = await world.catalogue.card(world.actor, sequence)
    assert (card.name, card.niche, card.devices) == ("Hello", "solar roofs", ((second, "Support"),))
    assert await world.one("SELECT device_id FROM sequence_contacts") == first


async def test_a_message_with_a_file_keeps_it_and_cannot_gain_or_lose_one(world: World) -> None:
    sequence, _ = await world.running()
    await world.editor.add_steps(world.actor, sequence, [NewStep(2, time(9), None, "prices", PHOTO)])
    one, photo = await world.steps(sequence)
    exported = await world.catalogue.export(world.actor, sequence)
    await replace(world, sequence, *read_whole_plan(exported.replace("prices", "new prices")))
    assert await plan_of(world, sequence) == [(one, 1, "Hi {{ name }}"), (photo, 2, "new prices")]
    await replace(world, sequence, planned(1, 11, "Hi"), planned(4, 9, "", id=photo))
    assert await plan_of(world, sequence) == [(one, 1, "Hi"), (photo, 4, "")]
    for wrong in (
        planned(1, 11, "Hi", id=one, kind=ContentKind.IMAGE),
        planned(1, 11, "Hi", id=photo, kind=ContentKind.TEXT),
        *read_whole_plan("Day 9\n[photo: send it with this caption]\nprices"),
    ):
        with pytest.raises(ConflictError, match="to carry a file, or to lose it"):
            await replace(world, sequence, wrong)
    with pytest.raises(InvalidInputError, match="1,024"):
        await replace(world, sequence, planned(4, 9, "x" * 1025, id=photo))


async def test_text_takes_the_place_of_a_file_that_is_not_in_the_plan(world: World) -> None:
    sequence, _ = await world.running()
    await world.editor.add_steps(world.actor, sequence, [NewStep(2, time(9), None, "prices", PHOTO)])
    _, photo = await world.steps(sequence)
    await replace(world, sequence, planned(1, 11, "Hi"), planned(2, 9, "no photo"))
    (_, (new, *_)) = await plan_of(world, sequence)
    assert new != photo


@pytest.mark.parametrize(
    ("plan", "settings", "error", "words"),
    [
        ([planned(1, 11, "a"), planned(1, 11, "b")], {}, ConflictError, "Day 1"),
        ([PlannedStep(1, None, 5, "a"), PlannedStep(1, None, 5, "b")], {}, ConflictError, "Day 1"),
        ([planned(1, 11, " ")], {}, InvalidInputError, "no text"),
        ([planned(1, 11, "{{ nobody }}")], {}, InvalidInputError, "nobody"),
        ([planned(366, 11, "a")], {}, InvalidInputError, "365"),
        ([PlannedStep(1, time(9), 5, "a")], {}, InvalidInputError, "not both"),
        ([planned(1, 11, "a", id=1), planned(2, 11, "b", id=1)], {}, InvalidInputError, "same id"),
        ([planned(1, 11, "a", id=99)], {}, NotFoundError, "does not exist"),
        ([planned(day, 11, "a") for day in range(1, 102)], {}, InvalidInputError, "at most 100"),
        ([], {}, ConflictError, "has begun"),
        ([planned(1, 11, "a")], {"name": "TAKEN"}, ConflictError, "already a sequence"),
        ([planned(1, 11, "a")], {"device_ids": []}, InvalidInputError, "at least one device"),
        ([planned(1, 11, "a")], {"device_ids": [99]}, NotFoundError, "devices"),
    ],
)
async def test_what_is_not_possible_changes_nothing(
    world: World, plan: list[PlannedStep], settings: dict[str, Any], error: type[Exception], words: str
) -> None:
    sequence, device = await world.running()
    await world.editor.create(world.actor, name="Taken", device_ids=[device], niche=None, skip_weekends=False)
    before = await world.catalogue.card(world.actor, sequence)
    with pytest.raises(error, match=words):
        await replace(world, sequence, *plan, **{"name": "Other", "skip_weekends": True, **settings})
    assert await world.catalogue.card(world.actor, sequence) == before


async def test_an_archived_sequence_stays_as_it_was(world: World) -> None:
    sequence, _ = await world.running()
    await world.editor.delete(world.actor, sequence)
    with pytest.raises(ConflictError, match="archived"):
        await replace(world, sequence, planned(1, 11, "a"))


async def test_a_draft_is_made_with_all_its_messages_or_not_at_all(world: World) -> None:
    device = await world.device()
    about = {"device_ids": [device], "niche": None, "skip_weekends": False}
    plan = read_whole_plan("Day 1 on joining\nHi\nDay 2\nPrices")
    sequence = await world.editor.create(world.actor, name="Draft", plan=plan, **about)
    card = await world.catalogue.card(world.actor, sequence)
    assert [(step.header, step.body) for step in card.steps] == [
        ("Day 1 on joining", "Hi"),
        ("Day 2 09:00", "Prices"),
    ]
    with pytest.raises(ConflictError, match="Day 2"):
        await world.editor.create(
            world.actor, name="Second", plan=[planned(2, 9, "a"), planned(2, 9, "b")], **about
        )
    with pytest.raises(InvalidInputError, match="no text"):
        read_whole_plan(" ")
    assert await world.one("SELECT count(*) FROM sequences") == 1
