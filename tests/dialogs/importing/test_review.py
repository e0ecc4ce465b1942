"""A dropped file: what was read of it, and what can be corrected, before anything is saved."""

import io
import zipfile

import pytest
from sqlalchemy import text

from bot.dialogs.importing import files
from models import Suppression
from models.enums import ConsentSource, ConsentState, Role
from tests.imports import bring_in

from .conftest import FILE


async def test_a_file_dropped_at_home_is_reviewed_before_anything_is_saved(dropped, book, owner):
    assert dropped.text == (
        "📄 customers.csv\n5 rows read\n\n3 new, 2 rejected\n"
        "⚠️ Rejected:\n· row 5: too short for a phone number\n· row 6: same number as row 2\n\n"
        "Columns by comma , · headers in row 1 · numbers of Malaysia\n"
        "Phone “Mobile” · name “Name” · interest “Interest”\n"
        "· Siti +60123456789\n· Bob +60198765432\n· <b>Eve</b> +60131112222\n\n"
        "Where did these people opt in? A tap starts the import; nothing is saved before.\n"
        "What you type here is kept as evidence."
    )
    assert dropped.buttons == [
        "Web form", "Event", "Bought from us", "They wrote first", "Don't know → cannot be sent to",
        "📱 Mobile ▸", "👤 Name ▸", "🏷 Interest: by column ▸", "📝 For all: none ▸",
        "↕️ Headers: row 1 ▸", "🌍 Malaysia ▸", "▥ By comma , ▸", "🔤 UTF-8 ▸", "Rejects as a file", "‹ Back", "⌂ Home",
    ]  # fmt: skip
    assert await book.count(owner) == 0


async def test_the_answer_imports_them_with_that_permission(dropped, book, owner, work):
    await dropped.press("Event")
    assert "⏳ Importing …" in dropped.text
    await work()
    await dropped.press("⟳ Refresh")
    assert dropped.text == (
        "📥 customers.csv\n\n✅ Imported\n3 imported (3 new, 0 updated), 2 rejected\n\n📋 customers · 5 Jan 2026"
    )
    assert {found.consent for found in await book.find(owner, "+601")} == {ConsentState.OPTED_IN}


async def test_what_is_typed_on_the_review_is_kept_as_evidence(dropped, work, database):
    await dropped.say("stall 4 at the <expo>, 3 May")
    assert "Evidence: “stall 4 at the <expo>, 3 May”" in dropped.text
    await dropped.press("Event")
    await work()
    async with database.transaction() as session:
        (evidence,) = set(await session.scalars(text("SELECT evidence FROM consents")))
    assert "stall 4 at the <expo>, 3 May" in evidence


async def test_five_quick_presses_import_once(dropped, book, owner, work):
    await dropped.press_times("Web form", 5)
    await work()
    assert len(await book.lists(owner)) == 1


async def test_who_opted_out_stays_out(chat, database, owner, clock, work):
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
    assert "3 new, 2 rejected, 1 opted out earlier (stay out)" in chat.text
    await chat.press("They wrote first")
    await work()
    await chat.press("⟳ Refresh")
    assert "1 opted out and left out" in chat.text


async def test_an_unknown_origin_means_they_cannot_be_sent_to(dropped, book, owner, work):
    await dropped.press("Don't know → cannot be sent to")
    await work()
    await dropped.press("⟳ Refresh")
    assert "they cannot be sent to" in dropped.text
    assert {found.consent for found in await book.find(owner, "+601")} == {None}


async def test_rows_with_two_numbers_make_the_count_add_up(chat):
    await chat.drop("two.csv", b"Name,Phone\nSiti,0123456789 / 0198765432\nBob,0131112222\nBad,12\n")
    assert "3 rows read (1 with more than one number, so 4 entries)\n\n3 new, 1 rejected" in chat.text
    await chat.press("🏷 Interest: none ▸")
    assert "It counts for all of them." in chat.text


async def test_landlines_are_pointed_out(chat):
    await chat.drop("two.csv", b"Name,Phone\nSiti,0123456789\nOffice,03-2161 1234\n")
    assert "☎️ 1 landline: WhatsApp may not reach it\n\nColumns by" in chat.text


async def test_a_column_called_no_does_not_read_as_none(chat):
    await chat.drop("list.csv", b"No.,Name,Phone\n7,Siti,0123456789\n")
    assert "Attributes: “no”" in chat.text


async def test_who_is_known_is_updated_or_left_as_they_are(dropped, imports, owner, work, book):
    await bring_in(imports, owner, b"Name,Phone\nOld,0123456789\n", "old.csv")
    await dropped.drop("customers.csv", FILE)
    assert "2 new, 1 updated, 2 rejected" in dropped.text
    assert {"✓ Update them", "Leave as they are"} <= set(dropped.buttons)
    await dropped.press("Leave as they are")
    assert "2 new, 1 known already (left as they are), 2 rejected" in dropped.text
    assert "✓ Leave as they are" in dropped.buttons
    await dropped.press("Event")
    await work()
    await dropped.press("⟳ Refresh")
    assert "3 imported (2 new, 0 updated, 1 left as they were), 2 rejected" in dropped.text
    assert [found.name for found in await book.find(owner, "0123456789")] == ["Old"]


class TestCorrections:
    async def test_the_column_of_the_phones_and_of_the_names(self, chat, book, owner, work):
        await chat.drop("people.csv", b"First,Last,Home,Mobile\nSiti,Lim,0198765432,0123456789\n")
        assert "Phone “Mobile” · name “First + Last”" not in chat.text  # it is no known pair of headers
        await chat.press("📱 Mobile ▸")
        assert {"First", "Home", "✓ Mobile"} <= set(chat.buttons)
        await chat.press("Home")
        assert "Phone “Home”" in chat.text
        await chat.press(next(label for label in chat.buttons if label.startswith("👤")))
        for name in ("First", "Last"):
            if name in chat.buttons:
                await chat.press(name)
        assert {"✓ First", "✓ Last"} <= set(chat.buttons)
        await chat.press("Use these ›")
        assert "Phone “Home” · name “First + Last”" in chat.text
        assert "· Siti Lim +60198765432" in chat.text

    async def test_the_separator(self, chat):
        await chat.drop("people.csv", b"Name|Phone\nSiti, Ms|0123456789\n")
        await chat.press("▥ By bar | ▸")
        await chat.press("comma ,")
        assert "Columns by comma ," in chat.text
        assert "· Siti, Ms" not in chat.text
        await chat.press("▥ By comma , ▸")
        await chat.press("bar |")
        assert "· Siti, Ms +60123456789" in chat.text

    async def test_the_encoding(self, chat):
        await chat.drop("people.csv", "Name,Phone\nJosé,0123456789\n".encode("cp1252"))
        assert "· José +60123456789" in chat.text
        await chat.press("🔤 Western (Windows) ▸")
        await chat.press("Chinese (Big5)")
        assert "· José" not in chat.text

    async def test_the_row_of_the_headers(self, chat):
        await chat.drop("people.csv", b"Our people\n\nName,Phone\nSiti,0123456789\nBob,0198765432\n")
        await chat.press("↕️ Headers: row 3 ▸")
        await chat.say("three")
        assert "Type the number of a row" in chat.answer
        await chat.say("4")
        assert "headers in row 4" in chat.text
        assert "1 new" in chat.text
        await chat.press("↕️ Headers: row 4 ▸")
        await chat.press("No headers")
        assert "no headers" in chat.text

    async def test_the_country(self, dropped):
        await dropped.drop("sg.csv", b"Name,Phone\nSiti,9123 4567\n")
        await dropped.press("🌍 Malaysia ▸")
        await dropped.say("singapore")
        assert "numbers of Singapore" in dropped.text
        assert "· Siti +6591234567" in dropped.text
        await dropped.press("🌍 Singapore ▸")
        await dropped.press("🇲🇾 Malaysia")
        assert "numbers of Malaysia" in dropped.text

    @pytest.mark.parametrize("patience", [files.PATIENCE, 0.0])
    async def test_the_sheet(self, chat, monkeypatch, patience):
        monkeypatch.setattr(files, "PATIENCE", patience)
        ann, ben = [["Name", "Phone"], ["Ann", "0123456789"]], [["Name", "Phone"], ["Ben", "0198765432"]]
        await chat.drop("book.xlsx", workbook({"Staff": ann, "People": ben, "Notes": [["Nobody"]]}))
        await chat.press("📑 Staff ▸")
        await chat.press("People")
        assert "Sheet “People”" in chat.text
        assert "· Ben +60198765432" in chat.text
        assert not any(label.startswith("▥") for label in chat.buttons)
        await chat.press("📑 People ▸")
        await chat.press("Notes")
        assert "No column with phone numbers" in chat.toast.text
        if patience:
            await chat.press("‹ Back")
        assert "Sheet “People”" in chat.text

    async def test_a_correction_that_takes_long_is_told(self, dropped, monkeypatch, telegram):
        monkeypatch.setattr(files, "PATIENCE", 0.0)
        await dropped.press("🌍 Malaysia ▸")
        await dropped.press("🇸🇬 Singapore")
        assert "⏳ Reading the file again …" in telegram.texts_shown
        assert "numbers of Singapore" in dropped.text


class TestOfTheWhole:
    async def test_an_interest_is_given_to_those_without_one(self, dropped, book, owner, work):
        await dropped.press("🏷 Interest: by column ▸")
        assert "The column “Interest” says it for each" in dropped.text
        await dropped.say("x" * 100)
        assert "at most 60" in dropped.answer
        await dropped.say("Kids'  swimming")
        await dropped.press("🏷 Interest: by column, else Kids' swimming ▸")
        await dropped.press("Only what the column says")
        await dropped.press("🏷 Interest: by column ▸")
        await dropped.say("Swimming")
        await dropped.press("Event")
        await work()
        assert {(one.niche, one.contacts) for one in await book.niches(owner)} == {("Swimming", 2), ("Yoga", 1)}

    async def test_a_known_interest_is_tapped(self, imported, book, owner, work):
        await imported.drop("more.csv", b"Phone\n0123334444\n")
        await imported.press("🏷 Interest: none ▸")
        await imported.press("🏷 Yoga")
        await imported.press("Event")
        await work()
        assert [(one.niche, one.contacts) for one in await book.niches(owner)] == [("Yoga", 2)]

    async def test_the_column_of_the_interests(self, dropped):
        await dropped.press("🏷 Interest: by column ▸")
        await dropped.press("▤ By column: Interest ▸")
        await dropped.press("No column")
        assert "no interest" in dropped.text
        await dropped.press("🏷 Interest: none ▸")
        await dropped.press("▤ By column: none ▸")
        await dropped.press("Interest")
        assert "interest “Interest”" in dropped.text

    async def test_an_attribute_is_given_to_everybody(self, dropped, database, work):
        await dropped.press("📝 For all: none ▸")
        await dropped.say("Ipoh")
        assert "such as city = Ipoh" in dropped.answer
        await dropped.say("City = <Ipoh>")
        await dropped.say("source: expo")
        await dropped.press("✖️ source: expo")
        await dropped.press("‹ Back")
        assert "For all: city: <Ipoh>" in dropped.text
        await dropped.press("Event")
        await work()
        async with database.transaction() as session:
            attributes = await session.scalars(text("SELECT DISTINCT attributes FROM contacts"))
            assert list(attributes) == [{"city": "<Ipoh>"}]


async def test_a_file_that_takes_long_is_announced(chat, monkeypatch, telegram):
    monkeypatch.setattr(files, "PATIENCE", 0.0)
    await chat.drop("customers.csv", FILE)
    assert "⏳ Reading customers.csv …" in telegram.texts_shown
    assert chat.last.startswith("📄 customers.csv")
    assert not any("Reading" in (message.text or "") for message in telegram.messages.values())
    await chat.drop("people.csv", b"Name,City\nSiti,Ipoh\n")
    assert "No column with phone numbers" in chat.answer


async def test_back_from_the_import_is_where_the_file_was_dropped(chat):
    await chat.press("👥 Contacts")
    await chat.drop("customers.csv", FILE)
    await chat.drop("again.csv", FILE)
    assert chat.text.startswith("📄 again.csv")
    await chat.press("‹ Back")
    assert chat.text.startswith("Contacts")


async def test_a_file_is_taken_before_any_menu_was_opened(chat, dispatcher, bot, telegram):
    fresh = type(chat)(dispatcher, bot, telegram, chat.user.id)
    telegram.messages.clear()
    async with dispatcher.storage._database.transaction() as session:
        await session.execute(text("DELETE FROM dialog_states"))
    await fresh.drop("customers.csv", FILE)
    assert fresh.text.startswith("📄 customers.csv")
    await fresh.press("‹ Back")
    assert "👥 Contacts" in fresh.buttons


@pytest.mark.parametrize(
    ("name", "content", "answer"),
    [
        ("offer.pdf", b"%PDF-1.7 ...", "This is a PDF"),
        ("people.csv", b"Name,City\nSiti,Ipoh\n", "No column with phone numbers"),
        ("people.csv", bytes(range(256)) * 40, "not a text file"),
        ("people.csv", b"", "The file is empty"),
    ],
)
async def test_a_bad_file_gets_a_helpful_answer_and_the_menu_stays(chat, name, content, answer):
    await chat.drop(name, content)
    assert answer in chat.answer
    await chat.press("👥 Contacts")
    assert "Nobody is here yet" in chat.text


async def test_a_file_that_telegram_has_lost_meanwhile_is_kept_here(dropped, telegram, book, owner, work):
    telegram.files.clear()
    await dropped.press("Event")
    await work()
    assert await book.count(owner) == 3


async def test_a_file_too_big_for_telegram_is_not_even_fetched(chat, telegram):
    await chat.drop("people.csv", b"", size=30_000_000)
    assert chat.answer == "This file is too big: split it, and send parts of at most 20 MB."


async def test_a_file_without_one_good_row_can_be_corrected_but_not_imported(chat):
    await chat.drop("people.csv", b"Phone\n12\n13\n")
    assert "None of the rows can be used" in chat.text
    assert "Event" not in chat.buttons
    assert {"📱 Phone ▸", "Rejects as a file"} <= set(chat.buttons)


async def test_a_photo_is_answered_with_what_to_send(chat):
    await chat.drop_photo()
    assert "send a CSV or Excel file" in chat.answer


async def test_a_viewer_imports_nothing(newcomer, book, owner):
    viewer = await newcomer(Role.VIEWER)
    await viewer.drop("customers.csv", FILE)
    assert "you are a viewer" in viewer.answer
    assert await book.count(owner) == 0


def workbook(sheets: dict[str, list[list[str]]]) -> bytes:
    """The smallest Excel file that holds these cells."""
    names = list(sheets)
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        )
        relations = "http://schemas.openxmlformats.org/package/2006/relationships"
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="r0" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(names, 1))
        archive.writestr(
            "xl/workbook.xml", f'<workbook {main} xmlns:r="{office}"><sheets>{listed}</sheets></workbook>'
        )
        targets = "".join(
            f'<Relationship Id="r{i}" Type="{office}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in range(1, len(names) + 1)
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{relations}">{targets}</Relationships>'
        )
        for number, rows in enumerate(sheets.values(), 1):
            cells = "".join(
                "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>"
                for row in rows
            )
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml", f"<worksheet {main}><sheetData>{cells}</sheetData></worksheet>"
            )
    return packed.getvalue()
