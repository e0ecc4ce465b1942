"""Which encoding a file is in: guessed where that can be told, obeyed where it is chosen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contacts.decoding import ENCODINGS, find_encoding
from engine.errors import InvalidInputError
from tests.unit.contacts.files import people, read

CHINESE = "姓名,手机,城市\n陈小明,0123456789,吉隆坡\n林美丽,0198765432,槟城\n"
TRADITIONAL = "姓名,手機,城市\n陳小明,0123456789,臺北市\n林美麗,0198765432,高雄市\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Name,Phone\nRené,0123456789\n", CHINESE])
def test_utf16_is_found_without_its_mark(text, encoding):
    file = read(text.encode(encoding))
    assert file.choices.encoding == encoding
    assert file.contacts[0].phone == "+60123456789"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_no_part_of_the_first_header(encoding):
    file = read(("\ufeff" + CHINESE).encode(encoding))
    assert (file.labels[0], file.choices.encoding) == ("姓名", encoding)


@pytest.mark.parametrize(("text", "encoding"), [(CHINESE, "gb18030"), (CHINESE, "utf-8"), (TRADITIONAL, "big5")])
def test_chinese_is_found_in_the_encodings_of_its_countries(text, encoding):
    file = read(text.encode(encoding))
    assert file.choices.encoding == encoding
    assert file.contacts[0].name == text.split("\n")[1].split(",")[0]


@pytest.mark.parametrize(
    "name",
    ["Müller", "René", "José Álvarez", "ÁLVAREZ", "Nuñez Peña", "Çelik", "Ærø", "ÄÖÜ", "Frančois Èze", "Île"],
)
def test_a_western_name_is_never_taken_for_chinese(name):
    text = f"Name,Phone\n{name},0123456789\n"
    file = read(text.encode("cp1252", "ignore"))
    assert file.choices.encoding == "cp1252"


def test_a_byte_that_windows_does_not_know_leaves_latin1():
    file = read(b"Name,Phone\nRen\xe9\x81,0123456789\n")
    assert file.choices.encoding == "latin-1"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_chosen_encoding_is_obeyed(encoding):
    text = "Name,Phone\nSiti,0123456789\n"
    file = read(text.encode(encoding), encoding=encoding)
    assert people(file) == [("Siti", "+60123456789")]
    assert file.choices.encoding == encoding


def test_a_wrong_choice_spoils_names_and_crashes_nothing():
    file = read("Name,Phone\nRené,0123456789\n".encode("cp1252"), encoding="utf-8")
    assert people(file) == [("Ren\ufffd", "+60123456789")]


def test_an_encoding_that_is_not_offered_is_refused():
    with pytest.raises(InvalidInputError, match="utf-7"):
        read("Name,Phone\nSiti,0123456789\n", encoding="utf-7")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([None, *ENCODINGS]))
def test_any_bytes_have_an_encoding(data, chosen):
    encoding, start = find_encoding(data, chosen)
    assert encoding in ENCODINGS
    assert 0 <= start <= 3
    if chosen is None:
        data[start:].decode(encoding)
