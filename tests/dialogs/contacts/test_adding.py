"""One person, typed or shared as a contact card."""

import pytest
from aiogram.types import Contact as ContactCard
from sqlalchemy import text

from engine.contacts.book import ContactBook
from engine.devices.registry import Devices
from engine.sequences.editor import SequenceEditor
from models import Suppression
from models.enums import ConsentSource, Role


@pytest.fixture
async def contacts(chat):
    await chat.press("👥 Contacts")
    return chat


@pytest.fixture
async def one(database):
    async def read(statement: str):
        async with database.transaction() as session:
            return (await session.execute(text(statement))).one()

    return read


@pytest.fixture
async def opted_out(database, owner, clock) -> None:
    """012-345 6789 has opted out."""
    async with database.transaction() as session:
        session.add(
            Suppression(
                workspace_id=owner.workspace_id,
                phone="+60123456789",
                source=ConsentSource.STOP_WORD,
                evidence="STOP",
                created_at=clock.now(),
            )
        )


async def test_a_name_and_a_number_typed_into_the_book_are_somebody_new(contacts, one):
    await contacts.say("Aisyah 012-345 6789")
    assert contacts.text == (
        "👤 Aisyah · +60123456789\nNot in your contacts yet.\n\nWhere did they opt in? A tap adds them.\n\n"
        "What you type here is kept as evidence, such as “asked at the counter, 3 May”."
    )
    await contacts.say("asked at the <counter>")
    assert "Evidence: “asked at the <counter>”" in contacts.text
    await contacts.press("Event")
    assert contacts.toast.text == "Added."
    assert contacts.text.startswith(
        "Aisyah · +60123456789\n✅ can be sent to · event “typed by Owner of Acme: asked at the"
    )
    assert await one("SELECT name, consent FROM contacts") == ("Aisyah", "opted_in")
    await contacts.press("‹ Back")
    assert contacts.text.startswith("Contacts\n\n👥 1 contact")


async def test_five_quick_presses_add_them_once(contacts, container, owner):
    await contacts.say("Aisyah 012-345 6789")
    await contacts.press_times("Web form", 5)
    assert await (await container.get(ContactBook)).count(owner) == 1


async def test_of_a_number_alone_the_name_is_asked(contacts):
    await contacts.press("➕ Add")
    await contacts.say("Aisyah")
    assert "There is no phone number in this" in contacts.answer
    await contacts.say("012-345 6789")
    assert "no name yet · +60123456789" in contacts.text
    assert "Type their name, if you know it." in contacts.text
    await contacts.say("Aisyah <b>")
    assert contacts.text.startswith("👤 Aisyah <b> · +60123456789")
    await contacts.press("Don't know → cannot be sent to")
    assert "⚠️ no permission" in contacts.text


async def test_an_interest_leads_them_into_its_sequence(contacts, container, owner, database):
    device = await (await container.get(Devices)).add_simulated(owner, "Sales-1")
    editor = await container.get(SequenceEditor)
    await editor.create(owner, name="Welcome", device_ids=[device], niche="Yoga", skip_weekends=False)
    async with database.transaction() as session:
        await session.execute(text("UPDATE sequences SET status = 'active', auto_enroll = true"))
    await contacts.say("Aisyah 0123456789")
    await contacts.press("🏷 Interest: none ▸")
    await contacts.say("yoga")
    await contacts.press("🏷 Interest: yoga ▸")
    await contacts.press("No interest")
    await contacts.press("🏷 Interest: none ▸")
    await contacts.say("Yoga")
    await contacts.press("They wrote first")
    assert contacts.toast.text == "Added. They have joined Welcome by themselves."
    assert "🏷 Yoga" in contacts.text
    await contacts.press("⌂ Home")
    await contacts.press("👥 Contacts")
    await contacts.say("Ben 0198765432")
    await contacts.press("🏷 Interest: none ▸")
    await contacts.press("🏷 Yoga")
    assert "🏷 Interest: Yoga ▸" in contacts.buttons


async def test_who_is_known_already_is_shown(contacts):
    await contacts.say("Aisyah 0123456789")
    await contacts.press("Event")
    await contacts.press("‹ Back")
    for typed in ("+60 12 345 6789", "Somebody 0123456789"):
        await contacts.say(typed)
        assert contacts.text.startswith("Aisyah · +60123456789\n✅ can be sent to")
        await contacts.press("‹ Back")


async def test_a_number_that_was_looked_for_in_vain_can_be_added(contacts):
    await contacts.press("🔎 Find")
    await contacts.say("Aisyah 0123456789")
    assert "Nobody matches" in contacts.text
    await contacts.press("➕ Add them")
    assert contacts.text.startswith("👤 Aisyah · +60123456789")


async def test_who_has_opted_out_is_not_brought_back(opted_out, contacts, one):
    await contacts.say("Aisyah 0123456789")
    assert "This number has opted out earlier." in contacts.text
    assert "Event" not in contacts.buttons
    await contacts.press("➕ Add them as opted out")
    assert "🚫 opted out" in contacts.text
    assert await one("SELECT consent FROM contacts") == ("opted_out",)


async def test_a_shared_contact_card_is_somebody_new_wherever_it_is_shared(chat):
    await chat.press("📱 Devices")
    card = ContactCard(phone_number="60123456789", first_name="Aisyah", last_name="Ali")
    await chat.drop_any(contact=card)
    assert chat.text.startswith("👤 Aisyah Ali · +60123456789\nNot in your contacts yet.")
    await chat.drop_any(contact=ContactCard(phone_number="+60198765432", first_name="Ben"))
    assert chat.text.startswith("👤 Ben · +60198765432")
    await chat.press("Event")
    await chat.press("‹ Back")
    assert "No device yet" in chat.text
    await chat.drop_any(contact=ContactCard(phone_number="60198765432", first_name="Benjamin"))
    assert chat.text.startswith("Ben · +60198765432\n✅ can be sent to")


async def test_a_card_without_a_usable_number_is_answered(chat):
    await chat.drop_any(contact=ContactCard(phone_number="999", first_name="Police"))
    assert chat.answer == "“999”: too short for a phone number."


async def test_a_viewer_adds_nobody(newcomer, container, owner):
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("👥 Contacts")
    await viewer.say("Aisyah 0123456789")
    await viewer.press("Event")
    assert "you are a viewer" in viewer.toast.text
    assert await (await container.get(ContactBook)).count(owner) == 0


async def test_who_has_no_name_is_called_by_the_number_once(contacts):
    await contacts.say("012-345 6789")
    await contacts.press("Event")
    assert contacts.text.startswith("+60123456789\n✅ can be sent to")
    await contacts.press("✏️ Edit")
    assert contacts.text.startswith("+60123456789\n✅ can be sent to")
    await contacts.press("✏️ Name")
    assert contacts.text.startswith("+60123456789\n\n")
