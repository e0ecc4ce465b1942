"""The job that looks whether the books balance: each way in which they could not is found."""

import asyncio

import pytest

from engine.actor import Actor
from engine.broadcast.books import IN_WORDS, Books
from engine.broadcast.claims import Claimed
from tests.integration.engine.world import World, at

# Which step is named: of the sequence Welcome, or Late, or none.
WELCOME, LATE = " (“Welcome”, Day 1 11:00)", " (“Late”, Day 1 20:00)"
WHERE = dict.fromkeys(("astray", "double", "elsewhere", "pruned", "unasked"), WELCOME) | {
    "unfinished": " (“Sale”)", "misplaced": LATE, "runs": LATE, "queued": "", "flying": "",
}  # fmt: skip

# Damage done by hand, what is found, and how it is mended.
DAMAGE = {
    "astray": ("DELETE FROM queue WHERE message_id = 2", "INSERT INTO queue SELECT id, device_id, lane, due_at FROM messages WHERE id = 2"),
    "double": ("INSERT INTO queue SELECT id, device_id, lane, due_at FROM messages WHERE outcome = 'unknown'", "DELETE FROM queue WHERE message_id IN (SELECT id FROM messages WHERE outcome = 'unknown')"),
    "elsewhere": ("UPDATE queue SET device_id = 2 WHERE message_id = 2", "UPDATE queue SET device_id = 1"),
    "flying": ("UPDATE user_devices SET in_flight_message_id = 99, in_flight_since = now() WHERE id = 2", "UPDATE user_devices SET in_flight_message_id = NULL, in_flight_since = NULL WHERE id = 2"),
    "misplaced": ("UPDATE messages SET step_id = 2 WHERE id = 2", "UPDATE messages SET step_id = 1 WHERE id = 2"),
    "pruned": ("INSERT INTO pruned_messages (workspace_id, step_id, outcome, messages, replied) VALUES (1, 1, 'sent', 2, 3)", "UPDATE pruned_messages SET replied = 2"),
    "queued": ("INSERT INTO queue VALUES (99, 2, 'test', now())", "DELETE FROM queue WHERE message_id = 99"),
    "runs": ("UPDATE sequence_contacts SET next_due_at = NULL WHERE contact_id = 4", "UPDATE sequence_contacts SET next_due_at = now() WHERE contact_id = 4"),
    "unfinished": ("WITH sale AS (INSERT INTO campaigns (workspace_id, name, status, scheduled_at, finished_at) VALUES (1, 'Sale', 'finished', now(), now()) RETURNING id) INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at) SELECT 1, 'campaign', id, 1, 1, now() FROM sale", "DELETE FROM campaigns"),
    "unasked": ("DELETE FROM doubts", "INSERT INTO doubts (workspace_id, message_id, device_id, contact_id, claimed_at) SELECT workspace_id, id, device_id, contact_id, claimed_at FROM messages WHERE outcome = 'unknown'"),
}  # fmt: skip


@pytest.fixture
async def books(world: World) -> Books:
    """One message of each kind, on device 1: in flight, waiting, unknown; and a person who waits for a time."""
    _, device = await world.running(people=3)
    await world.device("Other")
    late = await world.sequence([device], (1, 20, "later"), name="Late")
    await world.enrolments.join_contacts(world.actor, late, await world.contacts(1))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await world.run("UPDATE queue SET due_at = due_at - interval '1 hour' WHERE message_id = 3")
    await engine.unclear(device)
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    assert await world.statuses() == ["processing", "pending", "unknown"]
    return Books(world.database)


async def test_books_that_balance_say_nothing(world: World, books: Books) -> None:
    assert await books.run_once(at(5, 12)) == []
    assert [kind for kind, *_ in await world.alerts()] == ["send_unknown"]


@pytest.mark.parametrize("finding", IN_WORDS)
async def test_what_does_not_balance_is_found_told_and_resolved(
    world: World, stranger: Actor, books: Books, finding: str
) -> None:
    damage, mending = DAMAGE[finding]
    await world.run(damage)
    for hour in (12, 13):
        (found,) = await books.run_once(at(5, hour))
        assert (found.workspace_id, found.finding, found.times) == (world.actor.workspace_id, finding, 1)
    alert = "SELECT workspace_id, status, occurrences, text FROM alerts WHERE kind = 'books_unbalanced'"
    told = f"There are 1 {IN_WORDS[finding]}{WHERE[finding]}."
    assert await world.one(alert) == (world.actor.workspace_id, "firing", 1, told)
    await world.run(mending)
    assert await books.run_once(at(5, 14)) == []
    assert await world.one(alert) == (world.actor.workspace_id, "resolved", 1, told)


@pytest.mark.parametrize("column", ["delivered", "read", "replied", "opted_out"])
async def test_pruned_counts_that_are_more_than_the_messages_are_found(
    world: World, books: Books, column: str
) -> None:
    await world.run(
        f"INSERT INTO pruned_messages (workspace_id, step_id, outcome, messages, {column}) VALUES (1, 1, 'sent', 2, 3)"
    )
    assert [found.finding for found in await books.run_once(at(5, 12))] == ["pruned"]
    await world.run("DELETE FROM pruned_messages")


async def test_what_is_wrong_in_opposite_ways_does_not_make_up_for_it(world: World, books: Books) -> None:
    """One message of a step is nowhere, another in two places: the sums of the step are right."""
    await world.run(DAMAGE["astray"][0])
    await world.run(DAMAGE["double"][0])
    assert {found.finding: found.step for found in await books.run_once(at(5, 12))} == {
        "astray": "Day 1 11:00",
        "double": "Day 1 11:00",
    }
    await world.run(DAMAGE["astray"][1])
    await world.run(DAMAGE["double"][1])


async def test_an_alert_names_the_first_places_and_counts_the_others(world: World, books: Books) -> None:
    sequence = await world.sequence([1], *((day, 11, "x") for day in range(1, 14)), name="Long")
    await world.run(
        "INSERT INTO pruned_messages (workspace_id, step_id, outcome, messages)"
        " SELECT 1, id, 'sent', 0 FROM sequence_steps WHERE sequence_id = :id",
        id=sequence,
    )
    await books.run_once(at(5, 12))
    told = await world.one("SELECT text FROM alerts WHERE kind = 'books_unbalanced'")
    assert told.count("“Long”") == 10
    assert told.endswith("and 3 more of the kind.")
    await world.run("DELETE FROM pruned_messages")


async def test_a_run_with_two_messages_is_found(world: World, books: Books) -> None:
    await world.run("UPDATE sequence_contacts SET next_due_at = now() WHERE contact_id = 2")
    assert [found.finding for found in await books.run_once(at(5, 12))] == ["runs"]
    await world.run("UPDATE sequence_contacts SET next_due_at = NULL WHERE contact_id = 2")


async def test_people_of_a_sequence_without_messages_wait_for_one_to_be_written(world: World) -> None:
    device = await world.device()
    sequence = await world.sequence([device], (1, 11, "x"))
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(1))
    (step,) = await world.steps(sequence)
    await world.editor.remove_step(world.actor, step)
    assert await world.one("SELECT status, next_due_at FROM sequence_contacts") == ("active", None)
    assert await Books(world.database).run_once(at(5, 12)) == []
    await world.run("DELETE FROM sequence_contacts")


async def test_while_messages_are_claimed_and_sent_the_books_balance_at_every_look(world: World) -> None:
    _, device = await world.running(people=40)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    books, looks = Books(world.database), 0
    sending = asyncio.create_task(engine.send_all(device))
    while not sending.done():
        assert await books.run_once(at(5, 11)) == []
        looks += 1
    assert len(await sending) == 40
    assert looks > 10
