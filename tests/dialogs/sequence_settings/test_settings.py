"""A sequence's settings: one screen tells them, and each has a screen of its own."""

import pytest

from engine.contacts.importing import ContactImports
from engine.devices.registry import Devices
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.editor import SequenceEditor
from engine.sequences.settings import SequenceRules
from models.enums import ConsentSource, MissedPolicy, OnReply, ReentryPolicy, Role
from tests.imports import bring_in

AS_MADE = """\
Welcome · settings

📅 Days: sends on every day
⏰ A message that is 12 hours late moves to the next day
💬 A reply pauses their messages
🔁 Who had it before: never again
🌐 Time zone: Asia/Kuala_Lumpur
🕘 Default time: 09:00
🏷 Interest: none
➡️ Afterwards: it ends there
📱 Devices: Sales-1"""


@pytest.fixture
async def rules(container) -> SequenceRules:
    return await container.get(SequenceRules)


@pytest.fixture
async def device(container, owner) -> int:
    return await (await container.get(Devices)).add_simulated(owner, "Sales-1")


@pytest.fixture
async def draft(container, owner, device) -> int:
    editor = await container.get(SequenceEditor)
    return await editor.create(owner, name="Welcome", device_ids=[device], niche=None, skip_weekends=False)


@pytest.fixture
async def screen(chat, draft):
    """The chat, at the screen."""
    await open_settings(chat, "Welcome")
    return chat


async def open_settings(chat, name: str) -> None:
    await chat.press("⌂ Home") if "⌂ Home" in chat.buttons else None
    await chat.press("✉️ Sequences")
    await chat.press("Drafts")
    await chat.press(f"{name} · 0")
    await chat.press("⋯ More")
    await chat.press("⚙️ Settings")


async def test_one_screen_tells_all_of_them(screen):
    assert screen.text == AS_MADE
    assert len(screen.buttons) == 11


async def test_days(screen, rules, owner, draft):
    await screen.press("📅 Days")
    await screen.press("Skip days of rest (Sat, Sun)")
    assert "✓ Skip days of rest (Sat, Sun)" in screen.buttons
    await screen.press("Skip public holidays (Malaysia)")
    await screen.press("‹ Back")
    assert "📅 Days: skips days of rest (Sat, Sun) and public holidays" in screen.text
    await screen.press("📅 Days")
    await screen.press("✓ Skip public holidays (Malaysia)")
    kept = await rules.get(owner, draft)
    assert (kept.skip_weekends, kept.skip_holidays) == (True, False)


async def test_if_a_message_is_late(screen, rules, owner, draft):
    await screen.press("⏰ If late")
    assert "✓ Move it to the next day" in screen.buttons
    await screen.press("Skip it")
    await screen.press("2 h")
    assert {"✓ Skip it", "✓ 2 h"} <= set(screen.buttons)
    for typed, minutes in (("90 min", 90), ("3", 180), ("2 days", 2880), ("5H", 300)):
        await screen.say(typed)
        assert (await rules.get(owner, draft)).late_window_minutes == minutes
    await screen.say("soon")
    assert screen.answer.startswith("Type after how long a message is late")
    await screen.say("8 days")
    assert screen.answer == "A message can count as late after at least one minute and at most 7 days."
    await screen.press("‹ Back")
    assert "⏰ A message that is 5 hours late is skipped" in screen.text
    assert (await rules.get(owner, draft)).missed_policy is MissedPolicy.SKIP


async def test_when_somebody_replies(screen, rules, owner, draft):
    await screen.press("💬 On a reply")
    await screen.press("End it for them")
    assert "✓ End it for them" in screen.buttons
    assert (await rules.get(owner, draft)).on_reply is OnReply.EXIT


async def test_who_had_it_before(screen, rules, owner, draft):
    await screen.press("🔁 Had it before")
    await screen.press("After leaving early")
    assert (await rules.get(owner, draft)).reentry_policy is ReentryPolicy.AFTER_EXIT
    await screen.press("After 60 days")
    assert "✓ After 60 days" in screen.buttons
    await screen.say("45")
    await screen.say("a while")
    assert screen.answer == "Type after how many days somebody may join again, such as 45."
    await screen.press("‹ Back")
    assert "🔁 Who had it before: again after 45 days" in screen.text


async def test_time_zone(screen, rules, owner, draft):
    await screen.press("🌐 Time zone")
    assert not any(button.startswith("Your team's") for button in screen.buttons)
    await screen.say("berlin")
    assert "It goes by Europe/Berlin" in screen.text
    await screen.press("Each contact's own, where it is known")
    await screen.say("Atlantis")
    assert screen.answer.startswith("No time zone is named after “Atlantis”")
    await screen.press("Your team's: Asia/Kuala_Lumpur")
    await screen.press("‹ Back")
    assert "🌐 Time zone: Asia/Kuala_Lumpur, or each contact's own" in screen.text


async def test_default_time(screen, rules, owner, draft):
    await screen.press("🕘 Default time")
    await screen.press("10:00")
    await screen.say("2.30pm")
    assert "goes out at 14:30" in screen.text
    await screen.say("at noon")
    assert screen.answer == "Type a time of day, such as 09:30 or 2.30pm."


async def test_interest_and_new_leads(screen, rules, owner, draft, container):
    imports = await container.get(ContactImports)
    data = b"phone,interest\n+15550100001,Yoga\n"
    await bring_in(imports, owner, data, "one.csv", source=ConsentSource.EVENT)
    await screen.press("🏷 Interest")
    assert "no particular interest" in screen.text
    assert "New leads of it join by themselves" not in screen.buttons
    await screen.press("🏷 Yoga · 1")
    await screen.say("Solar <roofs>")
    await screen.press("New leads of it join by themselves")
    assert "✓ New leads of it join by themselves" in screen.buttons
    await screen.press("‹ Back")
    assert "🏷 Interest: Solar <roofs>; new leads join by themselves" in screen.text
    await screen.press("🏷 Interest")
    await screen.press("No particular interest")
    kept = await rules.get(owner, draft)
    assert (kept.niche, kept.auto_enroll) == (None, False)


async def test_afterwards_and_a_loop(screen, container, owner, device, draft):
    editor = await container.get(SequenceEditor)
    await screen.press("➡️ Afterwards")
    assert "There is no other sequence yet." in screen.text
    await editor.create(owner, name="Warm", device_ids=[device], niche=None, skip_weekends=False)
    await open_settings(screen, "Welcome")
    await screen.press("➡️ Afterwards")
    await screen.press("➡️ Warm · draft")
    assert "➡️ Afterwards: go on to Warm" in screen.text
    await open_settings(screen, "Warm")
    await screen.press("➡️ Afterwards")
    await screen.press("➡️ Welcome · draft")
    assert screen.toast.text == "Warm → Welcome → Warm: a loop. People would go round for ever."
    await open_settings(screen, "Welcome")
    await screen.press("➡️ Afterwards")
    await screen.press("Nowhere: it ends there")
    assert "➡️ Afterwards: it ends there" in screen.text


async def test_devices(screen, container, owner, draft):
    await (await container.get(Devices)).add_simulated(owner, "Sales-2")
    catalogue = await container.get(SequenceCatalogue)
    await screen.press("📱 Devices")
    assert {"✓ Sales-1", "Sales-2"} <= set(screen.buttons)
    await screen.press("Sales-2")
    await screen.press("Save devices")
    assert screen.text.endswith("📱 Devices: Sales-1, Sales-2")
    assert [name for _, name in (await catalogue.card(owner, draft)).devices] == ["Sales-1", "Sales-2"]


async def test_a_viewer_changes_nothing(newcomer, draft, rules, owner):
    before = await rules.get(owner, draft)
    viewer = await newcomer(Role.VIEWER)
    await open_settings(viewer, "Welcome")
    await viewer.press("💬 On a reply")
    await viewer.press("Carry on")
    assert viewer.toast.text == "Only an operator of this team can do that; you are a viewer."
    assert await rules.get(owner, draft) == before
