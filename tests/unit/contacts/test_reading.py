import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.contacts.reading import open_contacts
from engine.contacts.rejects import csv_file, rejects_csv
from engine.contacts.tables import MAX_BYTES, MAX_FILLED_ROWS, MAX_ROWS
from engine.errors import InvalidInputError
from tests.unit.contacts.files import columns, people, read

SITI = ("Siti Nurhaliza", "+60123456789")
RENE = ("René", "+60198765432")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(encoding):
    data = "Name,Phone\nSiti Nurhaliza,0123456789\nRené,0198765432\n".encode(encoding)
    assert people(read(data)) == [SITI, RENE]


def test_chinese_and_malay_names_arrive_whole():
    file = read("姓名,手机\n陈小明,012-3456789\nNur 'Ain binti Ahmad,019-8765432\n")
    assert people(file) == [("陈小明", "+60123456789"), ("Nur 'Ain binti Ahmad", "+60198765432")]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_separator_is_found(separator, line_end):
    rows = [("Name", "Phone", "City"), ("Siti Nurhaliza", "0123456789", "Ipoh, Perak; Malaysia")]
    text = line_end.join(separator.join(f'"{cell}"' for cell in row) for row in rows)
    file = read(text)
    assert people(file) == [SITI]
    assert file.contacts[0].attributes == {"city": "Ipoh, Perak; Malaysia"}


@pytest.mark.parametrize("first_line", ["sep=;", '"sep=;"', "SEP=;\r"])
def test_a_separator_line_of_excel_is_obeyed(first_line):
    assert people(read(f"{first_line}\nName;Phone\nSiti Nurhaliza;0123456789\n")) == [SITI]


def test_a_header_shorter_than_its_rows_is_still_a_header():
    file = read("Name\nSiti Nurhaliza,0123456789\nRené,0198765432\n")
    assert people(file) == [SITI, RENE]
    assert columns(file) == ("Column 2", ("Name",), None)


def test_titles_above_the_header_are_passed_over():
    file = read(
        "Customer phone list 2026,,\nPrinted on,5 Jan 2026,\n,,\nName,Mobile No.,City\nSiti Nurhaliza,0123456789,Ipoh\n"
    )
    assert people(file) == [SITI]
    assert columns(file) == ("Mobile No.", ("Name",), None)
    assert file.contacts[0].row == 5


@pytest.mark.parametrize(
    "header",
    [
        "Name,Phone", "name,mobile", "NAMA,NO. TELEFON", "Nama Penuh,H/P", "Nama,No HP", "Full Name,WhatsApp Number",
        "Customer Name,Contact No.", "姓名,手机", "姓名,电话号码", "Name,Tel", "name,phone_number", "Name,Handphone",
        "Имя,Номер",  # not known: found by its cells; the name is not
    ],
)  # fmt: skip
def test_the_phone_column_is_found_by_name_or_by_its_cells(header):
    file = read(f"{header}\nSiti Nurhaliza,0123456789\n")
    assert [contact.phone for contact in file.contacts] == ["+60123456789"]
    if header.isascii() or "姓名" in header:
        assert people(file) == [SITI]


def test_the_column_that_holds_phones_wins_over_one_that_only_sounds_like_it():
    file = read("Name,WhatsApp opt-in,Phone\nSiti Nurhaliza,yes,0123456789\n")
    assert people(file) == [SITI]
    assert file.contacts[0].attributes == {"whatsapp_opt_in": "yes"}


def test_whatsapp_and_mobile_are_preferred_to_other_numbers():
    file = read("Phone,Mobile,Name\n03-1234 5678,0123456789,Siti Nurhaliza\n")
    assert people(file) == [SITI]
    assert file.contacts[0].attributes == {"phone_2": "03-1234 5678"}


def test_a_file_without_a_header_is_read_by_its_cells():
    file = read("0123456789,Siti Nurhaliza,Ipoh\n0198765432,René,Taiping\n")
    assert people(file) == [SITI, RENE]
    assert file.contacts[0].attributes == {"column_3": "Ipoh"}
    assert file.contacts[0].row == 1


def test_a_contact_who_came_by_whatsapp_is_not_taken_for_a_header():
    file = read("Siti Nurhaliza,0123456789,WhatsApp\nRené,0198765432,Walk-in\n")
    assert people(file) == [SITI, RENE]


def test_a_bare_column_of_phones_is_enough():
    file = read("012-345 6789\n019-876 5432, 013-111 2222\n013-333 4444\n013-555 6666\n")
    phones = [contact.phone for contact in file.contacts]
    assert phones == ["+60123456789", "+60198765432", "+60131112222", "+60133334444", "+60135556666"]


def test_first_and_last_name_make_the_name_and_stay_attributes():
    file = read("First Name,Last Name,Phone\nSiti,Nurhaliza,0123456789\n")
    assert people(file) == [SITI]
    assert file.contacts[0].attributes == {"first_name": "Siti", "last_name": "Nurhaliza"}


def test_interest_is_the_niche_and_every_other_column_an_attribute():
    file = read("Name,Phone,Interest,Joined On,2nd Visit,,City\nSiti Nurhaliza,0123456789,Yoga,2025-01-03,,x,\n")
    [contact] = file.contacts
    assert contact.niche == "Yoga"
    assert contact.attributes == {"joined_on": "2025-01-03", "column_6": "x"}


def test_attributes_never_hide_a_field_of_the_contact_or_each_other():
    file = read("Mobile,Name,Phone,City,city\n0123456789,Siti,1,Ipoh,Taiping\n")
    assert file.contacts[0].attributes == {"phone_2": "1", "city": "Ipoh", "city_2": "Taiping"}


def test_a_second_number_in_a_cell_is_a_second_contact_of_the_same_name():
    file = read("Name,Phone\nSiti Nurhaliza,012-3456789 / 019-8765432\n")
    assert people(file) == [SITI, ("Siti Nurhaliza", "+60198765432")]


def test_duplicates_are_refused_with_the_row_that_came_first():
    file = read("Name,Phone\nSiti Nurhaliza,0123456789\nRené,0198765432\nSiti,+60 12-345 6789\n")
    assert people(file) == [SITI, RENE]
    assert [(row.row, row.reason) for row in file.rejected] == [(4, "same number as row 2")]


def test_rejected_rows_keep_their_cells_and_say_why():
    file = read("Name,Phone\nSiti Nurhaliza,0123456789\nAli,6.01E+10\nBob,\nCho,0198765432 / 12\n")
    assert people(file) == [SITI, ("Cho", "+60198765432")]
    assert [(row.row, row.cells[0]) for row in file.rejected] == [(3, "Ali"), (4, "Bob"), (5, "Cho")]
    assert "rounded" in file.rejected[0].reason
    assert file.rejected[1].reason == "no phone number"
    assert file.rejected[2].reason == "“12”: too short for a phone number"


def test_landlines_are_marked_and_not_refused():
    file = read("Name,Phone\nSiti,0321612345\nRené,0198765432\nBob,03-2161 2345 ext 7\nCho,Tel: 03-2161 2346\n")
    assert [(contact.phone, contact.landline) for contact in file.contacts] == [
        ("+60321612345", True),
        ("+60198765432", False),
        ("+60321612346", True),
    ]


def test_the_first_rows_below_the_header_are_shown_as_samples():
    with open_contacts(b"Title\n\nName,Phone\n Siti  N,0123456789\nBob,1\n", "a.csv", "MY") as file:
        assert file.samples == (("Siti N", "0123456789"), ("Bob", "1"))
        assert (file.kind, file.rows) == ("text", 5)


def test_blank_rows_are_counted_and_otherwise_ignored():
    file = read("Name,Phone\n\nSiti Nurhaliza,0123456789\n , \n,,,\n")
    assert people(file) == [SITI]
    assert file.rejected == []
    assert file.blank_rows == 3
    assert file.contacts[0].row == 3


def test_a_row_wider_than_the_header_keeps_what_is_beyond():
    file = read("Name,Phone\nSiti Nurhaliza,0123456789,VIP\n" + "Bob,0198765432," + "x," * 100_000 + "\n")
    assert file.contacts[0].attributes == {"column_3": "VIP"}
    assert len(file.contacts[1].attributes) < 100


def test_an_enormous_cell_costs_no_other_row():
    file = read(
        f"Name,Phone,Note\n{'N' * 10_000},0123456789,\nSiti,0198765432,{'x' * 3_000_000}\nBob,{'9' * 500_000},\n"
    )
    assert [len(contact.name) for contact in file.contacts] == [200, 4]
    assert [row.row for row in file.rejected] == [4]


def test_a_quotation_mark_that_is_never_closed_costs_its_own_row_only():
    file = read('Name,Phone\n"Siti,0123456789\nRené,0198765432\n"Tan, Bob",013-1112222\nCho,013-1113333\n')
    assert people(file) == [RENE, ("Tan, Bob", "+60131112222"), ("Cho", "+60131113333")]
    assert [row.row for row in file.rejected] == [2]


def test_a_note_of_several_lines_stays_one_cell():
    file = read(
        'Name,Phone,Note\nSiti Nurhaliza,0123456789,"likes tea\ncalls back, maybe\nnever late"\nRené,0198765432,\n'
    )
    assert people(file) == [SITI, RENE]
    assert file.contacts[0].attributes == {"note": "likes tea calls back, maybe never late"}


def test_markup_and_templates_in_a_name_are_only_text():
    file = read("Name,Phone\n<b>{{ 7*7 }}</b>,0123456789\n")
    assert people(file) == [("<b>{{ 7*7 }}</b>", "+60123456789")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\n\n , \n", "empty"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89PNG\r\n\x1a\n....", "a picture"),
        (b"PK\x03\x04....xl/workbook.xml", "may be damaged"),
        (b"PK\x03\x04....letter.txt", "a ZIP archive"),
        (b"\xd0\xcf\x11\xe0....", "an old Excel"),
        (b"BEGIN:VCARD\nFN:Siti\nEND:VCARD", "a vCard"),
        (b"<!doctype html><table>", "a web page"),
        (b"Name,Phone\0\nSiti,0123456789", "not a text file"),
        (bytes(range(1, 256)) * 40, "not a text file"),
        (b"x" * (MAX_BYTES + 1), "too big"),
        (b"Name,City\nSiti,Ipoh\n", "No column with phone numbers"),
        (b"Name,Phone\n", "no contacts below"),
    ],
)
def test_a_file_that_cannot_be_read_is_answered_with_what_to_do(data, says):
    with pytest.raises(InvalidInputError, match=says):
        read(data)


def test_the_answer_to_a_missing_phone_column_names_what_was_seen():
    with pytest.raises(InvalidInputError, match=r"“Name”, “City”.*WhatsApp"):
        read("Name,City\nSiti,Ipoh\n")


def test_the_answer_to_a_pdf_says_how_to_export():
    with pytest.raises(InvalidInputError, match="File → Save as → CSV"):
        read(b"%PDF-1.7", "contacts.pdf")


def test_too_many_rows_are_refused():
    with pytest.raises(InvalidInputError, match="200,000"):
        read("Phone\n" + "1\n" * MAX_FILLED_ROWS)


def test_the_header_takes_no_row_from_the_most_that_are_read():
    with open_contacts(b"Phone\n" + b"0123456789\n" * MAX_ROWS, "a.csv", "MY") as file:
        assert file.rows == MAX_ROWS + 1


def test_the_rejects_come_back_as_a_file_that_can_be_mended():
    file = read('Name,Phone,Note\nSiti,0123456789,\n"Tan, Ali",6.01E+10,"=HYPERLINK(""x"")"\n@Bob,+60 12,a,b\n')
    data = b"".join(rejects_csv(file.labels, lambda: [file.rejected]))
    assert data.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert header == ["Row", "Name", "Phone", "Note", "Column 4", "Reason"]
    assert rows[0][:5] == ["3", "Tan, Ali", "6.01E+10", '\'=HYPERLINK("x")', ""]
    assert rows[1] == ["4", "'@Bob", "'+60 12", "a", "b", "too short for a phone number"]


def test_rejects_are_written_part_by_part_under_one_header():
    file = read("Name,Phone\nSiti,1\nAli,2,more\n")
    parts = list(rejects_csv(file.labels, lambda: [file.rejected[:1], file.rejected[1:]]))
    assert len(parts) == 3
    assert [len(row) for row in csv.reader(io.StringIO(b"".join(parts).decode("utf-8-sig")))] == [5, 5, 5]


@pytest.mark.parametrize("cell", [" =1+1", "  @SUM(A1)", "\u00a0+1", "\u3000-1", " \t=1"])
def test_blanks_before_a_formula_do_not_hide_it(cell):
    [_, row] = csv.reader(io.StringIO(csv_file([("Note",), (cell,)]).decode("utf-8-sig"), newline=""))
    assert row == [f"'{cell}"]


_CELLS = st.one_of(
    st.sampled_from(["0123456789", "+60 12-345 6789", "6.01E+10", "Name", "Phone", "=1+1", '"', "", "sep=;"]),
    st.text(max_size=12),
)
_TABLES = st.lists(st.lists(_CELLS, max_size=6), max_size=12)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.builds(
            lambda rows, separator, encoding: "\n".join(map(separator.join, rows)).encode(encoding, "replace"),
            _TABLES,
            st.sampled_from(",;\t|"),
            st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "gb18030"]),
        ),
    )
)
@example(b"\xff\xfe\x00\xd8,")  # half a character in UTF-16
@example(b'"\r"a,0123456789\r"')
def test_any_bytes_give_contacts_or_a_helpful_answer(data):
    try:
        file = read(data)
    except InvalidInputError:
        return
    phones = [contact.phone for contact in file.contacts]
    assert len(set(phones)) == len(phones)
    assert all(len(contact.name) <= 200 for contact in file.contacts)
    assert all(row.reason for row in file.rejected)
    data = b"".join(rejects_csv(file.labels, lambda: [file.rejected]))
    read_back = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert len(read_back) == 1 + len(file.rejected)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in read_back for cell in row)
