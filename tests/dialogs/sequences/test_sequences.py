import pytest
from sqlalchemy import text

from engine.contacts.importing import ContactImports
from engine.devices.registry import Devices
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments, Who
from engine.sequences.steps import NewStep
from models.enums import ConsentSource, Role, SequenceStatus
from tests.imports import bring_in


@pytest.fixture
async def editor(container) -> SequenceEditor:
    return await container.get(SequenceEditor)


@pytest.fixture
async def catalogue(container) -> SequenceCatalogue:
    return await container.get(SequenceCatalogue)


@pytest.fixture
async def device(container, owner) -> int:
    return await (await container.get(Devices)).add_simulated(owner, "Sales-1")


@pytest.fixture
async def people(container, owner) -> None:
    """Three contacts with permission and one without."""
    imports = await container.get(ContactImports)
    csv = b"phone,name\n+15550100001,Ann\n+15550100002,Ben\n+15550100003,Cho\n"
    await bring_in(imports, owner, csv, "three.csv", source=ConsentSource.WEB_FORM)
    await bring_in(imports, owner, b"phone,name\n+15550100004,Dee\n", "one.csv", source=None)


@pytest.fixture
async def draft(editor, owner, device) -> int:
    sequence_id = await editor.create(owner, name="Welcome", device_ids=[device], niche=None, skip_weekends=False)
    await editor.add_steps(owner, sequence_id, [NewStep(1, None, 0, "Hi"), NewStep(2, None, None, "Price list")])
    return sequence_id


async def open_card(chat, tab: str, label: str):
    await chat.press("✉️ Sequences")
    await chat.press(tab)
    await chat.press(label)


async def test_an_empty_list_says_what_to_do(chat):
    await chat.press("✉️ Sequences")
    assert "Nothing is running. Make a sequence with “+ New”" in chat.text


async def test_four_questions_make_a_draft_and_lead_to_its_messages(chat, device, container, catalogue, owner):
    await (await container.get(Devices)).add_simulated(owner, "Sales-2")
    await chat.press("✉️ Sequences")
    await chat.press("+ New")
    await chat.say("  Welcome   <b>week</b> ")
    await chat.press("Continue ›")
    assert chat.toast.text == "Choose at least one device."
    await chat.press("Sales-1")
    await chat.press("Continue ›")
    await chat.say("Solar")
    await chat.press("Skip them")
    assert "Paste the whole plan" in chat.text
    [draft] = await catalogue.list(owner, SequenceStatus.DRAFT)
    assert (draft.name, draft.niche) == ("Welcome <b>week</b>", "Solar")
    assert (await catalogue.card(owner, draft.id)).skip_weekends


async def test_without_a_device_the_questions_offer_to_add_one_and_go_on(chat):
    await chat.press("✉️ Sequences")
    await chat.press("+ New")
    await chat.say("Welcome")
    await chat.press("+ Add a device")
    await chat.press("“Sales-1”")
    assert "Which devices send it?" in chat.text
    assert "✓ Sales-1" in chat.buttons


async def test_the_only_device_is_not_asked_for(chat, device):
    await chat.press("✉️ Sequences")
    await chat.press("+ New")
    await chat.say("Welcome")
    assert "3 of 4\n\nSales-1 sends it, your only device." in chat.text
    await chat.press("‹ Back")
    assert "✓ Sales-1" in chat.buttons


async def test_of_several_devices_none_is_ticked(chat, device, container, owner):
    await (await container.get(Devices)).add_simulated(owner, "Sales-2")
    await chat.press("✉️ Sequences")
    await chat.press("+ New")
    await chat.say("Welcome")
    assert {"Sales-1", "Sales-2"} <= set(chat.buttons)


@pytest.mark.parametrize("typed", ["Day 1 on joining\nHi!\nDay 2 09:00\nPrices", "Hi!\nD2\nPrices"])
async def test_messages_pasted_as_the_name_are_asked_for_later(chat, device, catalogue, owner, typed):
    await chat.press("✉️ Sequences")
    await chat.press("+ New")
    await chat.say(typed)
    assert "That looks like the messages. First type a short name" in chat.answer
    assert "1 of 4" in chat.text
    assert await catalogue.list(owner, SequenceStatus.DRAFT) == []
    await chat.say("Welcome")
    assert "3 of 4" in chat.text


async def test_a_name_of_ten_thousand_characters_is_answered(chat, device):
    await chat.press("✉️ Sequences")
    await chat.press("+ New")
    await chat.say("x" * 4000)
    assert "This name has 4,000 characters; please choose one of at most 60." in chat.answer


async def test_a_name_that_is_taken_is_answered(chat, draft, device):
    await chat.press("✉️ Sequences")
    await chat.press("+ New")
    await chat.say("welcome")
    await chat.press("No particular interest ›")
    await chat.press("Send on every day")
    assert chat.toast.text.startswith("There is already a sequence called “welcome”")


async def test_one_is_not_many(chat, editor, owner, device, container):
    only = await editor.create(owner, name="Only", device_ids=[device], niche=None, skip_weekends=False)
    await editor.add_steps(owner, only, [NewStep(1, None, 0, "Hi")])
    imports = await container.get(ContactImports)
    await bring_in(imports, owner, b"phone\n+15550100001\n", "one.csv", source=ConsentSource.WEB_FORM)
    await open_card(chat, "Drafts", "Only · 0")
    await chat.press("👥 People")
    await chat.press("＋ Add people")
    await chat.press("👥 Everyone · 1 contact")
    await chat.press("✅ All at once")
    await chat.press("‹ Back")
    assert "👥 1 person · waiting for the start" in chat.text
    await chat.press("▶️ Start")
    assert "1 person begins." in chat.text
    await chat.press("▶️ Start")
    assert chat.toast.text == "Started with 1 person."
    await chat.press("‹ Back")
    await chat.press("Active")
    assert "Only\n1 message · 1 person" in chat.text
    await chat.press("⌂ Home")
    assert "1 of 1 sequence active\n👥 1 contact\n" in chat.text


async def test_start_pause_and_resume_take_five_quick_presses_as_one(chat, draft, people, owner, database):
    await open_card(chat, "Drafts", "Welcome · 0")
    await chat.press_times("▶️ Start", 5)
    await chat.press_times("▶️ Start", 5)
    assert "🟢 Active" in chat.text
    await chat.press_times("⏸ Pause", 5)
    assert "⏸ Paused" in chat.text
    await chat.press("▶️ Resume")
    await chat.press_times("▶️ Resume", 5)
    assert "It goes on where it stopped. Nobody gets a message twice." in [
        toast.text for toast in chat.telegram.toasts
    ]
    assert "🟢 Active" in chat.text
    async with database.transaction() as session:
        done = list(
            await session.scalars(
                text("SELECT action FROM audit_log WHERE action ~ '^sequence.(start|pause)' ORDER BY id")
            )
        )
    assert done == ["sequence.start", "sequence.pause", "sequence.start"]


async def test_without_messages_it_does_not_start(chat, editor, owner, device):
    await editor.create(owner, name="Empty", device_ids=[device], niche=None, skip_weekends=False)
    await open_card(chat, "Drafts", "Empty · 0")
    await chat.press("▶️ Start")
    assert chat.toast.text == "This sequence has no messages yet. Add one, then start it."


async def test_delete_asks_and_archives_what_somebody_has_joined(chat, draft, people, catalogue, owner):
    await open_card(chat, "Drafts", "Welcome · 0")
    await chat.press("👥 People")
    await chat.press("＋ Add people")
    await chat.press("👥 Everyone · 4 contacts")
    await chat.press("✅ All at once")
    await chat.press("‹ Back")
    await chat.press("‹ Back")
    await chat.press("⋯ More")
    await chat.press("🗄 Archive")
    assert (
        "It moves to the archive for good, with its results. 3 people on their way get nothing more." in chat.text
    )
    await chat.press("Keep it")
    assert (await catalogue.card(owner, draft)).status is SequenceStatus.DRAFT
    await chat.press("⋯ More")
    await chat.press("🗄 Archive")
    await chat.press_times("🗄 Archive", 5)
    assert [one.id for one in await catalogue.list(owner, SequenceStatus.ARCHIVED)] == [draft]


@pytest.fixture
async def archived(draft, people, container, owner) -> int:
    """Three people were in it."""
    await (await container.get(Enrolments)).join(owner, draft, Who(everyone=True))
    await (await container.get(SequenceEditor)).delete(owner, draft)
    return draft


async def test_an_archived_sequence_lives_again_as_a_copy(chat, archived, catalogue, owner):
    await open_card(chat, "Archive", "Welcome · 3")
    assert chat.buttons == ["⟳ Refresh", "👥 People", "📊 Results", "⋯ More", "‹ Back", "⌂ Home"]
    await chat.press("⋯ More")
    assert chat.buttons == ["⧉ Make a copy", "‹ Back", "⌂ Home"]
    await chat.press_times("⧉ Make a copy", 5)
    assert "Welcome (copy)  📝 Draft\n👥 0 people" in chat.text
    assert "Day 2 09:00 " in chat.text
    assert [one.name for one in await catalogue.list(owner, SequenceStatus.DRAFT)] == ["Welcome (copy)"]
    await chat.press("✉️ Messages")
    assert "Price list" in chat.text


async def test_delete_removes_what_nobody_joined(chat, draft, catalogue, owner):
    await open_card(chat, "Drafts", "Welcome · 0")
    await chat.press("⋯ More")
    await chat.press("🗑 Delete")
    assert "Nobody has ever joined it" in chat.text
    await chat.press("🗑 Delete")
    assert await catalogue.list(owner, SequenceStatus.DRAFT) == []


async def test_a_viewer_starts_nothing(newcomer, draft, catalogue, owner):
    viewer = await newcomer(Role.VIEWER)
    await open_card(viewer, "Drafts", "Welcome · 0")
    await viewer.press("▶️ Start")
    await viewer.press("▶️ Start")
    assert viewer.toast.text == "Only an operator of this team can do that; you are a viewer."
    assert (await catalogue.card(owner, draft)).status is SequenceStatus.DRAFT
