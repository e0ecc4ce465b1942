"""A new campaign, from Home to its launch: one message and six taps."""

from datetime import timedelta

import pytest

from engine.contacts.importing import ContactImports
from models.enums import CampaignStatus, Role
from tests.imports import work

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
    await chat.press("⌂ Home")
    assert "📣 Campaigns: 1 scheduled" in chat.text
    assert f"Next message: {told}" in chat.text
    await chat.press("📣 Campaigns")
    await chat.press("Scheduled (1)")
    await chat.press(f"🗓 Welcome · {told}")
    await chat.press("↩️ Unschedule")
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


async def test_from_a_list_its_people_are_not_asked_for(chat, card):
    await chat.press("👥 Contacts")
    await chat.press("📋 Lists")
    await chat.press("yoga · 5 Jan 2026 · 5")
    await chat.press("📣 Campaign")
    assert "New campaign · 📋 yoga · 5 Jan 2026" in chat.text
    await chat.say("Welcome")
    assert "Which devices send it?" in chat.text
    assert (await card()).audience_words == "list yoga · 5 Jan 2026"
    for tap in ("Use these ›", "Now", "🚀 Launch · now"):
        await chat.press(tap)
    assert "Welcome  ⏱ Starting" in chat.text
    await chat.press("‹ Back")
    assert "Campaigns ·" in chat.text
    await chat.press("‹ Back")
    assert "📋 yoga · 5 Jan 2026" in chat.text


async def test_from_a_saved_segment_as_well(chat, card):
    await chat.press("👥 Contacts")
    await chat.press("🧩 Segments")
    await chat.press("+ New segment")
    await chat.press("+ Condition")
    await chat.press("💬 Replied")
    await chat.press("Never")
    assert "📣 Campaign" not in chat.buttons
    await chat.press("💾 Save")
    await chat.say("Silent ones")
    await chat.press("📣 Campaign")
    assert "New campaign · 🧩 Silent ones" in chat.text
    await chat.say("Welcome")
    assert "Which devices send it?" in chat.text
    assert (await card()).audience_words == "segment Silent ones"


async def test_from_the_end_of_an_import_as_well(chat, container, card):
    await chat.drop("new.csv", b"phone,name\n+15550102001,Ann\n")
    await chat.press("Web form")
    await work(await container.get(ContactImports))
    await chat.press("⟳ Refresh")
    await chat.press("📣 Campaign")
    await chat.say("Welcome")
    assert (await card()).audience_words == "list new · 5 Jan 2026"


async def test_viewers_cannot_begin_one_from_a_list(newcomer):
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("👥 Contacts")
    await viewer.press("📋 Lists")
    await viewer.press("yoga · 5 Jan 2026 · 5")
    await viewer.press("📣 Campaign")
    assert viewer.toast.text == "Only an operator of this team can do that; you are a viewer."
