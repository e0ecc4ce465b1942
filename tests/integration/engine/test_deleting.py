"""Deleting somebody: no trace of who they were, and the books balance."""

import asyncio

import pytest
from sqlalchemy import text

from engine.broadcast.books import Books
from engine.contacts.inbox import Inbox
from engine.contacts.stop_requests import StopRequests
from engine.errors import NotFoundError
from engine.sequences.samples import find_sample
from engine.transports.contract import Inbound
from models.enums import ConsentSource
from tests.integration.engine.world import at, until

WHO = "SELECT name, phone, attributes, consent, device_id, time_zone, unlisted, import_id FROM contacts WHERE id = :id"


@pytest.fixture
async def books(world):
    yield
    assert await Books(world.database).run_once(world.clock.now()) == []


@pytest.fixture
async def ann(world, books) -> int:
    (contact,) = await world.contacts(name="Ann", attributes={"city": "Ipoh"}, time_zone="Asia/Tokyo")
    await world.leads.add(world.actor, contact, "Yoga")
    await world.run("INSERT INTO lists (workspace_id, name) VALUES (:w, 'L');", w=world.actor.workspace_id)
    await world.run(
        "INSERT INTO list_members (list_id, contact_id, workspace_id) SELECT id, :c, :w FROM lists",
        c=contact,
        w=world.actor.workspace_id,
    )
    return contact


async def phone_of(world, contact: int) -> str:
    return await world.one("SELECT phone FROM contacts WHERE id = :id", id=contact)


async def in_a_sequence(world, contact: int) -> int:
    device = await world.device()
    sequence = await world.sequence([device], (1, 11, "Hi {{ name }}"), (2, 11, "Again"))
    await world.enrolments.join_contacts(world.actor, sequence, [contact])
    return device


async def test_somebody_who_never_got_anything_is_gone(world, ann):
    before = await world.deletion.before(world.actor, ann)
    assert (before.runs, before.traces, before.opted_out) == (0, False, False)
    await world.deletion.delete(world.actor, ann)
    for table in ("contacts", "leads", "list_members", "consents"):
        assert await world.rows(f"SELECT * FROM {table}") == []
    assert await world.one("SELECT name FROM lists") == "L"
    with pytest.raises(NotFoundError):
        await world.deletion.delete(world.actor, ann)


async def test_what_waits_for_them_goes_with_them(world, ann):
    await in_a_sequence(world, ann)
    await world.move_to(at(5, 11))
    assert await world.statuses() == ["pending"]
    assert (await world.deletion.before(world.actor, ann)).runs == 1
    await world.deletion.delete(world.actor, ann)
    for table in ("contacts", "messages", "queue", "sequence_contacts"):
        assert await world.rows(f"SELECT * FROM {table}") == []


async def test_of_somebody_who_got_something_only_what_was_sent_is_kept(world, ann):
    phone = await phone_of(world, ann)
    device = await in_a_sequence(world, ann)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    assert await engine.send_all(device) == ["Hi Ann"]
    inbox = Inbox(world.database, world.clock)
    await inbox.receive(device, Inbound("m1", phone, "I am Ann of Ipoh"))
    await world.runs.resume(world.actor, await world.one("SELECT id FROM sequence_contacts"))
    await world.move_to(at(6, 11))
    assert await world.statuses() == ["sent", "pending"]
    assert (await world.deletion.before(world.actor, ann)).traces
    await world.deletion.delete(world.actor, ann)
    assert await world.one(WHO, id=ann) == ("", f"deleted:{ann}", {}, None, None, None, True, None)
    assert await world.statuses() == ["sent", "cancelled"]
    assert await world.one("SELECT status, exit_reason FROM sequence_contacts") == ("exited", "deleted")
    assert await world.one("SELECT body, phone FROM inbound_messages") == ("", "")
    assert await world.rows("SELECT DISTINCT body FROM messages WHERE outcome = 'sent'") == [("",)]
    for table in ("leads", "list_members", "consents", "queue"):
        assert await world.rows(f"SELECT * FROM {table}") == []
    assert await world.book.count(world.actor) == 0
    for call in (world.cards.get, world.deletion.before, world.deletion.delete, world.opt_outs.opt_out):
        with pytest.raises(NotFoundError):
            await call(world.actor, ann)


async def test_what_is_on_its_way_arrives_and_is_counted(world, ann):
    device = await in_a_sequence(world, ann)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    await world.deletion.delete(world.actor, ann)
    assert await world.one("SELECT unlisted FROM contacts") is True
    await engine.sent(device, claimed)
    assert await world.statuses() == ["sent"]
    assert await world.one("SELECT body FROM messages") == ""  # it said “Hi Ann”


async def test_what_they_wrote_is_in_no_alert_and_in_no_log(world, ann):
    phone, device = await phone_of(world, ann), await world.device()
    inbox, requests = Inbox(world.database, world.clock), StopRequests(world.database, world.clock)
    await inbox.receive(device, Inbound("m1", phone, "I am Ann of Ipoh, leave me alone"))
    assert await requests.keep(world.actor, ann)
    await inbox.receive(device, Inbound("m2", phone, "I am Ann of Ipoh, remove me"))
    told = await world.rows("SELECT status, revision, posted_revision FROM alerts ORDER BY id")
    await world.run("UPDATE alerts SET posted_revision = revision")
    await world.deletion.delete(world.actor, ann)
    assert [status for status, *_ in told] == ["resolved", "firing"]
    assert await world.rows("SELECT DISTINCT status, revision > posted_revision FROM alerts") == [
        ("resolved", True)
    ]
    for table in ("alerts", "audit_log"):
        kept = " ".join(row for (row,) in await world.rows(f"SELECT CAST(t AS text) FROM {table} t"))
        assert "Ipoh" not in kept
        assert phone not in kept


async def test_a_run_that_begins_meanwhile_ends_too(world, ann):
    """Somebody joins them to a sequence while the deletion waits for their row."""
    device = await in_a_sequence(world, ann)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    await world.sequence([device], (3, 11, "Hi"), name="Another")
    async with world.database.transaction() as session:
        await session.execute(text("SELECT FROM contacts FOR NO KEY UPDATE"))
        deleting = asyncio.create_task(world.deletion.delete(world.actor, ann))
        await until(world.somebody_waits)
        await session.execute(
            text(
                "INSERT INTO sequence_contacts (workspace_id, sequence_id, contact_id, run_no, joined_at, anchor_date,"
                " time_zone, device_id) SELECT workspace_id, max(id), :ann, 1, now(), now(), 'UTC', :device"
                " FROM sequences GROUP BY workspace_id"
            ),
            {"ann": ann, "device": device},
        )
    await deleting
    assert await world.rows("SELECT DISTINCT status FROM sequence_contacts") == [("exited",)]


@pytest.mark.parametrize("note", ["add", "become_customer"])
async def test_an_interest_that_is_noted_meanwhile_is_nobodys(world, ann, note):
    async def noted_or_waits() -> bool:
        return noting.done() or await world.somebody_waits()

    async with world.database.transaction() as session:
        await session.execute(text("DELETE FROM contacts WHERE id = :ann"), {"ann": ann})
        noting = asyncio.create_task(getattr(world.leads, note)(world.actor, ann, "Boxing"))
        await until(noted_or_waits)
    with pytest.raises(NotFoundError):
        await noting
    assert await world.rows("SELECT niche FROM leads") == []


async def test_nobody_is_shown_a_message_as_a_deleted_person_would_have_got_it(world, ann):
    device = await in_a_sequence(world, ann)
    sequence = await world.one("SELECT id FROM sequences")
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    await world.deletion.delete(world.actor, ann)
    async with world.database.transaction() as session:
        sample = await find_sample(session, world.actor.workspace_id, sequence)
    assert "deleted" not in sample.called


async def test_what_is_unsure_is_nobodys_question_any_more(world, ann):
    device = await in_a_sequence(world, ann)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.unclear(device)
    assert await world.doubts.count(world.actor) == 1
    await world.deletion.delete(world.actor, ann)
    assert await world.doubts.count(world.actor) == 0
    assert {status for _, status, _ in await world.alerts()} == {"resolved"}


async def test_that_they_have_opted_out_outlives_them_and_no_answer_is_sent_any_more(world, ann):
    phone = await phone_of(world, ann)
    device = await in_a_sequence(world, ann)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    await Inbox(world.database, world.clock).receive(device, Inbound("m1", phone, "STOP"))
    assert (await world.deletion.before(world.actor, ann)).opted_out
    await world.deletion.delete(world.actor, ann)
    assert await world.one("SELECT phone FROM suppressions") == phone
    assert await engine.send_all(device) == []
    again = await world.new_contacts.add(world.actor, phone, source=ConsentSource.EVENT)
    assert (again.created, again.opted_out) == (True, True)


async def test_what_an_unknown_number_wrote_is_blanked_when_its_owner_is_deleted(world, ann):
    phone, device = await phone_of(world, ann), await world.device()
    await world.run("UPDATE contacts SET phone = '+60999' WHERE id = :id", id=ann)
    await Inbox(world.database, world.clock).receive(device, Inbound("m1", phone, "Who are you?"))
    await world.run("UPDATE contacts SET phone = :phone WHERE id = :id", id=ann, phone=phone)
    await world.deletion.delete(world.actor, ann)
    assert await world.one("SELECT body, phone FROM inbound_messages") == ("", "")


async def test_a_deleted_number_can_be_entered_again(world, ann):
    phone = await phone_of(world, ann)
    await world.deletion.delete(world.actor, ann)
    added = await world.new_contacts.add(world.actor, phone, source=ConsentSource.EVENT)
    assert added.created
    assert added.contact_id != ann
