"""A list of people who opted out elsewhere: nobody in it is written to any more, from the moment it is taken."""

import asyncio
import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.contacts import opt_out_lists
from engine.contacts.opt_out_lists import OptOutLists
from engine.contacts.reading import open_contacts
from engine.errors import InvalidInputError, NotAllowedError
from engine.transports.contract import Inbound
from models.enums import ConsentSource, Role
from tests.integration.engine.world import World

FILE = b"Name,Phone\nSiti,012-000 0001\nAli,+60120000002\nNobody,+447700900123\nSiti again,0120000001\nBroken,12\n"


@pytest.fixture
def world(database, clock, owner) -> World:
    return World(database, clock, owner)


@pytest.fixture
def lists(world) -> OptOutLists:
    return OptOutLists(world.database, world.clock)


async def suppressed(world: World) -> list[str]:
    rows = await world.rows(
        "SELECT phone FROM suppressions WHERE workspace_id = :id ORDER BY 1", id=world.actor.workspace_id
    )
    return [phone for (phone,) in rows]


async def test_what_a_file_would_do_is_said_first_and_nothing_is_done(world, lists):
    _, device = await world.running()
    await world.inbox.receive(device, Inbound("in-1", "+60120000001", "STOP"))
    review = await lists.review(world.actor, FILE, "old.csv")
    assert (review.numbers, review.new, review.already, review.unreadable) == (3, 2, 1, 1)
    (reason,) = review.reasons
    assert reason.startswith("row 6:")
    assert await suppressed(world) == ["+60120000001"]


async def test_taking_it_does_for_everybody_what_stop_does_without_a_word(world, lists):
    _, device = await world.running((1, 10, "One"), (2, 11, "Two"), people=3)
    await world.move_to(world.clock.now())
    await world.inbox.receive(device, Inbound("in-1", "+60120000002", "jangan hantar lagi"))

    taken = await lists.take(world.actor, FILE, "old.csv")

    assert (taken.new, taken.already, taken.unreadable) == (3, 0, 1)
    assert taken.runs_ended == 2
    assert await suppressed(world) == ["+447700900123", "+60120000001", "+60120000002"]
    by = world.actor.operator_id
    assert await world.rows("SELECT state, source, evidence, recorded_by FROM consents") == [
        ("opted_out", "opt_out_list", "old.csv", by)
    ] * 2  # fmt: skip
    assert await world.rows("SELECT consent FROM contacts ORDER BY id") == [
        ("opted_out",), ("opted_out",), ("opted_in",),
    ]  # fmt: skip
    assert await world.rows("SELECT status, exit_reason FROM sequence_contacts ORDER BY id") == [
        ("exited", "opted_out"), ("exited", "opted_out"), ("active", None),
    ]  # fmt: skip
    pending = "SELECT count(*) FROM messages WHERE outcome IS NULL AND lane <> 'sequence'"
    assert await world.one(pending) == 0, "nobody is answered"
    assert await world.alerts() == [("asks_to_stop", "resolved", 1)]
    await world.assert_books_balance()
    engine = await world.engine()
    assert len(await engine.send_all(device)) <= 1
    assert await world.rows("SELECT DISTINCT c.phone FROM messages m JOIN contacts c ON c.id = m.contact_id"
                            " WHERE m.outcome = 'sent' AND c.consent = 'opted_out'") == []  # fmt: skip


async def test_what_waits_in_the_queue_is_cancelled(world, lists):
    _, device = await world.running((1, 11, "One"), people=2)
    await world.move_to(world.clock.now() + timedelta(hours=1))
    assert await world.statuses() == ["pending", "pending"]
    taken = await lists.take(world.actor, b"phone\n+60120000001\n", "old.csv")
    assert taken.cancelled == 1
    assert await world.rows("SELECT outcome, error_code FROM messages ORDER BY id") == [
        ("cancelled", "opted_out"), (None, None),
    ]  # fmt: skip
    assert await (await world.engine()).send_all(device) == ["One"]
    await world.assert_books_balance()


async def test_taking_it_again_changes_nothing(world, lists):
    await world.running(people=2)
    await lists.take(world.actor, FILE, "old.csv")
    before = await world.rows("SELECT * FROM consents"), await world.rows("SELECT * FROM suppressions")
    taken = await lists.take(world.actor, FILE, "old.csv")
    assert (taken.new, taken.already, taken.runs_ended, taken.cancelled) == (0, 3, 0, 0)
    assert (await world.rows("SELECT * FROM consents"), await world.rows("SELECT * FROM suppressions")) == before


async def test_a_crash_in_the_middle_is_made_good_by_taking_it_again(world, lists, monkeypatch):
    monkeypatch.setattr(opt_out_lists, "A_TRANSACTION", 1)
    await world.running(people=2)

    async def crash(done: int) -> None:
        if done == 2:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await lists.take(world.actor, FILE, "old.csv", crash)
    assert len(await suppressed(world)) == 2
    taken = await lists.take(world.actor, FILE, "old.csv")
    assert (taken.new, taken.already) == (1, 2)
    assert len(await world.rows("SELECT * FROM consents")) == 2


async def test_the_same_list_twice_at_once_and_a_stop_in_between(world, lists, monkeypatch):
    monkeypatch.setattr(opt_out_lists, "A_TRANSACTION", 3)
    _, device = await world.running((1, 10, "One"), people=9)
    file = ("phone\n" + "\n".join(f"+6012{number:07d}" for number in range(1, 10))).encode()
    stops = [
        world.inbox.receive(device, Inbound(f"in-{number}", f"+6012{number:07d}", "STOP")) for number in (9, 5, 1)
    ]
    await asyncio.gather(lists.take(world.actor, file, "a.csv"), lists.take(world.actor, file, "b.csv"), *stops)
    assert len(await suppressed(world)) == 9
    assert len(await world.rows("SELECT * FROM consents")) == 9
    await world.assert_books_balance()


async def test_a_list_is_of_one_team(world, lists, stranger):
    theirs = World(world.database, world.clock, stranger)
    await world.running(people=2)
    await theirs.running(people=2)
    await lists.take(world.actor, FILE, "old.csv")
    assert await suppressed(theirs) == []
    assert await world.rows(
        "SELECT status FROM sequence_contacts WHERE workspace_id = :id", id=stranger.workspace_id
    ) == [("active",), ("active",)]
    assert (await lists.find(stranger)).count == 0
    assert len(await lists.export(stranger)) < 60


async def test_a_number_is_found_by_a_part_of_it(world, lists):
    await lists.take(world.actor, FILE, "old.csv")
    found = await lists.find(world.actor, "012-000 0002")
    assert (found.count, [one.phone for one in found.latest]) == (3, ["+60120000002"])
    assert (found.latest[0].source, found.latest[0].evidence) == (ConsentSource.OPT_OUT_LIST, "old.csv")
    assert (await lists.find(world.actor, "999")).latest == ()
    with pytest.raises(InvalidInputError, match="at least 3 digits"):
        await lists.find(world.actor, "Siti")


async def test_the_export_is_safe_in_a_spreadsheet_and_can_be_imported(world, lists):
    _, device = await world.running(people=1)
    await world.run("UPDATE workspaces SET stop_words = '{=1+1}'")
    await world.inbox.receive(device, Inbound("in-1", "+60120000001", "=1+1"))
    await lists.take(world.actor, b"phone\n+447700900123\n", "=cmd.csv")

    data = await lists.export(world.actor)

    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows == [
        ["Phone", "Since", "Source", "Evidence"],
        ["'+60120000001", "2026-01-05 10:00", "stop_word", "'=1+1"],
        ["'+447700900123", "2026-01-05 10:00", "opt_out_list", "'=cmd.csv"],
    ]
    with open_contacts(data, "opted out.csv", "SG") as file:
        (batch,) = file.batches(100)
    assert {contact.phone for contact in batch.contacts} == {"+60120000001", "+447700900123"}


async def test_it_is_known_who_took_the_list_along(world, lists):
    await lists.take(world.actor, FILE, "old.csv")
    with pytest.raises(NotAllowedError):
        await lists.export(replace(world.actor, role=Role.VIEWER))
    await lists.export(world.actor)
    assert await world.rows("SELECT detail FROM audit_log WHERE action = 'opt_outs.export'") == [({"numbers": 3},)]


@pytest.mark.parametrize("data", [b"", b"name\nSiti\n", b"\x00\x01\x02", b"phone\n12\n"])
async def test_a_file_without_numbers_is_refused_in_words(world, lists, data):
    with pytest.raises(InvalidInputError):
        await lists.take(world.actor, data, "old.csv")
    assert await suppressed(world) == []
