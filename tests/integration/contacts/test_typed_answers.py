"""What somebody on the team types on a device's own phone is an answer, and nothing else."""

import pytest

from engine.contacts.card import ContactCards
from engine.contacts.inbox import Inbox
from engine.transports.contract import Inbound
from models.enums import OnReply, ReceiptKind
from tests.integration.engine.world import HandEngine, World, at

ANN = "+60120000001"
LID = "201000000000001"
ANSWERS = (
    "SELECT m.lane::text, m.outcome, m.body, m.typed_on_phone, m.contact_id, r.provider_message_id"
    " FROM messages m LEFT JOIN deliveries r ON r.message_id = m.id WHERE m.lane = 'reply' ORDER BY m.id"
)
OPEN = "SELECT body FROM inbound_messages WHERE answered_at IS NULL ORDER BY id"


@pytest.fixture
async def world(database, clock, owner) -> World:
    return World(database, clock, owner)


@pytest.fixture
async def engine(world: World) -> HandEngine:
    """Ann has had the first of two messages."""
    await world.running((1, 11, "one"), (2, 11, "two"), on_reply=OnReply.EXIT)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(1)
    return engine


async def hear(world: World, message_id: str, words: str, phone: str | None = ANN, **more) -> None:
    await Inbox(world.database, world.clock).receive(1, Inbound(message_id, phone, words, **more))


async def type_on_phone(world: World, message_id: str, words: str, **more) -> None:
    await hear(world, message_id, words, typed_on_phone=True, **more)


async def test_it_is_kept_as_an_answer_once(world, engine):
    for _ in range(2):
        await type_on_phone(world, "out-1", "Good morning", attached="photo")
    assert await world.rows(ANSWERS) == [("reply", "sent", "photo: Good morning", True, 1, "out-1")]
    assert await world.rows("SELECT id FROM inbound_messages") == []


async def test_it_answers_what_they_wrote(world, engine):
    await hear(world, "in-1", "How much?")
    await hear(world, "in-2", "Are you there?")
    assert await world.rows(OPEN) == [("How much?",), ("Are you there?",)]
    await type_on_phone(world, "out-1", "RM 10")
    assert await world.rows(OPEN) == []
    await hear(world, "in-3", "Thanks")
    assert await world.rows(OPEN) == [("Thanks",)]


async def test_it_pauses_nothing_ends_nothing_and_opts_nobody_out(world, engine):
    for number, words in enumerate(("Hello Ann", "STOP", "jangan hantar lagi", "START")):
        await type_on_phone(world, f"out-{number}", words)
    assert await world.rows("SELECT status FROM sequence_contacts") == [("active",)]
    assert await world.rows("SELECT phone FROM suppressions") == []
    assert await world.alerts() == []
    await world.move_to(at(6, 11))
    assert await engine.send_all(1) == ["two"]


async def test_receipts_of_it_count(world, engine):
    await type_on_phone(world, "out-1", "Good morning")
    await engine.receipt(1, "out-1", ANN, kind=ReceiptKind.READ)
    entry = (await ContactCards(world.database, world.clock).get(world.actor, 1)).history.entries[0]
    assert (entry.typed_on_phone, entry.read_at is not None) == (True, True)


async def test_what_is_typed_to_a_stranger_is_not_kept(world, engine):
    await type_on_phone(world, "out-1", "See you tonight", phone="+447700900123")
    assert await world.rows(ANSWERS) == []


async def test_who_is_known_by_lid_alone_is_answered_too(world, engine):
    await hear(world, "in-1", "Who is this?", phone=None, lid=LID)
    assert await world.rows(OPEN) == [("Who is this?",)]
    await type_on_phone(world, "out-1", "Us", phone=None, lid=LID)
    assert await world.rows(OPEN) == []
    assert await world.rows(ANSWERS) == []
    await type_on_phone(world, "out-2", "To Ann", lid=LID)
    await type_on_phone(world, "out-3", "By LID", phone=None, lid=LID)
    assert [row[2] for row in await world.rows(ANSWERS)] == ["To Ann", "By LID"]


async def test_another_teams_replies_stay_open(world, engine, database, clock, stranger):
    theirs = World(database, clock, stranger)
    await theirs.contacts(1)
    device = await theirs.device("Theirs")
    for inbound in (Inbound("in-1", ANN, "Hello them"), Inbound("in-2", None, "Who is this?", lid=LID)):
        await Inbox(database, clock).receive(device, inbound)
    await type_on_phone(world, "out-1", "Good morning")
    await type_on_phone(world, "out-2", "It is us", phone=None, lid=LID)
    assert await world.rows(OPEN) == [("Hello them",), ("Who is this?",)]
