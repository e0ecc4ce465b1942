"""A segment is built condition by condition, with live counts."""

import pytest

from engine.contacts.segmenting import Segments
from engine.contacts.segments import HasInterest
from models import Contact, Lead
from models.enums import ConsentState, Role


@pytest.fixture
async def people(database, owner) -> None:
    """Two in Ipoh, one of whom does yoga; one elsewhere, without permission."""
    async with database.transaction() as session:
        for number, (name, city, consent) in enumerate(
            [("Aisyah", "Ipoh", True), ("Bala", "Ipoh", True), ("Chong", "Klang", False)]
        ):
            contact = Contact(
                workspace_id=owner.workspace_id, name=name, phone=f"+6012000000{number}",
                attributes={"city": city}, consent=ConsentState.OPTED_IN if consent else None,
            )  # fmt: skip
            session.add(contact)
            await session.flush()
            if name != "Bala":
                session.add(Lead(workspace_id=owner.workspace_id, contact_id=contact.id, niche="Yoga"))


async def new_segment(chat) -> None:
    await chat.press("👥 Contacts")
    await chat.press("🧩 Segments")
    await chat.press("+ New segment")


async def test_counts_follow_every_condition(chat, people):
    await new_segment(chat)
    assert "3 people, 2 of whom may be written to" in chat.text
    await chat.press("+ Condition")
    await chat.press("🏷 Interest")
    await chat.press("🏷 Yoga · 2")
    await chat.press("Interested")
    assert "· is interested in Yoga" in chat.text
    assert "2 people, 1 of whom" in chat.text
    await chat.press("+ Condition")
    await chat.press("🔤 Attribute")
    await chat.press("city")
    await chat.press("is")
    await chat.press("Ipoh · 2")
    assert "· city is “Ipoh”" in chat.text
    assert "1 person" in chat.text
    assert "Aisyah" in chat.text
    await chat.press("✕ is interested in Yoga")
    assert "2 people" in chat.text


async def test_a_segment_is_saved_opened_changed_and_deleted(chat, people):
    await new_segment(chat)
    assert "💾 Save" not in chat.buttons
    await chat.press("+ Condition")
    await chat.press("💬 Replied")
    await chat.press("Never")
    await chat.press("💾 Save")
    await chat.say("Silent ones")
    assert "Silent ones" in chat.text
    assert "💾 Save" not in chat.buttons
    await chat.press("+ Condition")
    await chat.press("📨 Last message")
    await chat.say("30 days")
    assert "· did not get a message in the last 30 days" in chat.text
    await chat.press("💾 Save")
    await chat.press("‹ Back")
    await chat.press("Silent ones")
    assert "30 days" in chat.text
    await chat.press("✏️ Rename")
    await chat.say("Quiet ones")
    await chat.press("🗑 Delete")
    await chat.press("🗑 Delete it")
    assert "No segment yet" in chat.text


async def test_what_cannot_be_read_is_told_and_nothing_is_lost(chat, people):
    await new_segment(chat)
    await chat.press("+ Condition")
    await chat.press("📨 Last message")
    await chat.say("a while")
    assert "Type a number of days" in chat.answer
    await chat.press("None for 30 days")
    assert "· did not get a message in the last 30 days" in chat.text


async def test_a_viewer_looks(chat, newcomer, container, owner, people):
    segments = await container.get(Segments)
    await segments.save(owner, "Yogis", [HasInterest("Yoga")])
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("👥 Contacts")
    await viewer.press("🧩 Segments")
    assert "+ New segment" not in viewer.buttons
    await viewer.press("Yogis")
    assert "2 people" in viewer.text
    assert viewer.buttons == ["‹ Back", "⌂ Home"]
