"""What is guessed anew when one thing of a file is corrected."""

from dataclasses import replace

import pytest

from bot.dialogs.importing import corrections
from engine.contacts.reading import Choices

READ = Choices(separator=";", header_row=1, phone=2, names=(0, 1), niche=3, country="MY")


@pytest.mark.parametrize(
    ("corrected", "still"),
    [
        (corrections.with_sheet(READ, "People"), {"sheet": "People", "header_row": None}),
        (corrections.with_separator(READ, ","), {"separator": ",", "header_row": None}),
        (corrections.with_header(READ, 4), {"header_row": 4}),
    ],
)
def test_in_another_table_the_columns_are_guessed_anew(corrected, still):
    assert corrected == replace(READ, phone=None, names=None, niche=None, **still)


def test_a_column_is_one_thing_only():
    assert corrections.with_phone(READ, 1) == replace(READ, phone=1, names=(0,))
    assert corrections.with_phone(READ, 3) == replace(READ, phone=3, niche=-1)
    assert corrections.with_names(READ, [0, 3]) == replace(READ, names=(0, 3), niche=-1)
    assert corrections.with_niche(READ, 1) == replace(READ, names=(0,), niche=1)


def test_country_and_encoding_leave_the_rest_as_it_was():
    assert corrections.with_country(READ, "SG") == replace(READ, country="SG")
    assert corrections.with_encoding(READ, "big5") == replace(READ, encoding="big5")


def test_phone_and_name_change_places_so_that_a_wrong_tap_is_mended_by_another():
    read = replace(READ, names=(0,))
    assert corrections.with_phone(read, 0) == replace(read, phone=0, names=(2,))
    assert corrections.with_phone(corrections.with_phone(read, 0), 2) == read
