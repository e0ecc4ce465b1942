import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from engine.actor import Actor
from engine.clock import ManualClock
from engine.contacts.inbox import OPTED_IN_ANSWER, OPTED_OUT_ANSWER, Inbox
from engine.database import Database
from engine.transports.contract import Inbound
from models import (
    Campaign,
    Contact,
    Message,
    Sequence,
    SequenceContact,
    SequenceStep,
    Suppression,
    UserDevice,
)
from models.enums import ConsentState, EnrolmentStatus, Lane, OnReply, TransportKind

PHONE = "+60123456789"


@dataclass
class Scene:
    """One workspace with one device, one contact and what waits for that contact."""

    database: Database
    clock: ManualClock
    workspace_id: int
    device_id: int
    contact_id: int
    inbox: Inbox
    texts: int = field(default=0)

    async def says(self, words: str, phone: str = PHONE) -> None:
        self.texts += 1
        await self.inbox.receive(self.device_id, Inbound(f"in-{self.texts}", phone, words))

    async def enrol(self, on_reply: OnReply, status: EnrolmentStatus = EnrolmentStatus.ACTIVE) -> int:
        """Enrol the contact in a new sequence whose first message is pending; return the enrolment."""
        here, now = {"workspace_id": self.workspace_id}, self.clock.now()
        async with self.database.transaction() as session:
            sequence = Sequence(name=f"{on_reply} {status}", on_reply=on_reply, time_zone="UTC", **here)
            session.add(sequence)
            await session.flush()
            step = SequenceStep(sequence_id=sequence.id, day_number=1, send_time=time(9), body="Hi", **here)
            enrolment = SequenceContact(
                sequence_id=sequence.id,
                contact_id=self.contact_id,
                status=status,
                joined_at=now,
                anchor_date=date(2026, 1, 5),
                time_zone="UTC",
                next_due_at=now,
                device_id=self.device_id,
                **here,
            )
            session.add_all([step, enrolment])
            await session.flush()
            session.add(
                Message(
                    lane=Lane.SEQUENCE,
                    enrolment_id=enrolment.id,
                    step_id=step.id,
                    contact_id=self.contact_id,
                    device_id=self.device_id,
                    due_at=now,
                    **here,
                )
            )
        return enrolment.id

    async def rows(self, statement: str) -> list[tuple]:
        async with self.database.transaction() as session:
            return [tuple(row) for row in await session.execute(text(statement))]

    async def enrolments(self) -> list[tuple]:
        return await self.rows("SELECT status, exit_reason, next_due_at FROM sequence_contacts ORDER BY id")

    async def messages(self) -> list[tuple]:
        return await self.rows(
            "SELECT lane::text, status, error_code FROM broadcast_messages WHERE lane <> 'reply' ORDER BY id"
        )

    async def answers(self) -> list[str]:
        answers = await self.rows("SELECT body FROM broadcast_messages WHERE lane = 'reply' ORDER BY id")
        return [body for (body,) in answers]

    async def suppressed(self) -> list[str]:
        return [phone for (phone,) in await self.rows("SELECT phone FROM suppressions ORDER BY phone")]

    async def consents(self) -> list[tuple]:
        return await self.rows("SELECT state, source, evidence FROM consents ORDER BY id")

    async def consent(self) -> str | None:
        return (await self.rows(f"SELECT consent FROM contacts WHERE id = {self.contact_id}"))[0][0]


async def make_scene(database: Database, clock: ManualClock, actor: Actor) -> Scene:
    here = {"workspace_id": actor.workspace_id}
    async with database.transaction() as session:
        device = UserDevice(name="A", transport=TransportKind.SIMULATOR, **here)
        contact = Contact(phone=PHONE, name="Siti", consent=ConsentState.OPTED_IN, **here)
        session.add_all([device, contact])
    return Scene(database, clock, actor.workspace_id, device.id, contact.id, Inbox(database, clock))


@pytest.fixture
async def scene(database, clock, owner) -> Scene:
    return await make_scene(database, clock, owner)


async def test_a_message_is_kept_with_its_contact(scene):
    await scene.says("Hello <b>you</b>\0!")
    kept = await scene.rows("SELECT contact_id, phone, body, received_at FROM inbound_messages")
    assert kept == [(scene.contact_id, PHONE, "Hello <b>you</b>!", scene.clock.now())]


async def test_what_is_attached_is_kept_beside_its_caption(scene):
    photo = Inbound("in-1", PHONE, "our shop", attached="photo")
    await scene.inbox.receive(scene.device_id, photo)
    assert await scene.rows("SELECT body, attached FROM inbound_messages") == [("our shop", "photo")]


async def test_a_stop_word_counts_in_a_caption_too(scene):
    await scene.inbox.receive(scene.device_id, Inbound("in-1", PHONE, "Stop.", attached="photo"))
    assert await scene.suppressed() == [PHONE]


async def test_a_file_without_words_is_a_reply(scene):
    await scene.enrol(OnReply.PAUSE)
    await scene.inbox.receive(scene.device_id, Inbound("in-1", PHONE, "", attached="voice message of 12 s"))
    assert [status for status, _, _ in await scene.enrolments()] == ["paused"]


async def test_what_needs_no_answer_waits_for_none(scene):
    for words in ("STOP", "START", "How much?", "jangan hantar lagi"):
        await scene.says(words)
    waiting = "SELECT body, posting_at IS NULL FROM inbound_messages WHERE answered_at IS NULL ORDER BY id"
    assert await scene.rows(waiting) == [("How much?", True), ("jangan hantar lagi", False)]


async def test_a_message_delivered_twice_does_nothing_the_second_time(scene):
    stop = Inbound("same", PHONE, "STOP")
    await scene.inbox.receive(scene.device_id, stop)
    await scene.says("START")
    await scene.inbox.receive(scene.device_id, stop)

    assert await scene.suppressed() == []
    assert len(await scene.rows("SELECT id FROM inbound_messages")) == 2


async def test_stop_ends_everything_that_waits_for_the_contact(scene):
    await scene.enrol(OnReply.CONTINUE)
    await scene.enrol(OnReply.PAUSE, EnrolmentStatus.PAUSED)
    here = {"workspace_id": scene.workspace_id}
    async with scene.database.transaction() as session:
        campaign = Campaign(name="Sale", **here)
        session.add(campaign)
        await session.flush()
        session.add(
            Message(
                lane=Lane.CAMPAIGN,
                campaign_id=campaign.id,
                contact_id=scene.contact_id,
                device_id=scene.device_id,
                due_at=scene.clock.now(),
                **here,
            )
        )

    await scene.says(" s.t.o.p ")

    assert await scene.enrolments() == [("exited", "opted_out", None)] * 2
    assert await scene.messages() == [
        ("sequence", "cancelled", "opted_out"),
        ("sequence", "cancelled", "opted_out"),
        ("campaign", "cancelled", "opted_out"),
    ]
    assert await scene.suppressed() == [PHONE]
    assert await scene.consent() == "opted_out"
    assert await scene.consents() == [("opted_out", "stop_word", " s.t.o.p ")]
    ended = await scene.rows("SELECT DISTINCT ended_at FROM sequence_contacts")
    assert ended == [(scene.clock.now(),)]


async def test_stop_is_answered_once_on_the_same_device_and_at_once(scene):
    await scene.says("STOP")
    await scene.says("stop!!")

    answer = "SELECT lane::text, status, device_id, contact_id, due_at, body FROM broadcast_messages"
    assert await scene.rows(answer) == [
        ("reply", "pending", scene.device_id, scene.contact_id, scene.clock.now(), OPTED_OUT_ANSWER)
    ]
    assert len(await scene.consents()) == 1


async def test_two_stops_at_the_same_moment_are_answered_once(scene):
    await scene.enrol(OnReply.PAUSE)
    await asyncio.gather(*(scene.says("STOP") for _ in range(4)))
    assert await scene.answers() == [OPTED_OUT_ANSWER]
    assert len(await scene.consents()) == 1


async def test_what_was_sent_or_is_on_its_way_stays_as_it_is(scene):
    await scene.enrol(OnReply.PAUSE)
    await scene.rows("""
        WITH claimed AS (DELETE FROM queue RETURNING message_id, device_id)
        UPDATE user_devices d SET in_flight_message_id = message_id, in_flight_since = now()
          FROM claimed WHERE d.id = device_id RETURNING d.id""")
    await scene.says("STOP")
    assert await scene.messages() == [("sequence", "processing", None)]


async def test_the_workspace_has_stop_words_of_its_own(scene):
    await scene.rows("UPDATE workspaces SET stop_words = '{jangan hantar}' RETURNING id")
    await scene.says("Jangan hantar!")
    assert await scene.suppressed() == [PHONE]


async def test_start_lifts_the_opt_out_and_is_answered_once(scene):
    await scene.says("STOP")
    await scene.says("Start")
    await scene.says("start")

    assert await scene.suppressed() == []
    assert await scene.consent() == "opted_in"
    assert await scene.consents() == [
        ("opted_out", "stop_word", "STOP"),
        ("opted_in", "start_word", "Start"),
    ]
    assert await scene.answers() == [OPTED_OUT_ANSWER, OPTED_IN_ANSWER]


async def test_start_does_not_bring_back_what_stop_has_ended(scene):
    await scene.enrol(OnReply.CONTINUE)
    await scene.says("STOP")
    await scene.says("START")
    assert await scene.enrolments() == [("exited", "opted_out", None)]
    assert await scene.messages() == [("sequence", "cancelled", "opted_out")]


async def test_start_without_an_opt_out_is_a_reply_like_any_other(scene):
    await scene.enrol(OnReply.PAUSE)
    await scene.says("START")
    assert await scene.consents() == []
    assert [status for status, _, _ in await scene.enrolments()] == ["paused"]


async def test_start_brings_back_whom_an_import_has_marked_while_their_opt_out_was_lifted(scene):
    """It was in an import's transaction that they became a contact, so the START before this one met none."""
    await scene.rows("UPDATE contacts SET consent = 'opted_out' RETURNING id")
    await scene.says("START")
    assert await scene.consent() == "opted_in"
    assert await scene.consents() == [("opted_in", "start_word", "START")]
    assert await scene.answers() == [OPTED_IN_ANSWER]


async def test_each_sequence_hears_a_reply_in_its_own_way(scene):
    for on_reply in (OnReply.PAUSE, OnReply.EXIT, OnReply.CONTINUE):
        await scene.enrol(on_reply)
    now = scene.clock.now()

    await scene.says("How much is it?")

    assert await scene.enrolments() == [("paused", None, now), ("exited", "replied", None), ("active", None, now)]
    assert await scene.messages() == [
        ("sequence", "pending", None),  # held while its enrolment is paused
        ("sequence", "cancelled", "replied"),
        ("sequence", "pending", None),
    ]
    assert await scene.answers() == []
    assert await scene.suppressed() == []


async def test_a_reply_ends_a_paused_run_of_a_sequence_that_ends_on_reply(scene):
    await scene.enrol(OnReply.EXIT, EnrolmentStatus.PAUSED)
    await scene.says("Hello?")
    assert await scene.enrolments() == [("exited", "replied", None)]


async def test_a_phone_that_nobody_imported_is_kept_and_can_opt_out(scene):
    await scene.says("Who are you?", phone="+447700900123")
    await scene.says("STOP", phone="+447700900123")

    kept = await scene.rows("SELECT contact_id, phone FROM inbound_messages")
    assert kept == [(None, "+447700900123")] * 2
    assert await scene.suppressed() == ["+447700900123"]
    assert await scene.consent() == "opted_in"

    await scene.says("START", phone="+447700900123")
    assert await scene.suppressed() == []


async def test_stop_to_one_workspace_is_not_stop_to_another(scene, database, clock, stranger):
    other = await make_scene(database, clock, stranger)
    await other.enrol(OnReply.PAUSE)
    async with database.transaction() as session:
        session.add(
            Suppression(
                workspace_id=stranger.workspace_id,
                phone="+447700900123",
                source="manual",
                evidence="",
                created_at=clock.now(),
            )
        )

    await scene.says("STOP")
    await scene.says("START", phone="+447700900123")

    assert await scene.consent() == "opted_out"
    assert await other.consent() == "opted_in"
    assert [status for status, _, _ in await other.enrolments()] == ["active"]
    assert await scene.suppressed() == ["+447700900123", PHONE]  # the first is theirs, the second ours


async def test_a_message_from_a_device_that_does_not_exist_is_dropped(scene):
    await scene.inbox.receive(999_999, Inbound("x", PHONE, "STOP"))
    assert await scene.suppressed() == []


@asynccontextmanager
async def no_answers(database: Database) -> AsyncIterator[None]:
    """The database refuses every answer meanwhile."""

    async def alter(change: str) -> None:
        async with database.transaction() as session:
            await session.execute(text(f"ALTER TABLE messages {change}"))

    await alter("ADD CONSTRAINT no_answers CHECK (lane <> 'reply')")
    try:
        yield
    finally:
        await alter("DROP CONSTRAINT no_answers")


async def test_an_opt_out_happens_entirely_or_not_at_all(scene):
    await scene.enrol(OnReply.PAUSE)
    async with no_answers(scene.database):
        with pytest.raises(IntegrityError, match="no_answers"):
            await scene.says("STOP")

    assert await scene.suppressed() == []
    assert await scene.messages() == [("sequence", "pending", None)]
    assert await scene.rows("SELECT id FROM inbound_messages") == []  # so that a second delivery can succeed
