"""What is known of one person, changed at their card; clicked."""

import pytest
from sqlalchemy import text

from models.enums import Role


@pytest.fixture
async def do(database):
    async def run(statement: str) -> None:
        async with database.transaction() as session:
            await session.execute(text(statement))

    return run


@pytest.fixture
async def ann(chat, running):
    await chat.press("👥 Contacts")
    await chat.press("🔎 Find")
    await chat.say("ann")
    await chat.press("👤 Ann")
    await chat.press("✏️ Edit")
    return chat


async def test_the_name(ann):
    assert ann.text.startswith("Ann · +15550100001\n✅ can be sent to")
    await ann.press("✏️ Name")
    await ann.say(" ")
    await ann.say("Ann <Lee>")
    assert ann.text.startswith("Ann <Lee> · +15550100001")
    await ann.press("‹ Back")
    assert ann.text.startswith("Ann <Lee> · +15550100001")


async def test_interests(ann, do):
    await do("INSERT INTO leads (workspace_id, contact_id, niche) SELECT workspace_id, id, 'Boxing' FROM contacts")
    await do(
        "DELETE FROM leads WHERE niche = 'Boxing' AND contact_id = (SELECT id FROM contacts WHERE name = 'Ann')"
    )
    await ann.press("🏷 Interests")
    assert {"🏷 Solar", "+ Boxing"} <= set(ann.buttons)
    await ann.press("+ Boxing")
    await ann.say("Kids' swimming")
    assert ann.buttons[:3] == ["🏷 Boxing", "🏷 Kids' swimming", "🏷 Solar"]
    await ann.press("🏷 Boxing")
    await ann.press("✖️ Remove")
    assert "🏷 Boxing" not in ann.buttons
    await ann.press("🏷 Solar")
    await ann.press("🤝 Customer")
    assert ann.toast.text == "🤝 Noted."
    assert "A customer" in ann.text
    await ann.press("‹ Back")
    assert "🏷 Solar (customer)" in ann.buttons
    await ann.press("🏷 Solar (customer)")
    await ann.press("↩️ Prospect")
    assert "A prospect." in ann.text


async def test_a_new_interest_that_leads_into_a_sequence_is_told(ann, do):
    await do("UPDATE sequences SET niche = 'Solar', auto_enroll = true, reentry_policy = 'after_exit'")
    await do("UPDATE sequence_contacts SET status = 'exited', exit_reason = 'removed', next_due_at = NULL")
    await do("DELETE FROM leads")
    await ann.press("🏷 Interests")
    await ann.say("solar")
    assert ann.answer == "They have joined Welcome by themselves."


async def test_attributes(ann):
    await ann.press("📝 Attributes")
    assert "Nothing is known yet." in ann.text
    assert "{{ attributes.city }}" in ann.text
    await ann.say("Ipoh")
    assert "such as city = Ipoh" in ann.answer
    await ann.say("City = <Ipoh>")
    await ann.say("Post code: 31400")
    assert set(ann.buttons) >= {"city: <Ipoh>", "post_code: 31400"}
    await ann.press("city: <Ipoh>")
    await ann.say("Johor")
    assert "city: Johor" in ann.buttons
    await ann.press("post_code: 31400")
    assert "Now: 31400" in ann.text
    await ann.press("✖️ Remove")
    await ann.press("‹ Back")
    assert "📝 city: Johor" in ann.text
    await ann.press("‹ Back")
    assert "📝 city: Johor" in ann.text


async def test_permission_is_noted_of_whom_nobody_knew_it(ann, do):
    assert "✅ Permission" not in ann.buttons
    await do("DELETE FROM consents")
    await do("UPDATE contacts SET consent = NULL")
    await ann.press("‹ Back")
    assert "⚠️ no permission: nothing is sent. Note at Edit where they opted in." in ann.text
    await ann.press("✏️ Edit")
    await ann.press("✅ Permission")
    assert "Don't know → cannot be sent to" not in ann.buttons
    await ann.say("asked at the counter")
    await ann.press("Event")
    assert ann.toast.text == "Noted. They can be sent to."
    assert "✅ can be sent to · event “typed by Owner of Acme: asked" in ann.text


async def test_deleting_asks_and_leads_back_to_where_they_were_found(ann):
    await ann.press_times("🗑 Delete", 2)
    assert ann.text == (
        "Delete Ann? This cannot be undone.\n\n"
        "They leave 1 sequence, and what waits for them is cancelled.\n"
        "Nothing was ever sent to them or heard from them: nothing of them is kept."
    )
    await ann.press("Keep them")
    await ann.press("🗑 Delete")
    await ann.press("🗑 Delete")
    assert ann.toast.text == "Deleted."
    assert "Nobody matches “ann”." in ann.text


async def test_what_was_sent_and_that_they_opted_out_is_told_to_be_kept(ann, do):
    await do(
        "INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body, outcome, sent_at)"
        " SELECT workspace_id, 'test', id, device_id, now(), 'Hello', 'sent', now() FROM contacts WHERE name = 'Ann'"
    )
    await do(
        "INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at)"
        " SELECT workspace_id, phone, 'manual', '', now() FROM contacts WHERE name = 'Ann'"
    )
    await ann.press("🗑 Delete")
    assert (
        "What was sent stays counted in the results, but their name, number, attributes and all texts" in ann.text
    )
    assert "That this number has opted out is kept" in ann.text


async def test_a_deleted_person_is_nobody_in_their_sequence(ann, do):
    await do(
        "INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body, outcome, sent_at)"
        " SELECT workspace_id, 'test', id, device_id, now(), 'Hello', 'sent', now() FROM contacts WHERE name = 'Ann'"
    )
    await ann.press("🗑 Delete")
    await ann.press("🗑 Delete")
    await ann.press("⌂ Home")
    await ann.press("✉️ Sequences")
    await ann.press("Welcome · 2")
    await ann.press("👥 People")
    await ann.press("Left 1")
    assert "somebody who was deleted" in ann.text
    assert "deleted:" not in ann.text


async def test_a_viewer_sees_it_and_changes_nothing(newcomer, running):
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("👥 Contacts")
    await viewer.say("ann")
    await viewer.press("👤 Ann")
    await viewer.press("✏️ Edit")
    await viewer.press("🗑 Delete")
    await viewer.press("🗑 Delete")
    assert "you are a viewer" in viewer.toast.text
    await viewer.press("‹ Back")
    await viewer.press("✏️ Name")
    await viewer.say("Nobody")
    assert "you are a viewer" in viewer.answer
