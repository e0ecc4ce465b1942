"""Opted out: who is, a list from elsewhere, and the list as a file; clicked."""

import pytest
from sqlalchemy import text

from engine.contacts.importing import ContactImports
from engine.contacts.opt_out_lists import OptOutLists
from models.enums import ConsentSource, Role
from tests.imports import bring_in

LIST = b"phone,why\n+60123456789,bounced\n+60198765432,\n12,\n"


@pytest.fixture
async def at_list(chat, container, owner):
    imports = await container.get(ContactImports)
    csv = b"phone,name\n+60123456789,Siti <b>\n+60111111111,Ali\n"
    await bring_in(imports, owner, csv, "expo.csv", source=ConsentSource.EVENT)
    await chat.press("👥 Contacts")
    await chat.press("🚫 Opted out")
    return chat


@pytest.fixture
async def suppressed(database):
    async def phones() -> list[str]:
        async with database.transaction() as session:
            return list(await session.scalars(text("SELECT phone FROM suppressions ORDER BY 1")))

    return phones


async def test_an_empty_list_says_how_people_come_into_it(at_list):
    assert at_list.text.startswith("Opted out · 0\n\nNobody. Who answers STOP")
    assert "📤 Export" not in at_list.buttons


async def test_a_list_is_reviewed_before_anybody_is_opted_out(at_list, suppressed):
    await at_list.press("📥 Import a list")
    await at_list.drop("old.csv", LIST)
    assert at_list.text.startswith("📄 old.csv\n\n2 numbers: 2 new, 0 already out; 1 cannot be read.\n· row 4: ")
    assert await suppressed() == []
    await at_list.press("No")
    assert await suppressed() == []
    assert "Opted out · 0" in at_list.text


async def test_a_list_is_taken_and_told(at_list, suppressed):
    await at_list.press("📥 Import a list")
    await at_list.drop("old.csv", LIST)
    await at_list.press("🚫 Opt them out")
    assert await suppressed() == ["+60123456789", "+60198765432"]
    assert "⏳ 0 of 2 numbers opted out…" in at_list.texts
    assert at_list.text.startswith("Opted out · 2\n\n✅ 2 new, 0 were out already.\n\n")
    assert "+60123456789 Siti <b>\nan opted-out list “old.csv” · today 10:00" in at_list.text


async def test_a_second_file_takes_the_place_of_the_first(at_list):
    await at_list.press("📥 Import a list")
    await at_list.drop("old.csv", LIST)
    await at_list.drop("new.csv", b"phone\n+60123456789\n")
    assert at_list.text.startswith("📄 new.csv\n\n1 number: 1 new")


async def test_a_file_without_numbers_offers_nothing_to_do(at_list):
    await at_list.press("📥 Import a list")
    await at_list.drop("old.csv", b"phone\n12\n")
    assert "🚫 Opt them out" not in at_list.buttons
    await at_list.press("‹ Back")
    await at_list.drop("old.csv", b"")
    assert "Drop a CSV or Excel file" in at_list.text


async def test_elsewhere_a_dropped_file_is_an_import_of_contacts(at_list, suppressed):
    await at_list.drop("old.csv", LIST)
    assert "Where did these people opt in?" in at_list.text


async def test_a_number_is_looked_for(at_list, container, owner):
    await (await container.get(OptOutLists)).take(owner, LIST, "old.csv")
    await at_list.say("0198-765432")
    assert "+60198765432" in at_list.text
    assert "+60123456789" not in at_list.text
    await at_list.say("7777")
    assert "No number with “7777” in it is opted out." in at_list.text
    await at_list.say("Siti")
    assert "at least 3 digits" in at_list.answer
    await at_list.press("Show the latest")
    assert "+60123456789" in at_list.text


async def test_the_list_is_sent_as_a_file(at_list, container, owner, telegram):
    await (await container.get(OptOutLists)).take(owner, LIST, "old.csv")
    await at_list.press("⌂ Home")
    await at_list.press("👥 Contacts")
    await at_list.press("🚫 Opted out")
    await at_list.press("📤 Export")
    assert b"'+60123456789,2026-01-05 10:00,opt_out_list,old.csv" in telegram.sent_files["opted out.csv"]


async def test_a_viewer_opts_nobody_out(at_list, newcomer, suppressed):
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("👥 Contacts")
    await viewer.press("🚫 Opted out")
    await viewer.press("📥 Import a list")
    await viewer.drop("old.csv", LIST)
    assert "Only an operator" in viewer.answer
    assert await suppressed() == []
