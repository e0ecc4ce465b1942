"""Whatever was guessed of a file can be chosen otherwise."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contacts.choices import Choices
from engine.contacts.delimited import SEPARATORS
from engine.contacts.reading import open_contacts
from engine.errors import InvalidInputError
from tests.unit.contacts.files import columns, people, read

SITI = ("Siti Nurhaliza", "+60123456789")
FILE = (
    "Name,Phone,Mobile,Interest\nSiti Nurhaliza,0312345678,0123456789,Yoga\nRené,0387654321,0198765432,Pilates\n"
)

_POSITIONS = st.none() | st.integers(-1, 200)
_CHOICES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "sheet": st.none() | st.text(max_size=5),
        "encoding": st.sampled_from([None, "utf-8", "utf-16", "cp1252", "gb18030", "klingon"]),
        "separator": st.sampled_from([None, *SEPARATORS, "x", ""]),
        "header_row": st.none() | st.integers(-1, 400),
        "phone": _POSITIONS,
        "names": st.none() | st.lists(st.integers(-1, 200), max_size=3).map(tuple),
        "niche": _POSITIONS,
        "country": st.sampled_from([None, "MY", "us", "ZZ", ""]),
    }
)


@given(_CHOICES)
def test_choices_are_stored_as_json_and_come_back_whole(choices):
    stored = json.dumps(Choices(**choices).to_json())
    assert Choices.from_json(json.loads(stored)) == Choices(**choices)


def test_nothing_chosen_is_nothing_stored():
    assert Choices().to_json() == {}
    assert Choices.from_json({}) == Choices()


def test_what_is_in_effect_is_told_and_reads_the_file_the_same_way_again():
    file = read(FILE)
    assert file.choices == Choices(
        encoding="utf-8", separator=",", header_row=1, phone=2, names=(0,), niche=3, country="MY"
    )
    again = read(FILE, **{**file.choices.to_json(), "names": file.choices.names})
    assert again == file


def test_another_phone_column_can_be_chosen():
    file = read(FILE, phone=1)
    assert [contact.phone for contact in file.contacts] == ["+60312345678", "+60387654321"]
    assert file.contacts[0].attributes == {"mobile": "0123456789"}


def test_other_names_can_be_chosen_and_none_at_all():
    assert people(read(FILE, names=(0, 3)))[0] == ("Siti Nurhaliza Yoga", "+60123456789")
    assert people(read(FILE, names=()))[0] == ("", "+60123456789")


def test_another_niche_can_be_chosen_and_none_at_all():
    assert read(FILE, niche=0).contacts[0].niche == "Siti Nurhaliza"
    file = read(FILE, niche=-1)
    assert file.contacts[0].niche is None
    assert file.contacts[0].attributes["interest"] == "Yoga"


def test_another_header_can_be_chosen():
    text = "Staff,Phone\nKunden,Telefon\nSiti Nurhaliza,0123456789\n"
    file = read(text, header_row=2)
    assert file.labels == ("Kunden", "Telefon")
    assert people(read(text, header_row=2, names=(0,))) == [SITI]


def test_that_there_is_no_header_can_be_chosen():
    file = read("Name,Phone\nSiti Nurhaliza,0123456789\n", header_row=0)
    assert columns(file) == ("Column 2", ("Column 1",), None)
    assert [(row.row, row.cells) for row in file.rejected] == [(1, ("Name", "Phone"))]
    assert people(file) == [SITI]


def test_a_header_that_says_nothing_still_lets_the_phones_be_found():
    file = read("x,y\nSiti Nurhaliza,0123456789\n", header_row=1)
    assert columns(file) == ("y", (), None)


def test_another_separator_can_be_chosen():
    file = read("Name;Phone\nNurhaliza, Siti;0123456789\n", separator=",")
    assert file.labels == ("Name;Phone", "Column 2")


def test_a_file_can_be_of_another_country_than_the_workspace():
    data = b"Name,Phone\nAnn,07400 123456\n"
    for choices, phone in ((Choices(), "+607400123456"), (Choices(country="gb"), "+447400123456")):
        with open_contacts(data, "a.csv", "MY", choices) as file:
            [batch] = file.batches(10)
        assert batch.contacts[0].phone == phone
    assert file.choices.country == "GB"


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"phone": 9}, "no column 10"),
        ({"phone": -1}, "no column 0"),
        ({"names": (0, 99)}, "no column 100"),
        ({"names": (-1,)}, "no column 0"),
        ({"niche": -2}, "no column -1"),
        ({"niche": 4}, "no column 5"),
        ({"header_row": 99}, "Row 99"),
        ({"separator": "x"}, "separated by"),
        ({"country": "ZZ"}, "no country"),
        ({"header_row": 3}, "no contacts below"),
    ],
)
def test_a_choice_that_the_file_does_not_allow_is_answered_in_words(choices, says):
    with pytest.raises(InvalidInputError, match=says):
        open_contacts(FILE.encode(), "a.csv", "MY", Choices(**choices))


def test_a_column_beyond_the_usual_width_can_be_chosen():
    file = read("Name,Phone\nSiti,0123456789\nAli,0198765432,Yoga\n", names=(2,))
    assert [contact.name for contact in file.contacts] == ["", "Yoga"]
    assert file.labels == ("Name", "Phone", "Column 3")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([FILE, "0123456789\n", "a,b\n\n\nx,0123456789\n", 'Name,"Phone\nx,y', ""]), _CHOICES)
def test_any_choices_give_contacts_or_an_answer(text, choices):
    with (
        suppress(InvalidInputError),
        open_contacts(text.encode(), "a.csv", "MY", Choices(**choices)) as file,
    ):
        assert list(file.batches(2))
        assert file.choices.phone is not None
        assert all(0 <= at < len(file.labels) for at in (file.choices.phone, *(file.choices.names or ())))
