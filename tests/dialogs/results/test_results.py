"""The funnel of a sequence in the chat: as numbers, as a picture, as a table."""

import struct
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from bot.dialogs.results.picture import MOST_STEPS, draw, printable
from engine.sequences.editor import SequenceEditor
from engine.sequences.results import Results, SequenceResults, StepFunnel, StepResults, Volume
from models.enums import SequenceStatus
from tests.dialogs.harness import messages

# A hundred people had Day 1; 7 were not written to, and of those who got it some are further.
PAST = """
WITH who AS (
    INSERT INTO contacts (workspace_id, phone, consent)
    SELECT 1, '+6012000' || n, 'opted_in' FROM generate_series(1001, 1100) n RETURNING id),
run AS (
    INSERT INTO sequence_contacts
           (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone, device_id, next_step_id, next_due_at)
    SELECT 1, 1, id, now(), '2026-01-05', 'Asia/Kuala_Lumpur', 1, 2, CAST(:now AS timestamptz) + interval '30 min'
      FROM who RETURNING id, contact_id),
message AS (
    INSERT INTO messages
           (workspace_id, lane, enrolment_id, step_id, contact_id, device_id, due_at, outcome, error_code)
    SELECT 1, 'sequence', id, 1, contact_id, 1, now(),
           CASE WHEN id % 100 < 7 THEN 'skipped' WHEN id % 100 = 7 THEN 'failed' ELSE 'sent' END,
           CASE WHEN id % 100 < 4 THEN 'missed' WHEN id % 100 < 7 THEN 'opted_out' END
      FROM run RETURNING id, enrolment_id, contact_id, outcome),
delivery AS (
    INSERT INTO deliveries (workspace_id, message_id, device_id, provider_message_id, delivered_at, read_at)
    SELECT 1, id, 1, 'w' || id, now(), CASE WHEN enrolment_id % 2 = 0 THEN now() END
      FROM message WHERE outcome = 'sent')
INSERT INTO inbound_messages
       (workspace_id, device_id, contact_id, phone, provider_message_id, body, received_at, answers_message_id, opted_out)
SELECT 1, 1, contact_id, '+1', 'i' || id, 'x', now(), id, enrolment_id % 100 = 20
  FROM message WHERE enrolment_id % 100 BETWEEN 20 AND 29
"""


@pytest.fixture
async def sequence(container, owner, database, clock) -> int:
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO user_devices (workspace_id, name, transport, state) VALUES (1, 'A', 'simulator', 'online')"
            )
        )
    editor = await container.get(SequenceEditor)
    sequence = await editor.create(owner, name="Welcome 🎉", device_ids=[1], niche=None, skip_weekends=False)
    await editor.add_steps(owner, sequence, messages("Day 1 09:00\nHi\nDay 2 10:30\nPrices"))
    async with database.transaction() as session:
        await session.execute(text("UPDATE sequences SET status = 'active'"))
        await session.execute(text(PAST), {"now": clock.now()})
    return sequence


@pytest.fixture
async def results(chat, sequence):
    await chat.press("✉️ Sequences")
    await chat.press("Welcome 🎉 · 100")
    await chat.press("📊 Results")
    return chat


async def test_every_step_tells_how_far_it_got_who_waits_and_what_fell_out(results):
    assert results.text == (
        "Welcome 🎉 · results\n\n"
        "All messages\n"
        "✓ 92 sent · 92 delivered (100%) · 46 read (50%) · 9 replied (10%)\n"
        "⏳ 100 due\n"
        "✗ 1 failed · 7 skipped (4 too late, 3 opted out)\n"
        "🚫 1 opted out\n\n"
        "1. Day 1 09:00\n"
        "✓ 92 sent · 92 delivered (100%) · 46 read (50%) · 9 replied (10%)\n"
        "✗ 1 failed · 7 skipped (4 too late, 3 opted out)\n"
        "🚫 1 opted out\n\n"
        "2. Day 2 10:30\n"
        "⏳ 100 due\n\n"
        "Due in the next hour: 100\n"
        "In the next 24 hours: 100\n"
        "as of 10:00"
    )
    assert results.buttons == ["🖼 Picture", "⇩ CSV", "⟳ Refresh", "‹ Back", "⌂ Home"]


async def test_what_the_devices_cannot_send_in_time_is_told(results, database):
    async with database.transaction() as session:
        await session.execute(text("UPDATE user_devices SET daily_cap = 30"))
    await results.press("⟳ Refresh")
    assert "Due in the next hour: 100, of which the devices send about 30" in results.text


async def test_the_card_shows_a_line_of_it(results):
    await results.press("‹ Back")
    assert "📊 92 sent · 92 delivered (100%) · 46 read (50%) · 9 replied (10%) · 100 due" in results.text


async def test_the_picture_comes_above_the_menu(results, telegram, artifacts):
    await results.press("🖼 Picture")
    picture = telegram.sent_files["results.png"]
    (artifacts / "funnel.png").write_bytes(picture)
    assert picture.startswith(b"\x89PNG")
    *_, photo, menu = telegram.messages.values()
    assert photo.photo
    assert menu.reply_markup is not None


async def test_the_table_is_a_file(results, telegram):
    await results.press("⇩ CSV")
    head, *lines = telegram.sent_files["results.csv"].decode().splitlines()
    assert head.endswith("skipped: missed,skipped: opted_out")
    assert len(lines) == 2


async def test_a_hundred_steps_are_shown_page_by_page(results, container, owner, sequence):
    plan = "\n".join(f"Day {day} 08:00\nx" for day in range(3, 101))
    await (await container.get(SequenceEditor)).add_steps(owner, sequence, messages(plan))
    await results.press("⟳ Refresh")
    assert "1–8 of 100" in results.text
    assert "‹ Earlier" not in results.buttons
    for _ in range(12):
        await results.press("Later ›")
    assert "97–100 of 100" in results.text
    assert "Later ›" not in results.buttons
    await results.press("‹ Earlier")
    assert "89–96 of 100" in results.text


async def test_without_messages_it_says_what_to_do(chat, container, owner, sequence):
    editor = await container.get(SequenceEditor)
    await editor.create(owner, name="Empty", device_ids=[1], niche=None, skip_weekends=False)
    await chat.press("✉️ Sequences")
    await chat.press("Drafts")
    await chat.press("Empty · 0")
    await chat.press("📊 Results")
    assert "It has no messages yet. Write them with “Messages” on its card." in chat.text
    assert chat.buttons == ["⟳ Refresh", "‹ Back", "⌂ Home"]


def some_results(name: str, steps: int) -> SequenceResults:
    counts = StepResults(planned=10, sent=10, delivered=9, read=5, replied=1)
    funnels = tuple(StepFunnel(day, f"Day {day} 09:00", False, counts) for day in range(1, steps + 1))
    now = datetime(2026, 1, 8, 6, 5, tzinfo=UTC)
    total, none = StepResults.sum(step.results for step in funnels), Volume(0, 0)
    return SequenceResults(name, SequenceStatus.ACTIVE, "Asia/Kuala_Lumpur", now, funnels, total, none, none)


def height_of(picture: bytes) -> int:
    return struct.unpack(">I", picture[20:24])[0]


def test_a_picture_grows_with_the_steps_up_to_a_screen_or_two():
    heights = [
        height_of(draw(some_results("Welcome", steps))) for steps in (1, 2, MOST_STEPS, MOST_STEPS + 1, 100)
    ]
    assert heights[0] < heights[1] < heights[2] == heights[3] == heights[4] < 1500


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["🎉🎉", "欢迎", "$x^{$ \\frac", "x" * 60, ""])
def test_any_name_can_be_drawn(name):
    draw(some_results(name, 1))


def test_what_the_font_cannot_show_is_left_out():
    assert printable("🎉 Welcome  week 👋🏽") == "Welcome week"
    assert printable("Größe № 5 — ещё") == "Größe № 5 — ещё"


async def test_results_of_a_sequence_and_the_picture_agree(container, owner, sequence):
    found = await (await container.get(Results)).get(owner, sequence)
    assert (found.total.sent, found.steps[0].results.read) == (92, 46)
