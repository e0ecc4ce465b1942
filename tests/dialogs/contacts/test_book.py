import pytest
from sqlalchemy import update

from engine.contacts.importing import ContactImports
from engine.devices.registry import Devices
from engine.sequences.editor import SequenceEditor
from models import Contact, Suppression
from models.enums import ConsentSource, Role
from tests.imports import bring_in

HEADER = b"Name,Phone,Interest\n"
SITI = b"<i>Siti</i> & co,0123456789,Yoga\n"
OTHERS = b"Bob,0198765432,\nEve,0131112222,\n"


@pytest.fixture
async def people(container, database, owner, clock) -> None:
    """Siti can be sent to, Bob opted out, nobody knows where Eve opted in."""
    imports = await container.get(ContactImports)
    async with database.transaction() as session:
        session.add(
            Suppression(
                workspace_id=owner.workspace_id,
                phone="+60198765432",
                source=ConsentSource.STOP_WORD,
                evidence="<STOP>",
                created_at=clock.now(),
            )
        )
    await bring_in(imports, owner, HEADER + SITI, "siti.csv", source=ConsentSource.EVENT)
    await bring_in(imports, owner, HEADER + SITI + OTHERS, "all.csv", source=None)


@pytest.fixture
async def contacts(chat):
    await chat.press("👥 Contacts")
    return chat


async def test_an_empty_book_says_how_to_fill_it(contacts):
    assert "Nobody is here yet." in contacts.text
    assert "Drop a CSV or Excel file into this chat" in contacts.text
    assert "📄 Export all as CSV" not in contacts.buttons
    for label, answer in (("📋 Lists", "every import makes one"), ("🚫 Opted out", "Nobody.")):
        await contacts.press(label)
        assert answer in contacts.text
        await contacts.press("‹ Back")


async def test_the_book_counts_people_lists_and_opted_out(people, contacts):
    assert contacts.text.startswith(
        "Contacts\n\n👥 3 contacts · 1 opted out\n\n"
        "Latest lists:\n📋 all · 5 Jan 2026 · 3\n📋 siti · 5 Jan 2026 · 1\n"
    )


async def test_people_are_found_with_whether_they_can_be_sent_to(people, contacts):
    await contacts.press("🔎 Find")
    for query, found in (
        ("siti", "<i>Siti</i> & co +60123456789\n✅ can be sent to · 🏷 Yoga"),
        ("0198765", "Bob +60198765432\n🚫 opted out"),
        ("EVE", "Eve +60131112222\n⚠️ no permission"),
    ):
        await contacts.say(query)
        assert contacts.text.startswith(f"Find\n\n{found}")


async def test_nobody_found_is_said_and_one_can_ask_again(people, contacts):
    await contacts.press("🔎 Find")
    await contacts.say("<nobody>" + "x" * 4000)
    assert "Nobody matches “<nobody>x" in contacts.text
    await contacts.say("bob")
    assert "Bob +60198765432" in contacts.text


async def test_opted_out_shows_who_and_why(people, contacts):
    await contacts.press("🚫 Opted out")
    assert contacts.text.startswith("Opted out · 1\n\n+60198765432 Bob\nwrote “<STOP>” · today 10:00\n\n")


@pytest.mark.parametrize("query", ["yoga", "city = ipoh", "City:Ipoh"])
async def test_people_are_found_by_interest_and_attribute(people, contacts, database, query):
    async with database.transaction() as session:
        await session.execute(update(Contact).where(Contact.name != "Eve").values(attributes={"city": "Ipoh"}))
    await contacts.press("🔎 Find")
    await contacts.say(query)
    assert "<i>Siti</i> & co +60123456789" in contacts.text
    assert "Eve" not in contacts.text


async def test_what_is_typed_into_the_book_is_looked_for(people, contacts):
    await contacts.say("bob")
    assert contacts.text.startswith("Find\n\nBob +60198765432")
    await contacts.press("‹ Back")
    await contacts.say("0198765")  # a part of a number, not a whole one
    assert contacts.text.startswith("Find\n\nBob +60198765432")


async def test_everybody_as_a_file(people, contacts, telegram):
    await contacts.press("📄 Export all as CSV")
    lines = telegram.sent_files["contacts.csv"].decode("utf-8-sig").splitlines()
    assert lines[0] == "Phone,Name,Interests,Permission,Evidence,Time zone"
    assert lines[1].startswith("'+60123456789,<i>Siti</i> & co,Yoga,can be sent to,event: ")
    assert len(lines) == 4
    assert contacts.last == contacts.text  # the menu is below the file


async def test_a_viewer_takes_no_file_of_everybody(people, newcomer, telegram):
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("👥 Contacts")
    await viewer.press("📄 Export all as CSV")
    assert "you are a viewer" in viewer.toast.text
    assert telegram.sent_files == {}


class TestLists:
    @pytest.fixture
    async def siti(self, people, contacts):
        """The card of a list of three."""
        await contacts.press("📋 Lists")
        await contacts.press("all · 5 Jan 2026 · 3")
        return contacts

    async def test_a_list_says_whom_it_can_reach(self, siti):
        assert siti.text == (
            "📋 all · 5 Jan 2026\n\n👥 3 people\n✅ 1 can be sent to\n🚫 1 opted out\n⚠️ 1 without permission\n\n"
            "made today 10:00 by Owner of Acme"
        )
        assert siti.buttons == [
            "📣 Campaign", "✉️ Add to a sequence", "📄 Export CSV", "✏️ Rename", "🗑 Delete list", "📥 Its import",
            "‹ Back", "⌂ Home",
        ]  # fmt: skip

    async def test_its_people_are_added_to_a_sequence(self, siti, container, owner):
        device = await (await container.get(Devices)).add_simulated(owner, "Sales-1")
        editor = await container.get(SequenceEditor)
        await editor.create(owner, name="Welcome", device_ids=[device], niche=None, skip_weekends=False)
        await siti.press("✉️ Add to a sequence")
        await siti.press("Welcome · draft")
        await siti.press("✅ All at once")
        assert "1 joined" in siti.text
        await siti.press("‹ Back")
        assert siti.text.startswith("📋 all · 5 Jan 2026")

    async def test_it_comes_as_a_file(self, siti, telegram):
        await siti.press("📄 Export CSV")
        (name,) = telegram.sent_files
        assert name == "all · 5 Jan 2026.csv"
        assert telegram.sent_files[name].count(b"\n") == 4

    async def test_it_is_renamed(self, siti):
        await siti.press("✏️ Rename")
        await siti.say("x" * 100)
        assert "at most 60" in siti.answer
        await siti.say("Expo <2026>")
        assert siti.text.startswith("📋 Expo <2026>")

    async def test_it_is_deleted_and_its_people_stay(self, siti):
        await siti.press_times("🗑 Delete list", 2)
        assert "Delete the list “all · 5 Jan 2026”?" in siti.text
        assert "Its 3 people stay in your contacts" in siti.text
        await siti.press("Keep it")
        await siti.press("🗑 Delete list")
        await siti.press("🗑 Delete list")
        assert siti.toast.text == "The list is gone. Its people are still in your contacts."
        assert "all · 5 Jan 2026 · 3" not in siti.buttons
        await siti.press("‹ Back")
        assert "👥 3 contacts" in siti.text

    async def test_its_import_is_a_tap_away(self, siti):
        await siti.press("📥 Its import")
        assert siti.text.startswith("📥 all.csv")
        await siti.press("‹ Back")
        assert siti.text.startswith("📋 all")

    async def test_a_viewer_sees_it_and_changes_nothing(self, people, newcomer):
        viewer = await newcomer(Role.VIEWER)
        await viewer.press("👥 Contacts")
        await viewer.press("📋 Lists")
        await viewer.press("all · 5 Jan 2026 · 3")
        assert "👥 3 people" in viewer.text
        await viewer.press("🗑 Delete list")
        await viewer.press("🗑 Delete list")
        assert "you are a viewer" in viewer.toast.text
        await viewer.press("‹ Back")
        await viewer.press("✏️ Rename")
        await viewer.say("Mine")
        assert "you are a viewer" in viewer.answer


async def test_of_many_found_it_is_said_that_there_are_more(contacts, container, owner):
    rows = "".join(f"Visitor {number},01234500{number:02}\n" for number in range(9))
    await bring_in(await container.get(ContactImports), owner, f"Name,Phone\n{rows}".encode(), "v.csv")
    await contacts.say("visitor")
    assert "Visitor 7 " in contacts.text
    assert "Visitor 8 " not in contacts.text
    assert "These are the first 8: type more of it to see the others." in contacts.text
    assert [button for button in contacts.buttons if button.startswith("👤")] == [
        f"👤 Visitor {number}" for number in range(8)
    ]
    await contacts.say("visitor 8")
    assert "type more of it" not in contacts.text


async def test_a_part_of_a_known_number_finds_them_though_it_may_be_a_number_itself(people, contacts, owner):
    await contacts.say("12345678")
    assert contacts.text.startswith("Find\n\n<i>Siti</i> & co +60123456789")
    await contacts.press("➕ Add this number")
    assert "+6012345678\nNot in your contacts yet." in contacts.text
