"""Replies at Home: read, answered, opened, put aside; clicked."""

import pytest
from aiogram.types import PhotoSize

from engine.contacts.inbox import Inbox
from engine.devices.registry import Devices
from engine.transports.contract import Inbound
from models.enums import Role
from tests.integration.engine.world import World

ANN = "+60120000001"
QUEUED = "SELECT kind, body FROM messages WHERE lane = 'reply' ORDER BY id"


@pytest.fixture
async def world(database, clock, owner, container) -> World:
    world = World(database, clock, owner)
    await (await container.get(Devices)).add_simulated(owner, "Sales 1")
    await world.run("UPDATE user_devices SET state = 'online'")
    await world.contacts(2)
    return world


async def hear(world: World, words: str = "How much?", phone: str | None = ANN, **more) -> None:
    number = await world.one("SELECT count(*) FROM inbound_messages")
    await Inbox(world.database, world.clock).receive(1, Inbound(f"in-{number}", phone, words, **more))


async def at_replies(chat) -> None:
    await chat.say("/start")
    await chat.press("👥 Contacts")
    await chat.press("💬 Replies")


async def test_home_counts_them_and_says_nothing_when_there_are_none(chat, world):
    await chat.press("⟳ Refresh")
    assert "to answer" not in chat.text
    await hear(world)
    await hear(world, "STOP", phone="+60120000002")
    await chat.press("⟳ Refresh")
    assert "💬 1 reply to answer" in chat.text
    await chat.press("💬 Replies (1)")
    assert chat.buttons[0] == "Person 1 · today 10:00 · How much?"


async def test_an_empty_list_says_how_it_fills(chat, world):
    await at_replies(chat)
    assert "None waits for an answer." in chat.text
    assert chat.buttons == ["⟳ Refresh", "‹ Back", "⌂ Home"]


async def test_one_is_read_and_answered(chat, world):
    await hear(world, "our <shop>", attached="photo")
    await at_replies(chat)
    assert "1 waits for an answer" in chat.text
    await chat.press("Person 1 · today 10:00 · photo: our <shop>")
    assert chat.text == "Person 1 · +60120000001\n\ntoday 10:00 to Sales 1\n\n📎 photo\nour <shop>"
    await chat.press("✏️ Answer")
    await chat.say("RM 10")
    assert chat.answer == "✓ goes out from Sales 1"
    assert "None waits for an answer." in chat.text
    assert await world.rows(QUEUED) == [("text", "RM 10")]


async def test_a_photo_answers(chat, world):
    await hear(world)
    await at_replies(chat)
    await chat.press("Person 1 · today 10:00 · How much?")
    await chat.press("✏️ Answer")
    photo = [PhotoSize(file_id="file", file_unique_id="1", width=1, height=1, file_size=7)]
    await chat.drop_any(photo=photo, caption="Look")
    assert await world.rows(QUEUED) == [("image", "Look")]


async def test_what_cannot_be_sent_is_said_and_asked_again(chat, world):
    await hear(world)
    await at_replies(chat)
    await chat.press("Person 1 · today 10:00 · How much?")
    await chat.press("✏️ Answer")
    await world.opt_outs.opt_out(world.actor, 1)
    await chat.say("RM 10")
    assert "They have opted out and not written since" in chat.answer
    assert await world.rows(QUEUED) == []


async def test_done_takes_it_off_the_list(chat, world):
    await hear(world)
    await at_replies(chat)
    await chat.press("Person 1 · today 10:00 · How much?")
    await chat.press_times("✓ Done", 2)
    assert "It waits for no answer any more." in [toast.text for toast in chat.telegram.toasts]
    assert "None waits for an answer." in chat.text


async def test_the_card_of_the_person_is_one_tap_away(chat, world):
    await hear(world)
    await at_replies(chat)
    await chat.press("Person 1 · today 10:00 · How much?")
    await chat.press("👤 Open contact")
    assert "💬 today 10:00 “How much?”" in chat.text
    await chat.press("‹ Back")
    assert "to Sales 1" in chat.text


async def test_somebody_hidden_can_only_be_put_aside(chat, world):
    await hear(world, "Who is this?", phone=None, lid="2010")
    await at_replies(chat)
    await chat.press("somebody whose number W… · today 10:00 · Who is this?")
    assert chat.text.endswith("Answer on the phone of Sales 1: this number cannot be written to from here.")
    assert chat.buttons == ["✓ Done", "‹ Back", "⌂ Home"]


async def test_it_is_shown_what_was_answered(chat, world):
    await hear(world, "Hello", quotes=None)
    await world.run(
        "INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, sent_at, claimed_at, outcome, body)"
        " SELECT workspace_id, 'reply', 1, 1, now(), now(), now(), 'sent', E'Our prices\nare new' FROM user_devices"
    )
    await world.run("UPDATE inbound_messages SET answers_message_id = (SELECT max(id) FROM messages)")
    await at_replies(chat)
    await chat.press("Person 1 · today 10:00 · Hello")
    assert chat.text.endswith("Hello\n\n↩︎ to “Our prices”")


async def test_a_viewer_reads_and_is_told_that_answering_is_not_theirs(newcomer, world):
    await hear(world)
    viewer = await newcomer(Role.VIEWER)
    await at_replies(viewer)
    await viewer.press("Person 1 · today 10:00 · How much?")
    await viewer.press("✏️ Answer")
    await viewer.say("RM 10")
    assert viewer.answer == "Only an operator of this team can do that; you are a viewer."
