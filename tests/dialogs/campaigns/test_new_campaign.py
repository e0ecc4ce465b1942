"""A new campaign, from Home to its launch: one message and six taps."""

from datetime import timedelta

import pytest
from aiogram.filters import Command
from aiogram.types import Message
from aiogram_dialog import DialogManager

from bot.dialogs.new_campaign.states import NewCampaign
from models.enums import CampaignStatus

pytestmark = pytest.mark.usefixtures("people", "team")

AUDIENCES = ("📋 yoga · 5 Jan 2026 · 5", "🏷 Yoga · 5")


@pytest.mark.parametrize("audience", AUDIENCES)
async def test_one_message_and_six_taps(chat, card, audience):
    taps = ("📣 Campaigns", "+ New campaign", audience, "Use these ›", "Now", "🚀 Launch · now")
    assert len(taps) == 6
    for tap in taps:
        await chat.press(tap)
        if tap == "+ New campaign":
            await chat.say("Hi {{ name }}, Sunday we are open!")
    found = await card()
    assert found.status is CampaignStatus.SCHEDULED
    assert found.scheduled_at == found.now + timedelta(minutes=1)
    assert "Sunday we are open!  ⏱ Starting" in chat.text
    assert "Starts at 10:01:00. Until then you can undo it." in chat.text


async def test_two_quick_presses_on_launch_launch_once(chat, world):
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    await chat.say("Welcome")
    for tap in (AUDIENCES[0], "Use these ›", "Now"):
        await chat.press(tap)
    await chat.press_times("🚀 Launch · now", 2)
    assert await world.one("SELECT count(*) FROM audit_log WHERE action = 'campaign.launch'") == 1


@pytest.mark.parametrize(("typed", "told"), [("18:30", "today 18:30"), ("tomorrow 9am", "tomorrow 09:00")])
async def test_it_can_be_for_later(chat, card, typed, told):
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    await chat.say("Welcome")
    await chat.press(AUDIENCES[0])
    await chat.press("Use these ›")
    await chat.say("yesterday")
    assert "I cannot read this as a time" in chat.answer
    await chat.say(typed)
    await chat.press(f"🚀 Launch · {told}")
    assert "🗓 Scheduled" in chat.text
    assert f"Starts {told}. Nothing goes out before." in chat.text
    await chat.press("‹ Back")
    await chat.press("Scheduled (1)")
    await chat.press(f"🗓 Welcome · {told}")
    await chat.press("↩️ Back to draft")
    assert "📝 Draft" in chat.text
    assert (await card()).status is CampaignStatus.DRAFT


async def test_tomorrow_morning_is_one_tap(chat, card):
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    await chat.say("Welcome")
    for tap in (AUDIENCES[1], "Use these ›", "Tomorrow 09:00", "🚀 Launch · tomorrow 09:00"):
        await chat.press(tap)
    assert f"{(await card()).scheduled_at:%d %H:%M}" == "06 01:00"  # UTC


async def test_an_unfinished_one_goes_on_where_it_was_left(chat):
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    await chat.say("Welcome")
    await chat.press("⌂ Home")
    await chat.press("📣 Campaigns")
    await chat.press("Drafts (1)")
    await chat.press("📝 Welcome")
    await chat.press("▶️ Go on: whom it is for")
    for tap in (AUDIENCES[1], "Use these ›", "Now", "🚀 Launch · now"):
        await chat.press(tap)
    assert "⏱ Starting" in chat.text


async def test_every_back_leads_to_the_question_before(chat):
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    await chat.say("Welcome")
    await chat.press("📋 List ▸")
    await chat.press("📋 yoga · 5 Jan 2026 · 5")
    await chat.press("Use these ›")
    await chat.press("Now")
    for told in (
        "When does it go out?",
        "Which devices send it?",
        "Who gets it?",
        "It says:\nWelcome",
        "Campaigns",
    ):
        await chat.press("‹ Back")
        assert told in chat.text


async def test_a_list_that_it_was_started_with_is_not_asked_for(chat, dispatcher, world, card):
    list_id = await world.one("SELECT id FROM lists WHERE name LIKE 'yoga%'")

    async def begin(_message: Message, dialog_manager: DialogManager) -> None:
        await dialog_manager.start(NewCampaign.message, data={"list_id": list_id, "list_name": "yoga"})

    dispatcher.message.register(begin, Command("begin"))
    await chat.say("/begin")
    assert "New campaign · 📋 yoga" in chat.text
    await chat.say("Welcome")
    assert "Which devices send it?" in chat.text
    assert (await card()).audience.list_id == list_id
    for tap in ("Use these ›", "Now", "🚀 Launch · now"):
        await chat.press(tap)
    assert "Starts" in chat.text
    assert "↩️" in " ".join(chat.buttons)
    await chat.press("‹ Back")
    assert "Campaigns ·" in chat.text
