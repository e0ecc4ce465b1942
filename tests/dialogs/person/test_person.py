"""A person's card, and what can be done from it; clicked."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from engine.broadcast.observations import Observations, ReceiptNote
from engine.contacts.inbox import Inbox
from engine.sequences.processor import SequenceProcessor
from engine.transports.contract import Inbound
from engine.workspaces import Workspaces
from models.enums import ReceiptKind, Role

ZONE = ZoneInfo("Asia/Kuala_Lumpur")


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
    return chat


async def refreshed(chat) -> str:
    await chat.press("⟳ Refresh")
    return chat.text


async def test_the_card_says_who_they_are_where_and_what_is_next(ann):
    assert ann.text == (
        "Ann · +15550100001\n"
        "✅ can be sent to · event “expo.csv” today 10:00\n"
        "🏷 Solar\n"
        "📱 Sales-2\n"
        "🕓 not known: the sequence's time counts\n\n"
        "Welcome · on their way · 0 of 3\n"
        "Next: Day 1 11:00 · today 11:00"
    )


async def test_what_is_in_the_way_is_told(ann, do):
    await do("UPDATE user_devices SET daily_cap = 120, day_count = 120, day = '2026-01-05'")
    assert "⏳ device Sales-2 is capped today: 120 of 120, again tomorrow 00:00" in await refreshed(ann)
    assert "It goes tomorrow 11:00 at the earliest" in ann.text  # by midnight it is late, and moves
    await do("UPDATE user_devices SET daily_cap = NULL")
    await do("UPDATE workspaces SET quiet_start = '10:30', quiet_end = '12:00'")
    assert "⏳ quiet until 12:00" in await refreshed(ann)
    assert "It goes today 12:00 at the earliest" in ann.text


async def test_who_had_a_message_of_something_else_today_gets_this_one_tomorrow(ann, do):
    await do(
        "INSERT INTO campaigns (workspace_id, name, status, scheduled_at)"
        " SELECT id, 'Raya sale', 'finished', '2026-01-05 08:00+08' FROM workspaces"
    )
    await do(
        "INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at, body, outcome, sent_at)"
        " SELECT c.workspace_id, 'campaign', k.id, c.id, 1, k.scheduled_at, 'Sale!', 'sent', k.scheduled_at"
        "   FROM contacts c, campaigns k WHERE c.name = 'Ann'"
    )
    await do("UPDATE workspaces SET frequency_cap = NULL")
    assert "⏳" not in await refreshed(ann)
    assert "✓ today 08:00 Raya sale · sent\n   Sale!" in ann.text
    await do("UPDATE workspaces SET frequency_cap = 1")
    assert "⏳ they had a message of “Raya sale” today; it goes tomorrow 11:00" in await refreshed(ann)
    assert "It goes tomorrow 11:00 at the earliest" in ann.text
    await do("UPDATE sequences SET missed_policy = 'skip'")
    assert "⏳ they had a message of “Raya sale” today: it is left out" in await refreshed(ann)


async def test_both_time_zones(ann, do):
    await do("UPDATE sequence_contacts SET time_zone = 'Europe/London'")
    assert "Next: Day 1 11:00 · today 03:00 London = 11:00 Kuala Lumpur" in await refreshed(ann)


async def test_what_was_sent_and_answered(ann, container, database, clock, do):
    await do(
        "INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body, outcome, sent_at)"
        " SELECT workspace_id, 'test', id, device_id, now(), 'Hello there', 'sent', '2026-01-04 09:00+08'"
        "   FROM contacts WHERE name = 'Ann'"
    )
    inbox = Inbox(database, clock)
    for number in range(8):
        await inbox.receive(1, Inbound(f"in-{number}", "+15550100001", f"Answer {number}"))
    assert "Lately\n💬 today 10:00 “Answer 7”" in await refreshed(ann)
    assert "⏳ they replied today 10:00: “Answer" in ann.text
    await ann.press("📜 History")
    assert "Answer 7" in ann.text
    await ann.press("Older ›")
    assert "page 2" in ann.text
    assert "✓ yesterday 09:00 test · sent\n   Hello there" in ann.text
    assert "Older ›" not in ann.buttons
    await ann.press("‹ Newer")
    assert "Answer 7" in ann.text


async def test_pause_and_resume_say_who_and_what_will_happen(ann, clock, owner):
    await ann.press("✉️ Welcome")
    await ann.press_times("⏸ Pause", 5)
    assert "⏸ paused · 0 of 3" in ann.text
    assert "⏳ paused by Owner of Acme today 10:00" in ann.text
    clock.set(datetime(2026, 1, 7, 10, tzinfo=ZONE))
    await ann.press("▶️ Resume")
    assert ann.text == (
        "Resume Ann in “Welcome”?\n\nIt was due Mon 5 Jan 11:00. “Day 1 11:00” goes out today 11:00."
    )
    await ann.press("Keep paused")
    assert "⏸ paused" in ann.text
    await ann.press("▶️ Resume")
    await ann.press("▶️ Resume")
    assert ann.toast.text == "It goes on where it stopped."
    assert "on their way" in ann.text


async def test_move_ahead_is_told_before_it_is_done(ann):
    await ann.press("✉️ Welcome")
    await ann.press("↪️ Move to…")
    assert ann.buttons[:3] == [
        "▸ Day 1 11:00 · text of 1", "Day 2 11:00 · text of 2", "Day 3 11:00 · text of 3",
    ]  # fmt: skip
    await ann.press("Day 3 11:00 · text of 3")
    assert ann.text == "Ann gets “Day 3 11:00” today 11:00; “Day 1 11:00” and “Day 2 11:00” are passed over."
    await ann.press("Leave as it is")
    assert "Next: Day 1 11:00" in ann.text
    await ann.press("↪️ Move to…")
    await ann.press("Day 3 11:00 · text of 3")
    await ann.press("↪️ Move")
    assert "on their way · 2 of 3" in ann.text
    assert "Next: Day 3 11:00 · today 11:00" in ann.text


async def test_move_back_begins_a_new_run(ann):
    await ann.press("✉️ Welcome")
    await ann.press("↪️ Move to…")
    await ann.press("Day 3 11:00 · text of 3")
    await ann.press("↪️ Move")
    await ann.press("↪️ Move to…")
    await ann.press("✓ Day 2 11:00 · text of 2")
    assert "They are past it, so a new run begins here, and “Day 3 11:00” follows once more." in ann.text
    await ann.press("↪️ Move")
    assert "on their way · 1 of 3 · run 2" in ann.text
    await ann.press("‹ Back")
    assert "Welcome · left · 2 of 3: moved to another message today 10:00" in ann.text
    assert ann.buttons.count("✉️ Welcome") == 1


async def test_to_where_they_are_nothing_is_offered(ann, container, database, clock):
    clock.set(datetime(2026, 1, 5, 11, tzinfo=ZONE))
    await SequenceProcessor(database).run_once(clock.now())
    await ann.press("✉️ Welcome")
    await ann.press("↪️ Move to…")
    await ann.press("▸ Day 1 11:00 · text of 1")
    assert "Ann waits for “Day 1 11:00” already" in ann.text
    assert "↪️ Move" not in ann.buttons


async def test_remove_asks_once(ann):
    await ann.press("✉️ Welcome")
    await ann.press("✖️ Remove")
    assert "Remove Ann from “Welcome”?" in ann.text
    await ann.press("✖️ Remove")
    assert ann.toast.text == "Removed."
    assert "left · 0 of 3: removed by hand today 10:00" in ann.text
    assert "⏸ Pause" not in ann.buttons
    assert "↪️ Move to…" in ann.buttons  # they may be brought back


async def test_opt_out_by_hand_asks_and_cannot_be_undone_here(ann):
    await ann.press("🚫 Opt out")
    assert "only when they write START themselves" in ann.text
    await ann.press("🚫 Opt out")
    assert ann.toast.text == "Opted out. Nothing more is sent to them."
    assert "🚫 opted out today 10:00 · noted by hand" in ann.text
    assert {"🚫 Opt out", "➕ Add to a sequence"}.isdisjoint(ann.buttons)


async def test_add_to_a_sequence(ann, do):
    await ann.press("➕ Add to a sequence")
    await ann.press("Welcome · active")
    assert ann.text == "Welcome\n\nNobody of them can join.\nLeft out: 1 in it already."
    await ann.press("‹ Back")
    await ann.press("‹ Back")
    await ann.press("✉️ Welcome")
    await ann.press("✖️ Remove")
    await ann.press("✖️ Remove")
    await do("UPDATE sequences SET reentry_policy = 'after_exit'")
    await ann.press("‹ Back")
    await ann.press("➕ Add to a sequence")
    await ann.press("Welcome · active")
    await ann.press("✅ All at once")
    await ann.press("‹ Back")
    assert "Welcome · on their way · 0 of 3 · run 2" in ann.text


async def test_a_customer_leaves_what_was_to_win_them(ann, do):
    await do("UPDATE sequences SET niche = 'Solar'")
    await ann.press("🤝 Customer")
    assert "Has Ann become a customer?" in ann.text
    await ann.press("🏷 Solar")
    assert ann.toast.text == "🤝 Noted. They have left 1 sequence."
    assert "🏷 Solar (customer)" in ann.text
    assert "left · 0 of 3: they became a customer today 10:00" in ann.text
    await ann.press("🤝 Customer")
    await ann.press("🤝 Everything")
    assert ann.toast.text == "🤝 Noted."


async def test_the_time_zone_is_typed_as_a_city(ann):
    await ann.press("🕓 Time zone")
    await ann.say("Atlantis")
    assert "No time zone is named after “Atlantis”" in ann.answer
    await ann.say("new york")
    assert "🕓 New York" in ann.text
    await ann.press("🕓 Time zone")
    await ann.press("Not known")
    assert "🕓 not known" in ann.text


async def test_everything_stopped_is_the_reason(ann, container, owner):
    await (await container.get(Workspaces)).stop_everything(owner)
    assert "⏳ everything is stopped by Owner of Acme today 10:00: resume at Home" in await refreshed(ann)


async def test_a_viewer_sees_it_and_changes_nothing(newcomer, running):
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("👥 Contacts")
    await viewer.press("🔎 Find")
    await viewer.say("ann")
    await viewer.press("👤 Ann")
    await viewer.press("✉️ Welcome")
    await viewer.press("⏸ Pause")
    assert viewer.toast.text == "Only an operator of this team can do that; you are a viewer."


async def test_a_request_to_stop_is_decided_at_the_card(ann, database, clock):
    inbox = Inbox(database, clock)
    await inbox.receive(1, Inbound("in-1", "+15550100001", "please stop <sending>"))
    assert "❗ They seem to ask to stop. They wrote today 10:00: “please stop <sending>”" in await refreshed(ann)
    await ann.press("Keep them")
    assert ann.toast.text == "Kept. What pauses on a reply stays paused: resume it here."
    assert "seem to ask" not in ann.text
    assert "Keep them" not in ann.buttons

    await inbox.receive(1, Inbound("in-2", "+15550100001", "remove me"))
    await refreshed(ann)
    await ann.press("🚫 Opt out, as they ask")
    assert ann.toast.text == "Opted out. Nothing more is sent to them."
    assert "🚫 opted out today 10:00 · noted by hand" in ann.text


async def test_a_request_to_stop_is_found_from_home(chat, running, database, clock):
    await Inbox(database, clock).receive(1, Inbound("in-1", "+15550100001", "别发了"))
    await chat.press("⟳ Refresh")
    await chat.press("🔔 Alerts (1)")
    await chat.press("👤 1")
    assert "They seem to ask to stop" in chat.text
    await chat.press("‹ Back")
    assert "Open alerts" in chat.text


async def test_the_permission_is_shown_with_its_evidence_and_its_history(ann, database, clock):
    inbox = Inbox(database, clock)
    await inbox.receive(1, Inbound("in-1", "+15550100001", "别发了 <&>"))
    await refreshed(ann)
    await ann.press("🚫 Opt out, as they ask")
    await inbox.receive(1, Inbound("in-2", "+15550100001", "START"))
    await ann.press("🧾 Permission")
    assert ann.text == (
        "Ann · permission\n\n✅ can be sent to · they wrote START “START” today 10:00\n\n"
        "✅ opted in today 10:00 · they wrote START “START”\n"
        "🚫 opted out today 10:00 · noted by hand “别发了 <&>” · noted by Owner of Acme\n"
        "✅ opted in today 10:00 · event “expo.csv” · noted by Owner of Acme"
    )
    await inbox.receive(1, Inbound("in-3", "+15550100001", "stop"))
    await ann.press("‹ Back")
    await ann.press("🧾 Permission")
    assert (
        "🚫 +15550100001 is in the opted-out list: only they bring it back, by START or a link's words."
        in ann.text
    )


async def test_attachments_answers_from_the_phone_and_what_could_not_be_shown(ann, database, clock):
    inbox, phone = Inbox(database, clock), "+15550100001"
    await inbox.receive(1, Inbound("in-1", phone, "our shop", attached="photo"))
    await inbox.receive(1, Inbound("in-2", phone, "", attached="voice message of 12 s"))
    await inbox.receive(1, Inbound("out-1", phone, "Come in!", typed_on_phone=True))
    assert "💬 today 10:00 [photo] “our shop”" in await refreshed(ann)
    assert "💬 today 10:00 [voice message of 12 s]\n" in ann.text
    assert "✓ today 10:00 answer from the phone · sent\n   Come in!" in ann.text
    receipt = ReceiptNote(1, "out-1", ReceiptKind.FAILED, phone, clock.now())
    await Observations(database, clock).receipts([receipt])
    assert "⚠️ today 10:00 answer from the phone · sent, their phone could not show it" in await refreshed(ann)
    await Observations(database, clock).receipts([replace(receipt, kind=ReceiptKind.READ)])
    assert "✓✓ today 10:00 answer from the phone · read 10:00" in await refreshed(ann)
