"""Drafts in the menus: made of one message, changed part by part, deleted."""

import pytest
from aiogram.types import MessageEntity, PhotoSize, Sticker

from models.enums import ContentKind, DeviceChoice, LeadStatus, Role

PHOTO = [PhotoSize(file_id="file", file_unique_id="1", width=1, height=1)]


async def write(chat, text: str = "Sunday is *open*. Come!") -> None:
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    await chat.say(text)


async def test_without_campaigns_every_tab_says_what_to_do(chat):
    await chat.press("📣 Campaigns")
    assert "Campaigns · Running" in chat.text
    for tab, told in (
        ("Scheduled", "Nothing is scheduled"),
        ("Drafts", "No drafts."),
        ("Done", "Nothing has ended yet."),
        ("Running", "Tap “+ New campaign”"),
    ):
        await chat.press(tab)
        assert told in chat.text


async def test_a_draft_is_named_after_its_first_words_and_can_be_renamed(chat, people, team, card):
    await write(chat)
    await chat.press("⌂ Home")
    await chat.press("📣 Campaigns")
    await chat.press("Drafts (1)")
    await chat.press("📝 Sunday is open. Come!")
    assert "📝 Draft" in chat.text
    assert "Still needed: whom it is for and the devices." in chat.text
    await chat.press("⋯ More")
    await chat.press("✏️ Name")
    await chat.say("Open Sunday")
    assert "Open Sunday" in chat.text
    assert (await card()).name == "Open Sunday"


async def test_a_text_that_cannot_be_filled_in_leaves_no_draft(chat, people, team, world):
    await write(chat, "Hi {{ name")
    assert "{{" in chat.answer
    assert await world.one("SELECT count(*) FROM campaigns") == 0
    await chat.say("Hi {{ name }}")
    assert "Who gets it?" in chat.text


async def test_a_photo_with_its_caption_is_the_message(chat, people, team, card):
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    await chat.drop_any(photo=PHOTO, caption="Look")
    assert "Who gets it?" in chat.text
    found = await card()
    assert (found.content.kind, found.content.body, found.name) == (ContentKind.IMAGE, "Look", "Look")


async def test_bold_in_telegram_is_bold_on_whatsapp(chat, people, team, card):
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    await chat.drop_any(text="We are open", entities=[MessageEntity(type="bold", offset=7, length=4)])
    assert (await card()).content.body == "We are *open*"


async def test_a_sticker_is_answered_with_what_to_send_instead(chat, people, team, world):
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    sticker = Sticker(
        file_id="file", file_unique_id="1", type="regular", width=1, height=1, is_animated=False, is_video=False
    )
    await chat.drop_any(sticker=sticker)
    assert chat.answer == "A sticker cannot be a message. Send the picture as a photo."


async def test_a_text_alone_is_the_new_caption_and_the_file_can_go(chat, people, team, card):
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    await chat.drop_any(photo=PHOTO, caption="Look")
    await chat.press("‹ Back")
    await chat.say("Look here")
    found = await card()
    assert (found.content.kind, found.content.body) == (ContentKind.IMAGE, "Look here")
    await chat.press("‹ Back")
    await chat.press("📎 Without the file")
    found = await card()
    assert (found.content.kind, found.content.body) == (ContentKind.TEXT, "Look here")


async def test_what_whatsapp_does_not_take_is_refused_before_there_is_a_draft(chat, people, team, world):
    await chat.press("📣 Campaigns")
    await chat.press("+ New campaign")
    await chat.drop_any(photo=PHOTO, caption="x" * 1025)
    assert "A caption can have 1,024 characters" in chat.answer
    assert await world.one("SELECT count(*) FROM campaigns") == 0


async def test_prospects_and_customers_are_one_button(chat, people, team, card):
    await write(chat)
    await chat.press("👥 Prospects and customers")
    await chat.press("👥 Only prospects")
    await chat.press("👥 Only customers")
    await chat.press("👥 Prospects and customers")
    await chat.press("🏷 Interest ▸")
    await chat.press("🏷 Yoga · 5")
    found = await card()
    assert (found.audience.niche, found.audience.lead_status) == ("Yoga", LeadStatus.PROSPECT)


async def test_devices_are_all_ticked_and_one_can_be_left_out(chat, people, team, card):
    await write(chat)
    await chat.press("🌍 Everybody · 7 people")
    assert {"✓ Sales-1", "✓ Sales-2"} <= set(chat.buttons)
    await chat.press("✓ Sales-2")
    await chat.press("Use these ›")
    assert [device.name for device in (await card()).devices] == ["Sales-1"]


async def test_no_device_at_all_is_refused(chat, people, team, card):
    await write(chat)
    await chat.press("🌍 Everybody · 7 people")
    await chat.press("✓ Sales-1")
    await chat.press("✓ Sales-2")
    await chat.press("Use these ›")
    assert chat.toast.text == "Choose at least one device."


async def test_everybody_can_get_it_from_the_device_they_know(chat, people, team, card):
    await write(chat)
    await chat.press("🌍 Everybody · 7 people")
    await chat.press("📱 The device each already knows")
    assert (await card()).device_choice is DeviceChoice.KNOWN
    assert "When does it go out?" in chat.text


async def test_the_only_device_is_not_asked_for(chat, people, world, card):
    await world.device("Sales-1")
    await write(chat)
    await chat.press("🌍 Everybody · 7 people")
    assert "Sales-1 sends it, your only device." in chat.text
    assert [device.name for device in (await card()).devices] == ["Sales-1"]


async def test_without_a_device_one_can_be_added_on_the_way(chat, people):
    await write(chat)
    await chat.press("🌍 Everybody · 7 people")
    assert "There is no device yet." in chat.text
    assert "+ Add a device" in chat.buttons


async def test_without_contacts_it_says_how_to_bring_some(chat, team):
    await write(chat)
    assert "There are no contacts yet. Drop a CSV or Excel file" in chat.text


async def test_a_draft_is_changed_part_by_part(chat, drafted, card):
    campaign_id = await drafted()
    await chat.press("📣 Campaigns")
    await chat.press("Drafts (1)")
    await chat.press("📝 Sunday")
    assert "Ready: review it, then launch it." in chat.text
    await chat.press("✉️ Message ▸")
    assert "It says:\nHi {{ name }}" in chat.text
    await chat.say("Hello")
    assert "📝 Draft" in chat.text
    await chat.press("👥 Audience ▸")
    await chat.press("📋 yoga · 5 Jan 2026 · 5")
    assert "👥 List yoga · 5 Jan 2026" in chat.text
    await chat.press("📱 Devices ▸")
    await chat.press("✓ Sales-1")
    await chat.press("Use these ›")
    found = await card(campaign_id)
    assert (found.content.body, [device.name for device in found.devices]) == ("Hello", ["Sales-2"])
    assert found.audience.list_id is not None


async def test_pace_hours_and_lateness_are_out_of_the_way_under_one_button(chat, drafted, card):
    campaign_id = await drafted()
    await chat.press("📣 Campaigns")
    await chat.press("Drafts (1)")
    await chat.press("📝 Sunday")
    await chat.press("⚙️ Pace and hours ▸")
    await chat.press("🐢 Pace")
    await chat.say("20-60")
    assert "20–60 s between two messages" in chat.text
    await chat.press("‹ Back")
    await chat.press("🕘 Hours")
    await chat.press("09:00–18:00")
    await chat.say("10am to 4pm")
    assert "10:00 to 16:00, every day" in chat.text
    await chat.press("‹ Back")
    await chat.press("⏰ If late")
    await chat.press("It is left out")
    await chat.press("6 h")
    await chat.say("90 min")
    await chat.press("‹ Back")
    await chat.press("‹ Back")
    found = await card(campaign_id)
    assert (found.delays, found.late_window_minutes) == ((20, 60), 90)
    assert (
        "🐢 20–60 s between two messages\n🕘 10:00 to 16:00, every day\n⏰ Who has not got it 90 minutes"
        in chat.text
    )


async def test_a_clone_is_a_draft_of_its_own_and_two_quick_presses_make_one(chat, drafted, world):
    await drafted()
    await chat.press("📣 Campaigns")
    await chat.press("Drafts (1)")
    await chat.press("📝 Sunday")
    await chat.press("⋯ More")
    await chat.press_times("⧉ Clone", 2)
    assert "Sunday (copy)" in chat.text
    assert await world.one("SELECT count(*) FROM campaigns") == 2


async def test_deleting_a_draft_asks(chat, drafted, world):
    await drafted()
    await chat.press("📣 Campaigns")
    await chat.press("Drafts (1)")
    await chat.press("📝 Sunday")
    await chat.press("⋯ More")
    await chat.press("🗑 Delete")
    await chat.press("Keep it")
    assert await world.one("SELECT count(*) FROM campaigns") == 1
    await chat.press("⋯ More")
    await chat.press("🗑 Delete")
    await chat.press_times("🗑 Delete it", 2)
    assert await world.one("SELECT count(*) FROM campaigns") == 0
    assert "No drafts." in chat.text


async def test_a_list_that_is_gone_by_now_is_told(chat, people, team, world):
    await write(chat)
    await world.run("DELETE FROM list_members; ")
    await world.run("DELETE FROM lists")
    await chat.press("📋 yoga · 5 Jan 2026 · 5")
    assert chat.toast.text == "This list does not exist any more."


async def test_a_device_that_was_removed_by_now_is_told(chat, people, team, world):
    await write(chat)
    await chat.press("🌍 Everybody · 7 people")
    await world.run("UPDATE user_devices SET removed_at = now() WHERE name = 'Sales-2'")
    await chat.press("Use these ›")
    assert chat.toast.text == "One of these devices does not exist any more."


async def test_viewers_see_and_change_nothing(newcomer, drafted, world):
    await drafted()
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("📣 Campaigns")
    assert "+ New campaign" not in viewer.buttons
    await viewer.press("Drafts (1)")
    await viewer.press("📝 Sunday")
    assert "Hi {{ name }}" in viewer.text
    assert viewer.buttons == ["‹ Back", "⌂ Home"]


@pytest.mark.parametrize("count", [9, 17])
async def test_many_campaigns_are_shown_page_by_page(chat, world, count):
    for number in range(count):
        await world.campaign_editor.create(world.actor, f"Number {number + 1}")
    await chat.press("📣 Campaigns")
    await chat.press(f"Drafts ({count})")
    assert f"1–8 of {count}" in chat.text
    assert f"📝 Number {count}" in chat.buttons
    while "Older ›" in chat.buttons:
        await chat.press("Older ›")
    assert "📝 Number 1" in chat.buttons
    assert "‹ Newer" in chat.buttons
