"""An import on its way and after it."""

import asyncio

import pytest
from aiogram.methods import EditMessageText
from sqlalchemy import text

from bot.live import LIVES, LiveCards
from engine.devices.registry import Devices
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.settings import SequenceRules
from engine.sequences.steps import NewStep
from models.enums import Role
from tests.imports import bring_in

from .conftest import FILE


@pytest.fixture
async def do(database):
    async def run(statement: str) -> None:
        async with database.transaction() as session:
            await session.execute(text(statement))

    return run


class TestTheLiveCard:
    async def test_the_bar_moves_by_itself_until_it_is_done(self, dropped, work, a_second_passes, do):
        await dropped.press("Event")
        assert "░░░░░░░░░░░░░░░░ 0 %\nrow 0 of 6" in dropped.text
        await do("UPDATE imports SET rows_done = 3, created = 2")
        await a_second_passes()
        assert "▓▓▓▓▓▓▓▓░░░░░░░░ 50 %\nrow 3 of 6" in dropped.text
        await do("UPDATE imports SET rows_done = 0, created = 0")
        await work()
        await a_second_passes()
        assert "✅ Imported" in dropped.text
        assert "✉️ Start sequence" in dropped.buttons

    async def test_nothing_is_drawn_while_nothing_changes(self, dropped, a_second_passes, telegram):
        await dropped.press("Event")
        shown = len(telegram.texts_shown)
        for _ in range(3):
            await a_second_passes()
        assert len(telegram.texts_shown) == shown

    async def test_who_looks_at_something_else_is_not_disturbed(self, dropped, container, work, telegram):
        await dropped.press("Event")
        await dropped.press("⌂ Home")
        shown = len(telegram.texts_shown)
        await work()
        await (await container.get(LiveCards)).run_once()
        await dropped.press("👥 Contacts")  # waits for whatever the card had asked for
        assert all("Imported" not in words for words in telegram.texts_shown[shown:])
        assert dropped.text.startswith("Contacts")

    async def test_a_press_that_comes_while_it_is_drawn_again_counts(
        self, dropped, container, telegram, monkeypatch
    ):
        """The card is asked to be drawn again in the middle of a press: what the press has done stands."""
        await dropped.press("Event")
        await dropped.press("✖️ Cancel import")  # a change that the card has not seen
        edit, editing, go_on = telegram.make_request, asyncio.Event(), asyncio.Event()

        async def slow(bot, method, timeout=None):  # noqa: ASYNC109 (the signature is the library's)
            if isinstance(method, EditMessageText) and "Undo the import" in method.text:
                editing.set()
                await go_on.wait()
            return await edit(bot, method, timeout)

        monkeypatch.setattr(telegram, "make_request", slow)
        press = asyncio.create_task(dropped.press("↩️ Undo import"))
        await editing.wait()
        assert await (await container.get(LiveCards)).run_once() == 1
        await asyncio.sleep(0.2)  # it has come to where it waits for the press
        go_on.set()
        await press
        await asyncio.sleep(0.2)  # it is drawn
        assert "Undo the import of customers.csv?" in dropped.text

    async def test_ten_minutes_after_the_last_tap_it_says_as_of_when_it_is(
        self, dropped, container, a_second_passes, do
    ):
        live = await container.get(LiveCards)
        await dropped.press("Event")
        now = live._time()
        live._time = lambda: now + LIVES
        await a_second_passes()
        assert dropped.text.endswith("as of 10:00")
        await do("UPDATE imports SET rows_done = 3")
        await a_second_passes()
        assert "row 0 of 6" in dropped.text
        await dropped.press("⟳ Refresh")
        assert "row 3 of 6" in dropped.text
        assert "as of" not in dropped.text

    async def test_after_a_restart_it_can_be_refreshed(self, dropped, container, work):
        await dropped.press("Event")
        (await container.get(LiveCards))._cards.clear()
        await work()
        await dropped.press("⟳ Refresh")
        assert "✅ Imported" in dropped.text


class TestCancelling:
    @pytest.fixture
    async def cancelled(self, dropped):
        await dropped.press("Event")
        await dropped.press_times("✖️ Cancel import", 2)
        return dropped

    async def test_it_can_go_on(self, cancelled, work):
        assert "✖️ Cancelled." in cancelled.text
        await work()
        assert {"▶️ Go on", "↩️ Undo import"} <= set(cancelled.buttons)
        await cancelled.press("▶️ Go on")
        await work()
        await cancelled.press("⟳ Refresh")
        assert "3 imported (3 new, 0 updated), 2 rejected" in cancelled.text

    async def test_a_failure_says_why_and_can_be_tried_again(self, dropped, do, work):
        await dropped.press("Event")
        await do("UPDATE imports SET status = 'failed', failure = 'the disk is <full>'")
        await dropped.press("⟳ Refresh")
        assert "⚠️ It stopped: the disk is <full>" in dropped.text
        await dropped.press("▶️ Go on")
        await work()
        await dropped.press("⟳ Refresh")
        assert "✅ Imported" in dropped.text


class TestUndoing:
    async def test_it_asks_with_what_would_happen(self, imported, book, owner, work):
        await imported.press("↩️ Undo import")
        assert imported.text == "Undo the import of customers.csv?\n\n3 people whom it brought go."
        await imported.press("Keep it")
        assert "✅ Imported" in imported.text
        await imported.press("↩️ Undo import")
        await imported.press_times("↩️ Undo import", 2)
        assert "⏳ Undoing …" in imported.text
        await work()
        await imported.press("⟳ Refresh")
        assert "↩️ Undone" in imported.text
        assert {"↩️ Undo import", "✉️ Start sequence"}.isdisjoint(imported.buttons)
        assert await book.count(owner) == 0

    async def test_two_quick_presses_only_ask(self, imported, book, owner, work):
        await imported.press_times("↩️ Undo import", 2)
        assert "Undo the import of customers.csv?" in imported.text
        await work()
        assert await book.count(owner) == 3

    async def test_who_was_known_before_and_who_stays_are_told(self, dropped, imports, owner, work, do):
        await bring_in(imports, owner, b"Name,Phone\nOld,0123456789\n", "old.csv")
        await dropped.drop("customers.csv", FILE)
        await dropped.press("Event")
        await work()
        await do(
            "INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at)"
            " SELECT workspace_id, phone, 'manual', '', now() FROM contacts WHERE name = 'Bob'"
        )
        await dropped.press("⟳ Refresh")
        await dropped.press("↩️ Undo import")
        assert "1 person whom it brought goes." in dropped.text
        assert "1 person known before: as they were." in dropped.text
        assert "1 person stays: 1 opted out." in dropped.text


@pytest.mark.parametrize("when", ["reviewed", "imported"])
async def test_the_rejects_come_back_as_a_file(dropped, work, telegram, when):
    if when == "imported":
        await dropped.press("Event")
        await work()
        await dropped.press("⟳ Refresh")
    screen = dropped.text
    await dropped.press("Rejects as a file")
    assert telegram.sent_files["customers rejects.csv"].decode("utf-8-sig").splitlines() == [
        "Row,Name,Mobile,Interest,Reason",
        "5,Bad,12,,too short for a phone number",
        "6,Known,0123456789,,same number as row 2",
    ]
    assert dropped.last == dropped.text == screen  # the menu is below the file


async def test_the_latest_imports_open_their_cards(imported):
    await imported.press("⌂ Home")
    await imported.press("👥 Contacts")
    await imported.press("📥 Import")
    assert "The latest imports:" in imported.text
    await imported.press("✅ customers.csv · 3")
    assert imported.text.startswith("📥 customers.csv")
    await imported.press("‹ Back")
    assert imported.text.startswith("📥 Import")


async def test_without_an_import_it_says_how(chat):
    await chat.press("👥 Contacts")
    await chat.press("📥 Import")
    assert "Drop a file into this chat: .csv, .tsv, .txt or .xlsx, up to 20 MB" in chat.text
    assert "The latest imports" not in chat.text


async def test_a_viewer_looks_and_changes_nothing(imported, newcomer, book, owner):
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("👥 Contacts")
    await viewer.press("📥 Import")
    await viewer.press("✅ customers.csv · 3")
    await viewer.press("↩️ Undo import")
    await viewer.press("↩️ Undo import")
    assert "you are a viewer" in viewer.toast.text
    assert await book.count(owner) == 3


class TestStartingASequence:
    @pytest.fixture
    async def sequence(self, container, owner) -> int:
        device = await (await container.get(Devices)).add_simulated(owner, "Sales-1")
        editor = await container.get(SequenceEditor)
        return await editor.create(
            owner, name="Welcome <week>", device_ids=[device], niche=None, skip_weekends=False
        )

    async def test_an_imported_list_joins(self, sequence, imported):
        await imported.press("✉️ Start sequence")
        await imported.press("Welcome <week> · draft")
        await imported.press("✅ All at once")
        assert imported.text == (
            "Welcome <week>\n\n3 joined\n\nIt is a draft: nothing goes out until you start it."
        )
        await imported.press("Open the sequence")
        assert imported.text.startswith("Welcome <week>")
        assert "3 people" in imported.text

    async def test_a_file_dropped_into_its_messages_is_one_of_them(self, sequence, imported):
        await imported.press("✉️ Start sequence")
        await imported.press("Welcome <week> · draft")
        await imported.press("✅ All at once")
        await imported.press("Open the sequence")
        await imported.press("✉️ Messages")
        await imported.drop("price list.csv", FILE)
        assert "opt in?" not in imported.text

    async def test_the_refused_are_told_in_words(self, sequence, dropped, work):
        await dropped.press("Don't know → cannot be sent to")
        await work()
        await dropped.press("⟳ Refresh")
        await dropped.press("✉️ Start sequence")
        await dropped.press("Welcome <week> · draft")
        assert dropped.text == (
            "Welcome <week> · list “customers · 5 Jan 2026”\n\n"
            "Nobody of them can join.\nLeft out: 3 without permission."
        )

    async def test_five_quick_presses_add_them_once(self, sequence, imported):
        await imported.press("✉️ Start sequence")
        await imported.press_times("Welcome <week> · draft", 5)
        await imported.press_times("✅ All at once", 5)
        assert "3 joined" in imported.text

    async def test_who_thinks_again_comes_back_to_the_choice_of_a_sequence(self, sequence, imported):
        await imported.press("✉️ Start sequence")
        await imported.press("Welcome <week> · draft")
        await imported.press("‹ Back")
        assert "Which sequence are these people to join?" in imported.text

    async def test_new_leads_that_join_by_themselves_are_told(self, sequence, dropped, container, owner, work):
        rules, control = await container.get(SequenceRules), await container.get(SequenceControl)
        editor = await container.get(SequenceEditor)
        await editor.add_steps(owner, sequence, [NewStep(1, None, None, "Hi")])
        await control.start(owner, sequence)
        await rules.change(owner, sequence, niche="Yoga", auto_enroll=True)
        await dropped.press("Event")
        await work()
        await dropped.press("⟳ Refresh")
        assert "➡️ 1 joined Welcome <week> by themselves" in dropped.text

    async def test_without_a_sequence_one_is_made_first(self, imported):
        await imported.press("✉️ Start sequence")
        assert "There is no sequence yet" in imported.text
        await imported.press("+ New sequence")
        assert "What is it called?" in imported.text
