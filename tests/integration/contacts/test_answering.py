"""An operator answers a reply: it goes out of the same device, and what does not arrive is told once."""

from dataclasses import replace

import pytest

from engine.actor import Actor
from engine.broadcast.claims import Claimed
from engine.contacts.answering import AnswerEnds, Answers, AskedIn
from engine.contacts.deleting import ContactDeletion
from engine.contacts.inbox import Inbox
from engine.contacts.opt_out_lists import OptOutLists
from engine.contacts.opting_out import OptOuts
from engine.contacts.replies import HIDDEN, Replies
from engine.contacts.stop_requests import StopRequests
from engine.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from engine.sequences.steps import Attachment
from engine.transports.contract import Inbound, Rejected, Unknown
from models.enums import ContentKind, DeviceState, MessageStatus, Role
from tests.integration.engine.world import HandEngine, World, at

ANN = "+60120000001"
LID = "201000000000001"
PNG = b"\x89PNG\r\n\x1a\n"
QUEUED = "SELECT device_id, contact_id, body, kind, outcome FROM messages WHERE lane = 'reply' ORDER BY id"


class Desk:
    """Ann and Ben, two devices, and an operator."""

    def __init__(self, world: World, engine: HandEngine) -> None:
        self.world = world
        self.engine = engine
        self.answers = Answers(world.database, world.clock)
        self.replies = Replies(world.database, world.clock)
        self._heard = 0

    async def hears(self, words: str = "How much?", phone: str | None = ANN, **more) -> int:
        """Whoever it is writes to the second device; the id of the message."""
        self._heard += 1
        inbound = Inbound(f"in-{self._heard}", phone, words, **more)
        await Inbox(self.world.database, self.world.clock).receive(2, inbound)
        return await self.world.one("SELECT max(id) FROM inbound_messages")

    async def answer(self, inbound_id: int, text: str = "RM 10", actor: Actor | None = None, **more):
        return await self.answers.answer(actor or self.world.actor, inbound_id, text, **more)

    async def open(self) -> list[str]:
        return [reply.words for reply in await self.replies.list(self.world.actor)]

    async def ends(self) -> list[tuple]:
        ended = await AnswerEnds(self.world.database).take()
        return [(one.asked_in.message_id, one.person, one.outcome, one.reason) for one in ended]


@pytest.fixture
async def desk(database, clock, owner) -> Desk:
    world = World(database, clock, owner)
    await world.device("Other")
    await world.device("Sales")
    await world.contacts(2)
    engine = await world.engine()
    await world.run("UPDATE user_devices SET state = 'online'")
    return Desk(world, engine)


async def test_an_answer_goes_out_of_the_device_that_they_wrote_to(desk):
    reply = await desk.hears()
    answered = await desk.answer(reply, "  RM {{ 10 }}  ")
    assert (answered.device, answered.waits) == ("Sales", False)
    assert await desk.world.rows(QUEUED) == [(2, 1, "RM {{ 10 }}", "text", None)]
    assert await desk.engine.send_all(2) == ["RM {{ 10 }}"]
    assert await desk.ends() == []
    audited = "SELECT action, subject_id FROM audit_log WHERE action LIKE 'reply.%'"
    assert await desk.world.rows(audited) == [("reply.answer", reply)]


async def test_it_answers_all_that_they_have_written(desk):
    first, second = await desk.hears("Hello"), await desk.hears("How much?")
    await desk.hears("I am Ben", phone="+60120000002")
    assert await desk.open() == ["I am Ben", "How much?", "Hello"]
    await desk.answer(second)
    assert await desk.open() == ["I am Ben"]
    assert (await desk.replies.get(desk.world.actor, first)).is_open is False
    await desk.answer(first, "And delivery is free")  # one may go on
    assert await desk.engine.send_all(2) == ["RM 10", "And delivery is free"]


async def test_quiet_hours_and_caps_do_not_hold_it_but_stop_everything_does(desk):
    await desk.world.run("UPDATE workspaces SET quiet_start = '00:00', quiet_end = '23:59'")
    await desk.world.run("UPDATE user_devices SET daily_cap = 1, day = '2026-01-05', day_count = 1")
    reply = await desk.hears()
    assert not (await desk.answer(reply)).waits
    assert await desk.engine.send_all(2) == ["RM 10"]
    await desk.world.workspaces.stop_everything(desk.world.actor)
    assert (await desk.answer(reply)).waits
    assert await desk.engine.send_all(2) == []


async def test_a_picture_answers_too(desk):
    picture = Attachment(ContentKind.IMAGE, PNG, "image/png", "a.png")
    await desk.answer(await desk.hears(), "our shop", attachment=picture)
    claimed = await desk.engine.claim(2)
    assert isinstance(claimed, Claimed)
    sent = claimed.message
    assert (sent.kind, sent.body, sent.media.content) == (ContentKind.IMAGE, "our shop", PNG)


async def test_nothing_is_no_answer_and_a_file_must_be_one_that_whatsapp_takes(desk):
    reply = await desk.hears()
    with pytest.raises(InvalidInputError, match="Type what to answer"):
        await desk.answer(reply, "  ")
    with pytest.raises(InvalidInputError, match="takes images as"):
        await desk.answer(reply, "", attachment=Attachment(ContentKind.IMAGE, b"BM", "image/bmp", "a.bmp"))
    assert await desk.world.rows(QUEUED) == []
    assert await desk.open() == ["How much?"]


async def test_who_has_opted_out_is_answered_only_if_they_have_written_since(desk):
    reply = await desk.hears()
    desk.world.clock.set(at(5, 11))
    await OptOuts(desk.world.database, desk.world.clock).opt_out(desk.world.actor, 1)
    assert await desk.open() == []
    with pytest.raises(ConflictError, match="opted out and not written since"):
        await desk.answer(reply)
    desk.world.clock.set(at(5, 12))
    again = await desk.hears("Where is my parcel?")
    assert await desk.open() == ["Where is my parcel?"]
    await desk.answer(again)
    assert await desk.engine.send_all(2) == ["RM 10"]


async def test_a_stop_word_cancels_an_answer_that_waits_and_not_the_confirmation(desk):
    reply = await desk.hears()
    await desk.answer(reply, asked_in=AskedIn(-1, 7))
    desk.world.clock.set(at(5, 11))
    await desk.hears("STOP")
    await desk.hears("STOP")
    outcomes = [row[4] for row in await desk.world.rows(QUEUED)]
    assert outcomes == ["cancelled", None]
    assert await desk.ends() == [(7, "Person 1", MessageStatus.CANCELLED, "")]
    assert await desk.open() == []


async def test_an_opted_out_list_cancels_an_answer_that_waits(desk):
    await desk.answer(await desk.hears())
    lists = OptOutLists(desk.world.database, desk.world.clock)
    await lists.take(desk.world.actor, f"phone\n{ANN}".encode(), "out.csv")
    assert [row[4] for row in await desk.world.rows(QUEUED)] == ["cancelled"]


async def test_a_request_to_stop_that_was_granted_waits_for_nothing_more(desk):
    await desk.hears("jangan hantar lagi")
    assert await desk.open() == ["jangan hantar lagi"]
    desk.world.clock.set(at(5, 11))
    await StopRequests(desk.world.database, desk.world.clock).opt_out(desk.world.actor, 1)
    assert await desk.open() == []
    desk.world.clock.set(at(5, 12))
    await desk.hears("START")
    assert await desk.open() == []


async def test_a_stop_word_needs_no_answer_and_has_none(desk):
    with pytest.raises(NotFoundError):
        await desk.answer(await desk.hears("STOP"))


async def test_a_hidden_number_cannot_be_written_to(desk):
    reply = await desk.hears(phone=None, lid=LID)
    (shown,) = await desk.replies.list(desk.world.actor)
    assert (shown.who, shown.contact_id) == (HIDDEN, None)
    with pytest.raises(ConflictError, match="Answer on the phone of Sales"):
        await desk.answer(reply)
    assert await desk.replies.done(desk.world.actor, reply)
    assert not await desk.replies.done(desk.world.actor, reply)
    assert await desk.open() == []


async def test_a_device_that_is_logged_out_keeps_the_answer_until_it_is_back(desk):
    reply = await desk.hears()
    await desk.world.run("UPDATE user_devices SET state = 'logged_out' WHERE id = 2")
    answered = await desk.answer(reply)
    assert (answered.waits, answered.state) == (True, DeviceState.LOGGED_OUT)
    assert await desk.world.rows("SELECT device_id FROM queue") == [(2,)]


async def test_a_device_that_was_removed_cannot_answer(desk):
    reply = await desk.hears()
    await desk.world.devices.remove(desk.world.actor, 2)
    with pytest.raises(ConflictError, match="Sales, to which they wrote, has been removed"):
        await desk.answer(reply)


async def test_somebody_who_was_deleted_cannot_be_answered(desk):
    reply = await desk.hears()
    await ContactDeletion(desk.world.database, desk.world.clock).delete(desk.world.actor, 1)
    assert await desk.open() == []
    with pytest.raises(NotFoundError):
        await desk.answer(reply)


@pytest.mark.parametrize(
    ("outcome", "status", "waiting"),
    [
        (Rejected("x", "no such number", permanent=True), MessageStatus.FAILED, ["How much?"]),
        (Unknown("the line broke"), MessageStatus.UNKNOWN, []),
    ],
)
async def test_what_has_not_arrived_is_told_once_and_what_failed_waits_again(desk, outcome, status, waiting):
    await desk.answer(await desk.hears(), asked_in=AskedIn(-1, 7))
    assert await desk.ends() == []
    claimed = await desk.engine.claim(2)
    assert isinstance(claimed, Claimed)
    await desk.engine.report(2, claimed, outcome)
    assert await desk.ends() == [(7, "Person 1", status, outcome.text)]
    assert await desk.ends() == []
    assert await desk.open() == waiting


async def test_a_failed_answer_opens_nothing_that_was_answered_since(desk):
    reply = await desk.hears()
    await desk.answer(reply, asked_in=AskedIn(-1, 7))
    claimed = await desk.engine.claim(2)
    assert isinstance(claimed, Claimed)
    await desk.engine.report(2, claimed, Rejected("x", "no such number", permanent=True))
    await desk.answer(reply, "Once more", asked_in=AskedIn(-1, 8))
    assert [end[0] for end in await desk.ends()] == [7]
    assert await desk.open() == []


async def test_a_viewer_reads_and_does_not_answer(desk):
    reply = await desk.hears()
    viewer = replace(desk.world.actor, role=Role.VIEWER)
    assert [one.id for one in await desk.replies.list(viewer)] == [reply]
    with pytest.raises(NotAllowedError):
        await desk.answer(reply, actor=viewer)
    with pytest.raises(NotAllowedError):
        await desk.replies.done(viewer, reply)


async def test_it_says_what_it_answers(desk):
    first = await desk.answer(await desk.hears())
    await desk.engine.send_all(2)
    quoting = await desk.hears("Nice", attached="photo", quotes=f"wamid-{first.message_id}")
    reply = await desk.replies.get(desk.world.actor, quoting)
    assert (reply.words, reply.answers) == ("photo: Nice", "RM 10")
