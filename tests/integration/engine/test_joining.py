"""Who joins a sequence when people are named one by one, and what becomes of the others."""

import asyncio
from typing import Any

from sqlalchemy import event

from engine.sequences.enrolment import Who
from engine.sequences.joining import Refusal, RefusalReason
from models import ContactList, ListMember
from tests.integration.engine.meeting import somebody_waits
from tests.integration.engine.world import World, until

ENROLLED = "SELECT contact_id FROM sequence_contacts ORDER BY 1"
ENROL = """
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone, device_id, next_due_at, next_step_id)
SELECT workspace_id, sequence_id, :contact, joined_at, anchor_date, time_zone, device_id, next_due_at, next_step_id
  FROM sequence_contacts LIMIT 1
"""


async def list_of(world: World, *contacts: int) -> int:
    async with world.database.transaction() as session:
        people = ContactList(workspace_id=world.actor.workspace_id, name="People")
        session.add(people)
        await session.flush()
        session.add_all(
            ListMember(workspace_id=world.actor.workspace_id, list_id=people.id, contact_id=contact)
            for contact in contacts
        )
    return people.id


async def test_phones_ids_and_a_list_join_together_and_each_person_once(world: World) -> None:
    sequence, _ = await world.running()  # Person 1 is in it
    two, three, four = await world.contacts(3)
    people = await list_of(world, two, three)
    report = await world.enrolments.join(
        world.actor,
        sequence,
        Who(phones=["012-000 0002", "+60120000004"], contact_ids=[two, two], list_id=people),
    )
    assert (report.joined, report.refusals) == (3, ())
    assert [contact for (contact,) in await world.rows(ENROLLED)][1:] == [two, three, four]


async def test_each_refusal_says_who_and_why(world: World) -> None:
    sequence, _ = await world.running()
    (unasked,) = await world.contacts(1, consent=None)
    report = await world.enrolments.join(
        world.actor,
        sequence,
        Who(
            phones=["0120000001", "+60120000099", "12", "", "0120000001 / 0120000002", "n/a"],
            contact_ids=[unasked, 999],
        ),
    )
    assert report.joined == 0
    known = Refusal(RefusalReason.ALREADY_IN_IT, 1, "+60120000001")
    assert set(report.refusals) == {
        known,
        Refusal(RefusalReason.NO_CONSENT, unasked, "+60120000002"),
        Refusal(RefusalReason.NOT_FOUND, None, "+60120000099"),
        Refusal(RefusalReason.NOT_FOUND, 999, None),
        Refusal(RefusalReason.NOT_A_PHONE, None, "12", "too short for a phone number"),
        Refusal(RefusalReason.NOT_A_PHONE, None, "", "there is no number here"),
        Refusal(
            RefusalReason.NOT_A_PHONE, None, "0120000001 / 0120000002", "more than one number; send each apart"
        ),
        Refusal(RefusalReason.NOT_A_PHONE, None, "n/a", "this is not a phone number"),
    }
    assert report.refused == {"already_in_it": 1, "no_consent": 1, "not_found": 2, "not_a_phone": 4}


async def test_who_joins_in_another_transaction_at_the_same_moment_is_not_counted_twice(world: World) -> None:
    sequence, _ = await world.running()
    (contact,) = await world.contacts(1)
    async with world.database.transaction() as session:
        await session.rows(ENROL, {"contact": contact})
        joining = asyncio.create_task(world.enrolments.join(world.actor, sequence, Who(contact_ids=[contact])))

        await until(lambda: somebody_waits(world))
    report = await joining
    assert (report.joined, report.refused) == (0, {"already_in_it": 1})


async def test_thousands_join_with_as_many_statements_as_three(world: World) -> None:
    device = await world.device()
    statements: list[str] = []
    engine = world.database.engine.sync_engine

    def count(*values: Any) -> None:
        statements.append(values[2])

    event.listen(engine, "before_cursor_execute", count)
    counted = []
    try:
        for people in (3, 3000):
            sequence = await world.sequence([device], (1, 11, "Hi"), name=f"For {people}")
            who = Who(contact_ids=await world.contacts(people))
            statements.clear()
            report = await world.enrolments.join(world.actor, sequence, who, per_day=100)
            assert report.joined == people
            counted.append(len(statements))
    finally:
        event.remove(engine, "before_cursor_execute", count)  # the next test has the same engine
    assert counted[0] == counted[1]
