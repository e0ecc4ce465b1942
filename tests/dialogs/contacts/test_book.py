import pytest

from engine.contacts.importing import ContactImports
from models import Suppression
from models.enums import ConsentSource
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
    assert "Drop a CSV file into this chat" in contacts.text
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
    assert contacts.text == "Opted out · 1\n\n+60198765432 Bob\nwrote “<STOP>” · today 10:00"
