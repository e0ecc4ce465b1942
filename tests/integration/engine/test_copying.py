"""A copy has what the original is, and nothing of what has happened to it."""

from datetime import time

import pytest

from engine.sequences.copying import NOT_COPIED, SequenceCopies
from engine.sequences.steps import Attachment, NewStep
from models import Sequence as SequenceRow
from models.enums import ContentKind, MissedPolicy, OnReply, SequenceStatus
from tests.integration.engine.world import World, at

SETTINGS = ", ".join(column.key for column in SequenceRow.__table__.columns if column.key not in NOT_COPIED)
STEPS = """
SELECT day_number, send_time, after_join_minutes, kind, body, media_id FROM sequence_steps
 WHERE sequence_id = :id AND retired_at IS NULL ORDER BY day_number
"""


@pytest.fixture
async def original(world: World) -> int:
    """Running, with a file, a message that was removed, settings of its own, and somebody in it."""
    sequence, _ = await world.running(
        (1, 11, "one"), (2, 11, "gone"), missed_policy=MissedPolicy.SKIP, on_reply=OnReply.EXIT, revision=7,
        default_time=time(14), late_window_minutes=60, skip_holidays=True, niche="Solar",
    )  # fmt: skip
    photo = Attachment(ContentKind.IMAGE, b"\x89PNG", "image/png", "price.png")
    await world.editor.add_steps(world.actor, sequence, [NewStep(3, None, None, "look", photo)])
    await world.editor.remove_step(world.actor, (await world.steps(sequence))[1])
    return sequence


@pytest.mark.parametrize("archived", [False, True])
async def test_a_copy_is_a_draft_with_settings_devices_and_messages_and_without_people(
    world: World, original: int, archived: bool
) -> None:
    if archived:
        await world.editor.delete(world.actor, original)
    copy = await SequenceCopies(world.database, world.clock).duplicate(world.actor, original)
    card = await world.catalogue.card(world.actor, copy)
    assert (card.name, card.status, card.contacts) == ("Welcome (copy)", SequenceStatus.DRAFT, 0)
    assert card.devices == ((1, "Sales"),)
    assert await world.rows(STEPS, id=copy) == await world.rows(STEPS, id=original)
    settings = f"SELECT {SETTINGS} FROM sequences WHERE id = :id"
    assert await world.rows(settings, id=copy) == await world.rows(settings, id=original)
    await world.enrolments.join_contacts(world.actor, copy, await world.contacts(1))
    await world.control.start(world.actor, copy)
    await world.move_to(at(6, 11))
    assert (await world.statuses())[-1] == "pending"


async def test_copies_of_copies_find_a_free_name(world: World, original: int) -> None:
    copies = SequenceCopies(world.database, world.clock)
    names = []
    for of in (original, original, 2):
        copy = await copies.duplicate(world.actor, of)
        names.append((await world.catalogue.card(world.actor, copy)).name)
    assert names == ["Welcome (copy)", "Welcome (copy 2)", "Welcome (copy 3)"]
    await world.run("UPDATE sequences SET name = repeat('x', 60) WHERE id = 1")
    copy = await copies.duplicate(world.actor, original)
    assert (await world.catalogue.card(world.actor, copy)).name == "x" * 53 + " (copy)"


async def test_removed_devices_are_not_copied(world: World, original: int) -> None:
    await world.run("UPDATE user_devices SET removed_at = now()")
    copy = await SequenceCopies(world.database, world.clock).duplicate(world.actor, original)
    assert await world.rows("SELECT * FROM sequence_devices WHERE sequence_id = :id", id=copy) == []


async def test_archiving_twice_is_archiving_once(world: World, original: int) -> None:
    for _ in range(2):
        assert await world.editor.delete(world.actor, original) is SequenceStatus.ARCHIVED
    assert await world.one("SELECT count(*) FROM audit_log WHERE action = 'sequence.archive'") == 1
