import pytest
from sqlalchemy import text

from engine.contacts.book import ContactBook
from engine.devices.registry import Devices
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.settings import SequenceRules
from engine.sequences.steps import NewStep
from models import Suppression
from models.enums import ConsentSource, ConsentState, Role

FILE = (
    b"Name,Mobile,Interest\nSiti,0123456789,Yoga\nBob,0198765432,\n<b>Eve</b>,0131112222,\nBad,12,\n"
    b"Known,0123456789,\n"
)


@pytest.fixture
async def book(container) -> ContactBook:
    return await container.get(ContactBook)


@pytest.fixture
async def dropped(chat):
    """The owner's chat after dropping a file of three people and two bad rows."""
    await chat.drop("customers.csv", FILE)
    return chat


async def test_a_file_dropped_at_home_is_reviewed_before_anything_is_saved(dropped, book, owner):
    assert dropped.text == (
        "📄 customers.csv\n\n5 rows read: 3 people (3 new, 0 known already)\n"
        "⚠️ 2 rejected:\n· row 5: too short for a phone number\n· row 6: same number as row 2\n\n"
        "Phone is the column “Mobile”, name “Name”, interest “Interest”.\n"
        "· Siti +60123456789\n· Bob +60198765432\n· <b>Eve</b> +60131112222\n\n"
        "Where did these people opt in? Nothing is saved before you answer."
    )
    assert await book.count(owner) == 0


async def test_the_answer_imports_them_with_that_permission(dropped, book, owner, telegram):
    await dropped.press("Event")
    assert dropped.text == "✅ 3 imported (3 new, 0 updated), 2 rejected\n\n📋 customers · 5 Jan 2026"
    assert telegram.texts_shown[-2] == "⏳ Importing 3 contacts…"
    assert {found.consent for found in await book.find(owner, "+601")} == {ConsentState.OPTED_IN}


async def test_five_quick_presses_import_once(dropped, book, owner):
    await dropped.press_times("Web form", 5)
    assert len(await book.lists(owner)) == 1


async def test_who_opted_out_stays_out(chat, database, owner, clock):
    async with database.transaction() as session:
        session.add(
            Suppression(
                workspace_id=owner.workspace_id,
                phone="+60198765432",
                source=ConsentSource.STOP_WORD,
                evidence="STOP",
                created_at=clock.now(),
            )
        )
    await chat.drop("customers.csv", FILE)
    assert "1 of them opted out: left out" in chat.text
    await chat.press("They wrote first")
    assert "1 opted out and left out" in chat.text


async def test_an_unknown_origin_means_they_cannot_be_sent_to(dropped, book, owner):
    await dropped.press("Don't know → cannot be sent to")
    assert "they cannot be sent to" in dropped.text
    assert {found.consent for found in await book.find(owner, "+601")} == {None}


@pytest.mark.parametrize("imported", [False, True])
async def test_the_rejects_come_back_as_a_file(dropped, telegram, imported):
    if imported:
        await dropped.press("Event")
    screen = dropped.text
    await dropped.press("Rejects as a file")
    assert telegram.sent_files["customers rejects.csv"].decode("utf-8-sig").splitlines() == [
        "Row,Name,Mobile,Interest,Reason",
        "5,Bad,12,,too short for a phone number",
        "6,Known,0123456789,,same number as row 2",
    ]
    assert dropped.last == dropped.text == screen  # the menu is below the file


async def test_rows_with_two_numbers_make_the_count_add_up(chat):
    await chat.drop("two.csv", b"Name,Phone\nSiti,0123456789 / 0198765432\nBob,0131112222\nBad,12\n")
    assert (
        "3 rows read (1 with more than one number, so 4 entries): 3 people (3 new, 0 known already)" in chat.text
    )
    assert "1 rejected" in chat.text
    await chat.press("🏷 Interest: none ▸")
    assert "It counts for all of them." in chat.text


async def test_an_interest_is_given_to_those_without_one(dropped, book, owner):
    await dropped.press("🏷 Interest: column “Interest” ▸")
    assert "The column “Interest” says it for each" in dropped.text
    await dropped.say("x" * 100)
    assert "at most 60" in dropped.answer
    await dropped.say("Kids'  swimming")
    await dropped.press("🏷 Interest: column “Interest”, else Kids' swimming ▸")
    await dropped.press("Only what the column says")
    await dropped.press("🏷 Interest: column “Interest” ▸")
    await dropped.say("Swimming")
    await dropped.press("Event")
    assert {(found.niche, found.contacts) for found in await book.niches(owner)} == {("Swimming", 2), ("Yoga", 1)}


async def test_a_known_interest_is_tapped(dropped, book, owner):
    await dropped.press("Event")
    await dropped.drop("more.csv", b"Phone\n0123334444\n")
    await dropped.press("🏷 Interest: none ▸")
    await dropped.press("🏷 Yoga")
    await dropped.press("Event")
    assert [(found.niche, found.contacts) for found in await book.niches(owner)] == [("Yoga", 2)]


async def test_back_from_the_import_is_where_the_file_was_dropped(chat):
    await chat.press("👥 Contacts")
    await chat.drop("customers.csv", FILE)
    await chat.drop("again.csv", FILE)
    assert chat.text.startswith("📄 again.csv")
    await chat.press("‹ Back")
    assert chat.text.startswith("Contacts")


async def test_a_file_is_taken_before_any_menu_was_opened(chat, newcomer, dispatcher, bot, telegram):
    fresh = type(chat)(dispatcher, bot, telegram, chat.user.id)
    telegram.messages.clear()
    async with dispatcher.storage._database.transaction() as session:
        await session.execute(text("DELETE FROM dialog_states"))
    await fresh.drop("customers.csv", FILE)
    assert fresh.text.startswith("📄 customers.csv")
    await fresh.press("‹ Back")
    assert "👥 Contacts" in fresh.buttons


async def test_a_bad_file_gets_a_helpful_answer_and_the_menu_stays(chat):
    for name, content, answer in (
        ("offer.pdf", b"%PDF-1.7 ...", "This is a PDF"),
        ("people.csv", b"Name,City\nSiti,Ipoh\n", "No column with phone numbers"),
        ("people.csv", bytes(range(256)) * 40, "not a text file"),
        ("people.xlsx", b"PK\x03\x04 xl/workbook.xml", "Excel workbook"),
        ("people.csv", b"", "The file is empty"),
    ):
        await chat.drop(name, content)
        assert answer in chat.answer
    await chat.press("👥 Contacts")
    assert "Nobody is here yet" in chat.text


async def test_a_file_too_big_for_telegram_is_not_even_fetched(chat, telegram):
    await chat.drop("people.csv", b"", size=30_000_000)
    assert chat.answer == "This file is too big: split it, and send parts of at most 20 MB."


async def test_a_file_without_one_good_row_offers_only_its_rejects(chat):
    await chat.drop("people.csv", b"Phone\n12\n13\n")
    assert "None of the rows can be used" in chat.text
    assert chat.buttons == ["Rejects as a file", "‹ Back", "⌂ Home"]


async def test_a_file_that_telegram_has_lost_meanwhile_is_kept_here(dropped, telegram, book, owner):
    telegram.files.clear()
    await dropped.press("Event")
    assert await book.count(owner) == 3


async def test_a_photo_is_answered_with_what_to_send(chat):
    await chat.drop_photo()
    assert "send a CSV file" in chat.answer


async def test_a_viewer_imports_nothing(newcomer, book, owner):
    viewer = await newcomer(Role.VIEWER)
    await viewer.drop("customers.csv", FILE)
    assert "you are a viewer" in viewer.answer
    assert await book.count(owner) == 0


class TestAddingToASequence:
    @pytest.fixture
    async def sequence(self, container, owner) -> int:
        device = await (await container.get(Devices)).add_simulated(owner, "Sales-1")
        editor = await container.get(SequenceEditor)
        return await editor.create(
            owner, name="Welcome <week>", device_ids=[device], niche=None, skip_weekends=False
        )

    async def test_an_imported_list_joins(self, sequence, dropped):
        await dropped.press("Event")
        await dropped.press("✉️ Add to a sequence")
        await dropped.press("Welcome <week> · draft")
        await dropped.press("✅ All at once")
        assert dropped.text == (
            "Welcome <week>\n\n3 joined\n\nIt is a draft: nothing goes out until you start it."
        )
        await dropped.press("Open the sequence")
        assert dropped.text.startswith("Welcome <week>")
        assert "3 people" in dropped.text

    async def test_a_file_dropped_into_its_messages_is_one_of_them(self, sequence, dropped):
        await dropped.press("Event")
        await dropped.press("✉️ Add to a sequence")
        await dropped.press("Welcome <week> · draft")
        await dropped.press("✅ All at once")
        await dropped.press("Open the sequence")
        await dropped.press("✉️ Messages")
        await dropped.drop("price list.csv", FILE)
        assert "opt in?" not in dropped.text

    async def test_the_refused_are_told_in_words(self, sequence, dropped):
        await dropped.press("Don't know → cannot be sent to")
        await dropped.press("✉️ Add to a sequence")
        await dropped.press("Welcome <week> · draft")
        assert dropped.text == (
            "Welcome <week> · list “customers · 5 Jan 2026”\n\n"
            "Nobody of them can join.\nLeft out: 3 without permission."
        )

    async def test_five_quick_presses_add_them_once(self, sequence, dropped):
        await dropped.press("Event")
        await dropped.press("✉️ Add to a sequence")
        await dropped.press_times("Welcome <week> · draft", 5)
        await dropped.press_times("✅ All at once", 5)
        assert "3 joined" in dropped.text

    async def test_an_older_list_joins_too(self, sequence, dropped):
        await dropped.press("Event")
        await dropped.press("👥 Contacts")
        await dropped.press("📋 Lists")
        await dropped.press("customers · 5 Jan 2026 · 3")
        await dropped.press("Welcome <week> · draft")
        await dropped.press("✅ All at once")
        assert "3 joined" in dropped.text
        await dropped.press("‹ Back")
        assert dropped.text.startswith("Lists")

    async def test_who_thinks_again_comes_back_to_the_choice_of_a_sequence(self, sequence, dropped):
        await dropped.press("Event")
        await dropped.press("✉️ Add to a sequence")
        await dropped.press("Welcome <week> · draft")
        await dropped.press("‹ Back")
        assert "Which sequence are these people to join?" in dropped.text

    async def test_new_leads_that_join_by_themselves_are_told(self, sequence, dropped, container, owner):
        rules, control = await container.get(SequenceRules), await container.get(SequenceControl)
        editor = await container.get(SequenceEditor)
        await editor.add_steps(owner, sequence, [NewStep(1, None, None, "Hi")])
        await control.start(owner, sequence)
        await rules.change(owner, sequence, niche="Yoga", auto_enroll=True)
        await dropped.press("Event")
        assert "➡️ 1 joined Welcome <week> by themselves" in dropped.text

    async def test_without_a_sequence_one_is_made_first(self, dropped):
        await dropped.press("Event")
        await dropped.press("✉️ Add to a sequence")
        assert "There is no sequence yet" in dropped.text
        await dropped.press("+ New sequence")
        assert "What is it called?" in dropped.text
