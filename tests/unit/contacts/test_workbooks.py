"""Workbooks: their sheets and cells; and whatever is sent as one, there is an answer to it."""

import random
import time
import zipfile
from contextlib import suppress
from functools import cache
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.contacts import tables, workbook_reader
from engine.contacts.reading import open_contacts
from engine.errors import InvalidInputError
from tests.unit.contacts.files import people, read
from tests.unit.contacts.workbooks import Day, Raw, archive, cell, workbook

SITI = ("Siti Nurhaliza", "+60123456789")
RENE = ("René", "+60198765432")
CONTACTS = [["Name", "Phone"], ["Siti Nurhaliza", "0123456789"], ["René", "0198765432"]]


def test_a_workbook_is_read_as_text_is():
    file = read(workbook({"Leads": CONTACTS}), "leads.xlsx")
    assert people(file) == [SITI, RENE]
    assert (file.sheets, file.choices.sheet) == (("Leads",), "Leads")
    assert (file.choices.encoding, file.choices.separator) == (None, None)


def test_what_it_is_called_does_not_matter():
    assert people(read(workbook({"Leads": CONTACTS}), "leads.csv")) == [SITI, RENE]


def test_titles_above_and_empty_columns_on_the_left_keep_the_places_of_the_spreadsheet():
    rows = [[], ["Customers of 2026"], [], [None, "Name", "Phone"], [None, "Siti Nurhaliza", "0123456789"]]
    file = read(workbook({"Leads": rows}))
    assert people(file) == [SITI]
    assert (file.choices.header_row, file.choices.phone, file.choices.names) == (4, 2, (1,))
    assert file.contacts[0].row == 5
    assert file.blank_rows == 2


@pytest.mark.parametrize(
    "number", [60123456789, 60123456789.0, 123456789, Raw('<c r="{at}"><v>6.0123456789E+10</v></c>')]
)
def test_a_number_in_a_cell_is_exact_however_the_sheet_shows_it(number):
    assert people(read(workbook({"Leads": [["Name", "Phone"], ["Siti Nurhaliza", number]]}))) == [SITI]


@pytest.mark.parametrize("cell", ["6.01E+10", 60100000000])
def test_a_number_that_a_spreadsheet_has_rounded_is_not_guessed(cell):
    file = read(workbook({"Leads": [["Name", "Phone"], ["Siti", cell]]}))
    assert file.contacts == []
    assert "rounded" in file.rejected[0].reason


def test_cells_become_text_as_a_person_would_write_them():
    formula = Raw('<c r="{at}"><f>2*3</f><v>6</v></c>')
    error = Raw('<c r="{at}" t="e"><v>#N/A</v></c>')
    file = read(
        workbook(
            {
                "Leads": [
                    ["Phone", "Joined", "Visits", "Share", "VIP", "Gone"],
                    ["0123456789", Day(45660), formula, 0.5, True, error],
                ]
            }
        )
    )
    [contact] = file.contacts
    assert contact.attributes == {"joined": "2025-01-03", "visits": "6", "share": "0.5", "vip": "TRUE"}


def test_a_date_where_a_phone_should_be_is_called_a_date():
    file = read(workbook({"Leads": [["Name", "Phone"], ["Siti", Day(45660)]]}))
    assert "a date" in file.rejected[0].reason


def test_the_sheet_that_holds_phones_is_taken_and_every_other_one_offered():
    data = workbook({"Summary": [["Total", 2]], "Leads": CONTACTS, "Notes": [["call them"]]})
    file = read(data)
    assert people(file) == [SITI, RENE]
    assert (file.sheets, file.choices.sheet) == (("Summary", "Leads", "Notes"), "Leads")


def test_of_two_sheets_with_phones_the_first_is_taken_unless_the_other_is_chosen():
    data = workbook({"May": CONTACTS[:2], "June": [CONTACTS[0], CONTACTS[2]]})
    assert people(read(data)) == [SITI]
    assert people(read(data, sheet="June")) == [RENE]


def test_a_hidden_sheet_comes_last():
    data = workbook({"Old": CONTACTS[:2], "Leads": [CONTACTS[0], CONTACTS[2]]}, hidden=["Old"])
    file = read(data)
    assert file.sheets == ("Leads", "Old")
    assert people(file) == [RENE]


@pytest.mark.parametrize("sheet", ["July", "", "\0", "\ud800", "x" * 200_000])
def test_a_sheet_that_is_not_there_cannot_be_chosen(sheet):
    with pytest.raises(InvalidInputError, match="no sheet"):
        read(workbook({"Leads": CONTACTS}), sheet=sheet)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (workbook({"Leads": []}), "no sheet with rows"),
        (workbook({"Leads": [["Name", "City"], ["Siti", "Ipoh"]]}), "No column with phone numbers"),
        (workbook({"Leads": CONTACTS})[:-300], "may be damaged"),
        (workbook({"Leads": "<row r='1'><c r='A1'"}), "may be damaged"),
        (archive({"xl/workbook.xml": "<workbook/>"}), "no sheet with rows|may be damaged"),
        (
            archive({"xl/workbook.xml": "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"}),
            "no sheet|damaged",
        ),
        (archive({f"xl/{number}": "" for number in range(2_001)}), "too big"),
        (archive({"letter.txt": "Dear Siti"}), "a ZIP archive"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_answered_with_what_to_do(data, says):
    with pytest.raises(InvalidInputError, match=says):
        read(data, "leads.csv")


def test_a_cell_far_away_in_an_otherwise_good_sheet_is_named_as_the_reason():
    rows = f'<row r="1">{cell("A1", "Phone")}</row><row r="9000">{cell("XFD9000", "x")}</row>'
    with pytest.raises(InvalidInputError, match="far below or to the right"):
        read(workbook({"Leads": rows}))


def open_document(rows: str) -> bytes:
    spaces = "urn:oasis:names:tc:opendocument:xmlns"
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{spaces}:manifest:1.0"/>',
            "content.xml": f'<office:document-content xmlns:office="{spaces}:office:1.0" xmlns:table="{spaces}:table:1.0" '
            f'xmlns:text="{spaces}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Leads">{rows}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        }
    )


def open_cell(text: str, repeated: int = 1) -> str:
    return (
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeated}">'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


def test_a_sheet_of_libreoffice_is_read_too():
    rows = "".join(
        f"<table:table-row>{open_cell(name)}{open_cell(phone)}</table:table-row>" for name, phone in CONTACTS
    )
    file = read(open_document(rows), "leads.ods")
    assert people(file) == [SITI, RENE]


def test_a_cell_that_repeats_itself_without_end_has_an_answer():
    row = f'<table:table-row table:number-rows-repeated="1000000">{open_cell("0123456789", 1_000_000)}</table:table-row>'
    with pytest.raises(InvalidInputError, match=r"too big|damaged"):
        read(open_document(row), "leads.ods")


def test_a_sheet_that_breaks_the_parser_takes_no_sheet_before_it_along():
    far = f'<row r="1">{cell("A1", "Phone")}</row><row r="1048576">{cell("XFD1048576", "x")}</row>'
    data = workbook({"Leads": CONTACTS, "Huge": far})
    file = read(data)
    assert people(file) == [SITI, RENE]
    assert file.sheets == ("Leads", "Huge")
    with pytest.raises(InvalidInputError, match="too big"):
        read(data, sheet="Huge")


def test_sixteen_thousand_columns_and_a_million_blank_rows_are_no_reason_to_refuse():
    last = cell("XFD1", "x")
    wide = read(workbook({"Leads": f'<row r="1">{cell("A1", "0123456789")}{last}</row>'}))
    assert [contact.phone for contact in wide.contacts] == ["+60123456789"]
    long = f'<row r="1">{cell("A1", "0123456789")}</row><row r="1048576">{cell("A1048576", "0198765432")}</row>'
    file = read(workbook({"Leads": long}), size=1_000_000)
    assert [contact.row for contact in file.contacts] == [1, 1_048_576]


def test_too_many_rows_are_refused():
    rows = "".join(f"<row><c><v>{number}</v></c></row>" for number in range(tables.MAX_FILLED_ROWS + 1))
    with pytest.raises(InvalidInputError, match="200,000"):
        read(workbook({"Leads": rows}), country="MY")


def test_the_reader_keeps_to_the_same_limits_as_that_of_text():
    assert (workbook_reader.MAX_FILLED_ROWS, workbook_reader.MAX_COLUMNS) == (
        tables.MAX_FILLED_ROWS,
        tables.MAX_COLUMNS,
    )


@cache
def bomb() -> bytes:
    """A small workbook whose sheet unpacks to 700 MB, all of it in one cell."""
    sheet = BytesIO()
    with (
        zipfile.ZipFile(sheet, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        zipfile.ZipFile(BytesIO(workbook({"Leads": CONTACTS}))) as good,
    ):
        for name in good.namelist():
            if "sheet1" not in name:
                file.writestr(name, good.read(name))
        start, _rows = good.read("xl/worksheets/sheet1.xml").split(b"<sheetData>")
        with file.open("xl/worksheets/sheet1.xml", "w") as part:
            part.write(start + b'<sheetData><row r="1"><c r="A1" t="str"><v>')
            for _ in range(700):
                part.write(b"0" * 1024 * 1024)
    return sheet.getvalue()


def claiming(data: bytes, size: int) -> bytes:
    """The last part says that it unpacks to `size`."""
    at = data.rindex(b"PK\x01\x02") + 24
    return data[:at] + size.to_bytes(4, "little") + data[at + 4 :]


def test_what_says_that_it_unpacks_to_too_much_is_not_unpacked():
    with pytest.raises(InvalidInputError, match="too big"):
        read(claiming(workbook({"Leads": CONTACTS}), 700 * 1024 * 1024))


@pytest.mark.parametrize("claimed", [700 * 1024 * 1024, 1000])
def test_a_bomb_is_refused_whatever_size_it_claims(claimed):
    data = claiming(bomb(), claimed)
    assert len(data) < 4_000_000
    started = time.monotonic()
    with pytest.raises(InvalidInputError, match=r"too big|damaged"):
        read(data, "leads.xlsx")
    assert time.monotonic() - started < 60


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.sampled_from(["cut", "flip", "zero"]))
def test_a_broken_workbook_gives_contacts_or_an_answer(seed, how):
    chance = random.Random(seed)
    data = bytearray(workbook({"Leads": CONTACTS, "More": CONTACTS}))
    at = chance.randrange(4, len(data))
    if how == "cut":
        del data[at:]
    for place in range(at, min(len(data), at + chance.choice([1, 4, 200]))):
        data[place] = 0 if how == "zero" else data[place] ^ chance.randrange(256)
    try:
        file = read(bytes(data), "leads.xlsx")
    except InvalidInputError:
        return
    assert all(contact.phone.startswith("+") for contact in file.contacts)


@settings(max_examples=15, deadline=None)
@given(st.text("<>/&;=\"' rctv=sis0123456789AXFD", max_size=200))
def test_a_sheet_of_broken_xml_gives_contacts_or_an_answer(xml):
    with suppress(InvalidInputError):
        read(workbook({"Leads": f'<row r="1">{cell("A1", "0123456789")}</row>{xml}'}))


@pytest.mark.parametrize("signature", [b"PK\x03\x04xl/", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
@settings(max_examples=5, deadline=None)
@given(noise=st.binary(max_size=2000))
def test_noise_that_starts_like_a_workbook_gets_an_answer(signature, noise):
    with pytest.raises(InvalidInputError):
        open_contacts(signature + noise, "leads.xlsx", "MY")
