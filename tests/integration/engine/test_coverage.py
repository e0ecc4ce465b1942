"""Who lacks what the messages of their sequence need, found while there is time to do something about it."""

import time

import pytest

from engine.sequences.coverage import Coverage, Gap
from engine.sequences.steps import NewStep
from models.enums import SequenceStatus
from tests.integration.engine.world import World, at


@pytest.fixture
def coverage(world: World) -> Coverage:
    return Coverage(world.database)


async def told(world: World, coverage: Coverage, sequence: int) -> list[tuple[str, str, int, int]]:
    return [_words(gap) for gap in await coverage.gaps(world.actor, sequence)]


def _words(gap: Gap) -> tuple[str, str, int, int]:
    return gap.header, " or ".join(map(str, gap.need)), gap.lacking, gap.people


async def test_of_a_draft_its_people_are_counted(world: World, coverage: Coverage) -> None:
    device = await world.device()
    sequence = await world.sequence(
        [device],
        (1, 9, "Hi {{ first_name }} of {{ attributes.city | default('your city') }}"),
        (2, 9, "In {{ attributes.city }}"),
        (3, 9, "Hello {{ name | default(attributes.nick) }}"),
        status=SequenceStatus.DRAFT,
    )
    people = await world.contacts(3, attributes={"city": "Ipoh"})
    people += await world.contacts(name=" ", attributes={"city": "", "nick": "Aini"})
    people += await world.contacts(name="", attributes={"city": "  ", "nick": None})
    await world.contacts(name="")  # not in it
    await world.enrolments.join_contacts(world.actor, sequence, people)
    assert await told(world, coverage, sequence) == [
        ("Day 1 09:00", "first_name", 2, 5),
        ("Day 2 09:00", "attributes.city", 2, 5),
        ("Day 3 09:00", "name or attributes.nick", 1, 5),
    ]


async def test_who_has_had_a_message_does_not_need_it_any_more(world: World, coverage: Coverage) -> None:
    device = await world.device()
    sequence = await world.sequence([device], (1, 11, "Hi {{ name }}"), (2, 11, "{{ name }}?"))
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(2, name=""))
    engine = await world.engine()
    assert [words[2:] for words in await told(world, coverage, sequence)] == [(2, 2), (2, 2)]
    await world.move_to(at(5, 11))
    await engine.claim(device)  # fails: there is no name
    await engine.claim(device)
    assert await told(world, coverage, sequence) == [("Day 2 11:00", "name", 2, 2)]
    await world.run("UPDATE contacts SET name = 'Siti'")
    assert await told(world, coverage, sequence) == []


async def test_who_is_out_of_it_needs_nothing(world: World, coverage: Coverage) -> None:
    sequence, _ = await world.running((1, 11, "Hi {{ attributes.city }}"), people=2)
    await world.run("UPDATE sequence_contacts SET status = 'exited' WHERE id = 1")
    assert [words[2:] for words in await told(world, coverage, sequence)] == [(1, 1)]
    await world.run("UPDATE sequence_contacts SET status = 'paused' WHERE id = 2")
    assert [words[2:] for words in await told(world, coverage, sequence)] == [(1, 1)]
    await world.run("UPDATE sequence_contacts SET status = 'exited', next_due_at = NULL")


@pytest.mark.parametrize("value", ["", " ", "\t\n", "Ipoh", "0", " Ipoh "])
async def test_it_counts_exactly_those_for_whom_the_message_would_fail(
    world: World, coverage: Coverage, value: str
) -> None:
    sequence, device = await world.running((1, 11, "Hi {{ attributes.city }}"))
    await world.run(
        "UPDATE contacts SET attributes = jsonb_build_object('city', CAST(:value AS text))", value=value
    )
    lacking = len(await coverage.gaps(world.actor, sequence))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    assert len(await engine.send_all(device)) == 1 - lacking
    assert await world.alerts() == ([("send_failed", "firing", 1)] if lacking else [])


async def test_ten_thousand_people_are_counted_while_one_waits(world: World, coverage: Coverage) -> None:
    sequence, _ = await world.running()
    steps = [NewStep(day, None, None, "Hi {{ name }} in {{ attributes.city }}") for day in range(2, 7)]
    await world.editor.add_steps(world.actor, sequence, steps)
    await world.run("""
        WITH people AS (
            INSERT INTO contacts (workspace_id, phone, name, attributes, consent)
            SELECT workspace_id, '+6019' || lpad(n::text, 7, '0'), 'Person',
                   CASE WHEN n % 100 = 0 THEN '{}'::jsonb ELSE '{"city": "Ipoh"}'::jsonb END, 'opted_in'
              FROM sequences, generate_series(1, 10000) n RETURNING id, workspace_id)
        INSERT INTO sequence_contacts (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone,
                                       next_step_id, next_due_at, device_id)
        SELECT p.workspace_id, e.sequence_id, p.id, e.joined_at, e.anchor_date, e.time_zone, e.next_step_id,
               e.next_due_at, e.device_id
          FROM people p, sequence_contacts e""")
    await world.run("ANALYZE contacts, sequence_contacts")  # which other tests had left empty
    began = time.monotonic()
    gaps = await coverage.gaps(world.actor, sequence)
    took = time.monotonic() - began
    assert [(gap.lacking, gap.people) for gap in gaps] == [(101, 10001)] * 5
    assert took < 2, f"{took:.2f} s"  # 0.12 s on an idle machine
