"""Who is to join, how many a day, and what is told before and after."""

from datetime import time

import pytest

from engine.contacts.importing import ContactImports
from engine.contacts.segmenting import Segments
from engine.contacts.segments import HasInterest
from engine.devices.registry import Devices
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.steps import NewStep
from models.enums import ConsentSource, SequenceStatus
from tests.imports import bring_in

PEOPLE = (
    b"phone,name,interest\n+15550100001,Ann,Solar\n+15550100002,Ben,Solar\n+15550100003,Cho,Yoga\n"
    b"+15550100004,Dee,\n+15550100005,Eve,\n"
)


@pytest.fixture
async def imports(container) -> ContactImports:
    return await container.get(ContactImports)


@pytest.fixture
async def catalogue(container) -> SequenceCatalogue:
    return await container.get(SequenceCatalogue)


@pytest.fixture
async def people(imports, owner) -> None:
    """Five contacts with permission and one without."""
    await bring_in(imports, owner, PEOPLE, "five.csv", source=ConsentSource.WEB_FORM)
    await bring_in(imports, owner, b"phone,name\n+15550100009,Zoe\n", "one.csv", source=None)


@pytest.fixture
async def active(container, owner) -> int:
    """A sequence for solar that sends at 11; it is Monday, 10:00."""
    device = await (await container.get(Devices)).add_simulated(owner, "Sales-1")
    editor = await container.get(SequenceEditor)
    sequence_id = await editor.create(
        owner, name="Welcome", device_ids=[device], niche="Solar", skip_weekends=False
    )
    await editor.add_steps(owner, sequence_id, [NewStep(1, time(11), None, "Hi")])
    await (await container.get(SequenceControl)).start(owner, sequence_id)
    return sequence_id


async def add_people(chat) -> None:
    await chat.press("✉️ Sequences")
    await chat.press("Welcome · 0")
    await chat.press("👥 People")
    await chat.press("＋ Add people")


async def in_it(catalogue, owner, sequence_id: int) -> int:
    return (await catalogue.card(owner, sequence_id)).contacts


async def test_without_contacts_it_says_what_to_do(chat, active):
    await add_people(chat)
    assert "You have no contacts yet. Drop a CSV file into this chat" in chat.text
    assert chat.buttons == ["🏷 Everyone interested in Solar", "Import contacts", "‹ Back", "⌂ Home"]


async def test_a_review_comes_before_anybody_joins(chat, active, people, catalogue, owner):
    await add_people(chat)
    await chat.press("👥 Everyone · 6 contacts")
    assert chat.text == "Welcome · everyone\n\n5 people would join.\nLeft out: 1 without permission."
    assert await in_it(catalogue, owner, active) == 0
    await chat.press("‹ Back")
    assert "Who is to join?" in chat.text


async def test_all_at_once_and_who_was_left_out_is_listed(chat, active, people, catalogue, owner):
    await add_people(chat)
    await chat.press("👥 Everyone · 6 contacts")
    await chat.press("✅ All at once")
    assert chat.text == (
        "Welcome\n\n5 joined · 1 without permission\n\nLeft out:\n· Zoe +15550100009: without permission"
    )
    assert await in_it(catalogue, owner, active) == 5
    await chat.press("‹ Back")
    assert "• On their way 5" in chat.buttons


async def test_when_all_could_join_it_goes_back_to_the_people(chat, active, people):
    await add_people(chat)
    await chat.press("📋 five · 5 Jan 2026 · 5")
    await chat.press("✅ All at once")
    assert chat.toast.text == "5 joined"
    assert "• On their way 5" in chat.buttons


async def test_by_the_interest_of_the_sequence_or_by_another(chat, active, people):
    await add_people(chat)
    await chat.press("🏷 Everyone interested in Solar")
    assert "2 people would join" in chat.text
    await chat.press("‹ Back")
    await chat.press("🏷 By interest")
    await chat.press("🏷 Yoga · 1")
    assert "1 person would join" in chat.text
    assert "📅 So many a day ▸" not in chat.buttons


async def test_found_people_are_ticked_over_several_searches(chat, active, people, catalogue, owner):
    await add_people(chat)
    await chat.press("🔎 By name or number")
    await chat.say("ann")
    await chat.press("Ann +15550100001")
    await chat.say("100003")
    await chat.press("Cho +15550100003")
    await chat.press("Continue with 2 ›")
    assert "2 people would join" in chat.text
    await chat.press("✅ All at once")
    assert await in_it(catalogue, owner, active) == 2


async def test_nobody_matches(chat, active, people):
    await add_people(chat)
    await chat.press("🔎 By name or number")
    await chat.say("xyz <b>")
    assert "Nobody matches “xyz <b>”." in chat.text


async def test_pasted_numbers_are_the_people_and_the_others_are_named(chat, active, people):
    await add_people(chat)
    await chat.press("🔎 By name or number")
    await chat.say("+1 555 010 0001\n+15550100002\n\n+15550100077\n12\n+15550100009")
    assert chat.text == (
        "Welcome\n\n2 people would join.\n"
        "Left out: 1 not a phone number · 1 not in your contacts · 1 without permission."
    )
    await chat.press("✅ All at once")
    assert "· 12: too short for a phone number\n· +15550100077: not in your contacts" in chat.text


async def test_a_single_whole_number_is_a_person(chat, active, people):
    await add_people(chat)
    await chat.press("🔎 By name or number")
    await chat.say("+1 555 010 0001")
    assert "1 person would join" in chat.text


async def test_so_many_a_day_shows_when_the_last_of_them_joins(chat, active, people, catalogue, owner):
    await add_people(chat)
    await chat.press("📋 five · 5 Jan 2026 · 5")
    await chat.press("📅 So many a day ▸")
    assert "5 people: how many of them a day?" in chat.text
    await chat.say("lots")
    assert chat.answer == "Type how many people are to join a day, such as 30."
    await chat.say("2")
    await chat.press("2 a day · the last on Wed 7 Jan")
    assert chat.toast.text == "5 joined, the last of them on Wed 7 Jan"
    await chat.press("＋ Add people")
    await chat.press("👥 Everyone · 6 contacts")
    assert "Left out: 5 in it already · 1 without permission" in chat.text


async def test_more_day_by_day_is_told_to_come_after_those_who_wait(chat, active, people, imports, owner):
    await add_people(chat)
    await chat.press("📋 five · 5 Jan 2026 · 5")
    await chat.press("📅 So many a day ▸")
    await chat.say("2")
    await chat.press("2 a day · the last on Wed 7 Jan")
    more = b"phone\n" + b"".join(b"+1555020%04d\n" % number for number in range(21))
    await bring_in(imports, owner, more, "more.csv", source=ConsentSource.WEB_FORM)
    await chat.press("＋ Add people")
    await chat.press("📋 more · 5 Jan 2026 · 21")
    assert "Others join day by day until Wed 7 Jan." in chat.text
    await chat.press("📅 So many a day ▸")
    assert "20 a day · the last on Fri 9 Jan" in chat.buttons
    assert not any(button.startswith(("50 a day", "100 a day")) for button in chat.buttons)


async def test_more_than_ten_who_are_left_out_come_as_a_file(chat, active, imports, owner, telegram):
    rows = b"phone,name\n" + b"".join(b"+1555020%04d,=Person %d\n" % (number, number) for number in range(12))
    await bring_in(imports, owner, rows, "unasked.csv", source=None)
    await bring_in(imports, owner, b"phone,name\n+15550100001,Ann\n", "one.csv", source=ConsentSource.EVENT)
    await add_people(chat)
    await chat.press("👥 Everyone · 13 contacts")
    await chat.press("✅ All at once")
    assert chat.text.count("without permission") == 11  # ten of them, and the sum
    assert "· … and 2 more" in chat.text
    await chat.press("📄 All of them as a file")
    lines = telegram.sent_files["left out.csv"].decode("utf-8-sig").splitlines()
    assert lines[0] == "Name,Phone,Reason"
    assert len(lines) == 13
    assert lines[1] == "'=Person 0,'+15550200000,without permission"
    assert "Left out:" in chat.text, "the menu is the last message again"


async def test_a_draft_says_that_they_begin_with_it(chat, active, people, container, owner):
    editor = await container.get(SequenceEditor)
    [device] = [one.id for one in await (await container.get(Devices)).list(owner)]
    await editor.create(owner, name="Later", device_ids=[device], niche=None, skip_weekends=False)
    await chat.press("✉️ Sequences")
    await chat.press("Drafts")
    await chat.press("Later · 0")
    await chat.press("👥 People")
    await chat.press("＋ Add people")
    await chat.press("👥 Everyone · 6 contacts")
    assert "It is a draft: they begin when you start it." in chat.text
    await chat.press("✅ All at once")
    assert "It is a draft: nothing goes out until you start it." in chat.text


async def test_nobody_of_them_can_join(chat, active, people, catalogue, owner):
    await add_people(chat)
    await chat.press("📋 one · 5 Jan 2026 · 1")
    assert (
        chat.text
        == "Welcome · list “one · 5 Jan 2026”\n\nNobody of them can join.\nLeft out: 1 without permission."
    )
    assert chat.buttons == ["📄 Who is left out", "‹ Back", "⌂ Home"]


async def test_five_quick_presses_join_once(chat, active, people, catalogue, owner):
    await add_people(chat)
    await chat.press("📋 five · 5 Jan 2026 · 5")
    await chat.press_times("✅ All at once", 5)
    card = await catalogue.card(owner, active)
    assert (card.status, card.contacts) == (SequenceStatus.ACTIVE, 5)


async def test_a_segment_joins(chat, container, people, active, owner):
    segments = await container.get(Segments)
    await segments.save(owner, "Sunny", [HasInterest("solar")])
    await add_people(chat)
    await chat.press("🧩 By segment")
    await chat.press("🧩 Sunny")
    assert "segment “Sunny”" in chat.text
    await chat.press("✅ All at once")
    assert chat.toast.text == "2 joined"
