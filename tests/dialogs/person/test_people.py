"""The people of a sequence, from its card; clicked."""

import pytest
from sqlalchemy import text

from engine.contacts.inbox import Inbox
from engine.transports.contract import Inbound


@pytest.fixture
async def people(chat, running):
    await chat.press("✉️ Sequences")
    await chat.press("Welcome · 2")
    await chat.press("👥 People")
    return chat


async def test_everybody_with_what_is_next(people):
    assert people.text == (
        "Welcome · On their way\n\n"
        "Ann · Day 1 11:00 · today 11:00\n"
        "Ben · Day 1 11:00 · today 11:00\n\n"
        "Type a part of a name or number to find somebody; tap one to see why and to act."
    )
    assert people.buttons[:7] == ["• On their way 2", "Paused", "Finished", "Left", "Failed", "Ann", "Ben"]


async def test_tabs_that_are_empty_say_so(people):
    for tab, words in (
        ("Paused", "Nobody is paused. Who replies is paused"),
        ("Finished", "Nobody has had all messages yet."),
        ("Left", "Nobody has left early."),
        ("Failed", "No message failed, and none is unsure."),
    ):
        await people.press(tab)
        assert words in people.text


async def test_a_tap_opens_the_person_and_back_returns(people):
    await people.press("Ben")
    assert people.text.startswith("Ben · +15550100002")
    await people.press("✉️ Welcome")
    await people.press("⏸ Pause")
    await people.press("‹ Back")
    await people.press("‹ Back")
    assert "• On their way 1" in people.buttons
    await people.press("Paused 1")
    assert "Ben · paused by Owner of Acme today 10:00 · next Day 1 11:00" in people.text


async def test_somebody_is_found_in_any_tab(people):
    await people.say("0002")
    assert "Welcome · On their way · “0002”\n\nBen ·" in people.text
    assert "Ann" not in people.text
    await people.say("nobody")
    assert "Nobody here matches “nobody”." in people.text
    await people.press("✕ Show all")
    assert "Ann" in people.text


async def test_who_replied_is_resumed_together(people, database, clock):
    inbox = Inbox(database, clock)
    for number in (1, 2):
        await inbox.receive(1, Inbound(f"in-{number}", f"+1555010000{number}", "Tell me more"))
    await people.press("Paused")
    assert "Ann · replied today 10:00 · next Day 1 11:00" in people.text
    await people.press("▶️ Resume all who replied")
    await people.press("▶️ Resume them")
    assert people.toast.text == "2 people resumed."
    assert "• Paused" in people.buttons


async def test_people_are_added_from_here(people):
    await people.press("＋ Add people")
    await people.press("👥 Everyone · 2 contacts")
    assert people.text == "Welcome · everyone\n\nNobody of them can join.\nLeft out: 2 in it already."
    await people.press("‹ Back")
    await people.press("‹ Back")
    assert "Welcome · On their way" in people.text


async def test_a_draft_and_a_paused_sequence_promise_nothing(people, database):
    await people.press("‹ Back")
    await people.press("⏸ Pause")
    await people.press("👥 People")
    assert "⏸ The sequence is paused: nobody gets anything" in people.text
    async with database.transaction() as session:
        await session.execute(text("UPDATE sequences SET status = 'draft'"))
    await people.press("• On their way 2")
    assert "It has not been started. Everybody begins when it is.\n\nAnn\nBen\n" in people.text
