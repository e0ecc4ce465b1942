"""The buttons below a posted reply: they open menus where menus live."""

from datetime import UTC, datetime

import pytest
from aiogram.types import Chat as TelegramChat
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message

from bot.alerts.reply_rendering import OpenContact, OpenReplies
from engine.contacts.inbox import Inbox
from engine.transports.contract import Inbound
from tests.dialogs.harness import BOT
from tests.integration.engine.world import World, until


@pytest.fixture
def post(bot):
    """A message of ours in the group."""

    def make(label: str, data: OpenContact | OpenReplies) -> Message:
        button = InlineKeyboardButton(text=label, callback_data=data.pack())
        return Message(
            message_id=77,
            date=datetime.now(UTC),
            chat=TelegramChat(id=-1001, type="group", title="Alerts"),
            from_user=BOT,
            text="💬",
            reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]),
        ).as_(bot)

    return make


async def test_a_persons_card_opens_in_the_private_chat_with_home_below_it(chat, post, database, clock, owner):
    (person,) = await World(database, clock, owner).contacts(1)
    await chat.press_on(post("👤 Open contact", OpenContact(contact_id=person)), "👤 Open contact")
    await until(lambda: "Person 1 · +60120000001" in chat.text)
    assert chat.toast.text == "Opened in our private chat."
    await chat.press("‹ Back")
    assert "as of" in chat.text


async def test_the_list_opens_too_and_works_whatever_was_open_before(chat, post, database, clock, owner):
    world = World(database, clock, owner)
    await world.contacts(1)
    await Inbox(database, clock).receive(await world.device(), Inbound("in-1", "+60120000001", "How much?"))
    await chat.press("📱 Devices")
    await chat.press_on(post("💬 Open replies", OpenReplies()), "💬 Open replies")
    await until(lambda: "1 waits for an answer." in chat.text)
    await chat.press("Person 1 · today 10:00 · How much?")
    await chat.press("✏️ Answer")
    await chat.say("RM 10")
    assert "None waits for an answer." in chat.text


async def test_a_strangers_press_opens_nothing(stranger_chat, post, telegram):
    await stranger_chat.press_on(post("💬 Open replies", OpenReplies()), "💬 Open replies")
    assert telegram.toasts == []
