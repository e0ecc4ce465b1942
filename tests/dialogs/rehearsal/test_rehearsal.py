import pytest
from sqlalchemy import text

from engine.devices.ownership import Ownership
from engine.devices.registry import Devices
from engine.operators import Operators
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments, Who
from engine.sequences.plan import read_whole_plan
from models.enums import Role

PLAN = "Day 1 09:00\nHi {{ name | default('there') }}\nDay 2\nPrices\nDay 3\nShall we call?"


@pytest.fixture
async def operators(container) -> Operators:
    return await container.get(Operators)


@pytest.fixture
async def device(container, owner, database, clock) -> int:
    """Online, and an engine works it; it waits 10 to 30 seconds after each message."""
    device = await (await container.get(Devices)).add_simulated(owner, "Sales-1")
    ownership = await Ownership.register(database, clock, capacity=10)
    await ownership.take(10)
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE user_devices SET state = 'online', min_delay_seconds = 10, max_delay_seconds = 30")
        )
    return device


@pytest.fixture
async def sequence_id(container, owner, device) -> int:
    editor = await container.get(SequenceEditor)
    return await editor.create(owner, name="Welcome", device_ids=[device], niche=None, skip_weekends=False)


async def open_builder(chat):
    await chat.press("✉️ Sequences")
    await chat.press("Drafts")
    await chat.press("Welcome · 0")
    await chat.press("✉️ Messages")
    return chat


@pytest.fixture
async def builder(chat, sequence_id):
    """The owner's chat at the messages of a new sequence."""
    return await open_builder(chat)


@pytest.fixture
def queued(database):
    async def read() -> list[str]:
        async with database.transaction() as session:
            return list(await session.scalars(text("SELECT body FROM messages WHERE outcome IS NULL ORDER BY id")))

    return read


async def test_the_first_time_it_asks_for_the_number_and_goes_on(builder, operators, owner, queued):
    await builder.say(PLAN)
    await builder.press("🧪 Test all to me")
    assert "Which WhatsApp number is your own?" in builder.text
    await builder.say("012-345 6789")
    assert builder.text == (
        "🧪 3 messages to +60123456789\n\nFrom Sales-1, the last in about 40 seconds. Filled in for Alex Tan; no "
        "statistics count it.\n\nSent so far: 0 of 3."
    )
    assert await operators.phone(owner) == "+60123456789"
    assert await queued() == ["Hi Alex Tan", "Prices", "Shall we call?"]
    await builder.press("‹ Back")
    assert "Type or paste more" in builder.text


async def test_what_is_no_number_is_asked_again(builder, queued):
    await builder.say(PLAN)
    await builder.press("🧪 Test all to me")
    await builder.say("my phone")
    assert "not a phone number" in builder.answer
    await builder.press("‹ Back")
    assert await queued() == []


async def test_in_the_sandbox_a_simulated_phone_is_one_tap_away(builder, operators, owner):
    await builder.say(PLAN)
    await builder.press("🧪 Test all to me")
    assert "on the page, in the list of phones" in builder.text
    await builder.press("Use +60123456789")
    assert "3 messages to +60123456789" in builder.text


async def test_five_quick_presses_are_one_test(builder, operators, owner, queued):
    await operators.set_phone(owner, "+60123456789")
    await builder.say(PLAN)
    await builder.press_times("🧪 Test all to me", 5)
    await builder.press_times("🧪 Test again", 5)
    assert await queued() == ["Hi Alex Tan", "Prices", "Shall we call?"]


async def test_one_message_is_tested_from_its_card(builder, operators, owner, queued):
    await operators.set_phone(owner, "+60123456789")
    await builder.say(PLAN)
    await builder.press("2. Day 2 09:00")
    await builder.press("🧪 Test")
    assert "1 message to +60123456789\n\nFrom Sales-1, it goes out in a few seconds." in builder.text
    assert await queued() == ["Prices"]
    await builder.press("‹ Back")
    assert builder.text.startswith("Day 2 09:00")


async def test_how_far_it_has_come_is_a_press_away(builder, operators, owner, database):
    await operators.set_phone(owner, "+60123456789")
    await builder.say(PLAN)
    await builder.press("🧪 Test all to me")
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM queue"))
        await session.execute(text("UPDATE messages SET outcome = 'sent'"))
        await session.execute(
            text("UPDATE messages SET outcome = 'skipped', error = 'not on <WhatsApp>' WHERE id = 2")
        )
    await builder.press("⟳ Refresh")
    assert "⚠️ Not sent: 1 of 3 (not on <WhatsApp>)." in builder.text
    async with database.transaction() as session:
        await session.execute(text("UPDATE messages SET outcome = 'sent'"))
    await builder.press("⟳ Refresh")
    assert "✓ All sent." in builder.text


async def test_why_nothing_was_sent_is_told_in_full_and_can_be_mended(builder, operators, owner, queued):
    await operators.set_phone(owner, "+60123456789")
    await builder.say("Day 1 09:00\nHi\nDay 2\nHow is {{ attributes.city }}?")
    await builder.press("🧪 Test all to me")
    assert builder.text == (
        "Nothing was sent\n\nDay 2 09:00 needs {{ attributes.city }}, and Alex Tan has none. Give it a default: "
        "{{ attributes.city | default('your city') }}"
    )
    assert "⟳ Refresh" not in builder.buttons
    await builder.press("‹ Back")
    await builder.press("2. Day 2 09:00")
    await builder.press("✏️ Text")
    await builder.say("How is {{ attributes.city | default('your city') }}?")
    await builder.press("‹ Back")
    await builder.press("🧪 Test all to me")
    assert await queued() == ["Hi", "How is your city?"]


async def test_a_viewer_is_refused(newcomer, sequence_id, container, owner, queued):
    editor = await container.get(SequenceEditor)
    await editor.save(owner, sequence_id, await editor.difference(owner, sequence_id, read_whole_plan(PLAN)))
    chat = await newcomer(Role.VIEWER)
    await open_builder(chat)
    await chat.press("🧪 Test all to me")
    await chat.say("+60123456789")
    assert "Only an operator" in chat.answer
    assert await queued() == []


async def test_the_number_is_changed_in_settings(chat, operators, owner):
    await chat.press("⚙️ Settings")
    await chat.press("My number")
    await chat.say("+65 9123 4567")
    assert "🧪 Your own number, for tests: +6591234567" in chat.text
    await chat.press("My number")
    assert "Now it is +6591234567." in chat.text


async def test_the_plan_says_who_lacks_what(builder, container, database, owner, sequence_id):
    await builder.say("Day 1 09:00\nHi {{ name }}\nDay 2\nHow is {{ attributes.city }}?")
    assert "⚠️" not in builder.text
    async with database.transaction() as session:
        await session.execute(text("""
            INSERT INTO contacts (workspace_id, phone, name, attributes, consent)
            SELECT :workspace, '+6012' || lpad(n::text, 7, '0'), 'Person',
                   CASE WHEN n > 12 THEN '{"city": "Ipoh"}'::jsonb ELSE '{}'::jsonb END, 'opted_in'
              FROM generate_series(1, 412) n"""), {"workspace": owner.workspace_id})  # fmt: skip
    await (await container.get(Enrolments)).join(owner, sequence_id, Who(everyone=True))
    await builder.press("‹ Done")
    await builder.press("✉️ Messages")
    assert (
        "⚠️ Day 2 09:00 needs {{ attributes.city }}: 12 of 412 people have none. Add a default: "
        "{{ attributes.city | default('your city') }}"
    ) in builder.text
