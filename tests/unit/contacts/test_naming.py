from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contacts.naming import has_number, read_attribute, read_person, split_attribute
from engine.errors import InvalidInputError


@pytest.mark.parametrize(
    ("typed", "name", "phone"),
    [
        ("Aisyah 012-345 6789", "Aisyah", "+60123456789"),
        ("012-345 6789 Aisyah binti Ali", "Aisyah binti Ali", "+60123456789"),
        ("012-345 6789", "", "+60123456789"),
        ("Aisyah, +60 12-345 6789", "Aisyah", "+60123456789"),
        ("Aisyah: (012) 345 6789", "Aisyah", "+60123456789"),
        ("Bob\n+44 7700 900123", "Bob", "+447700900123"),
        ("陈小明 0198765432", "陈小明", "+60198765432"),
        ("Ann-Marie - 0123456789", "Ann-Marie", "+60123456789"),
        ("No. 4 Ali +60123456789", "No. 4 Ali", "+60123456789"),
    ],
)
def test_a_person_is_a_number_with_or_without_a_name(typed, name, phone):
    assert read_person(typed, "MY") == (name, phone)
    assert has_number(typed)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("Aisyah", "There is no phone number in this"),
        ("", "There is no phone number in this"),
        ("A 0123456789 B 0198765432", "One person at a time"),
        ("A 012345678901234567", "“012345678901234567”: too long"),
        ("x" * 300 + " 0123456789", "at most 200"),
    ],
)
def test_what_is_no_person_is_said(typed, answer):
    with pytest.raises(InvalidInputError, match=answer):
        read_person(typed, "MY")


@pytest.mark.parametrize(
    ("typed", "key", "value"),
    [
        ("city = Ipoh", "city", "Ipoh"),
        ("City:Ipoh", "city", "Ipoh"),
        ("Post code =  31 400 ", "post_code", "31 400"),
        ("2nd name = Li", "column_2nd_name", "Li"),
        ("site = https://a.example", "site", "https://a.example"),
        ("opens: 9:00 = early", "opens", "9:00 = early"),
        ("城市=怡保", "城市", "怡保"),
    ],
)
def test_an_attribute_is_a_name_and_a_value(typed, key, value):
    assert read_attribute(typed) == (key, value)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("Ipoh", "name = value"), ("= Ipoh", "name = value"), ("city =", "name = value"),
        ("Name = Bob", "a field of its own"), ("city = " + "x" * 501, "too long"),
    ],
)  # fmt: skip
def test_what_is_no_attribute_is_said(typed, answer):
    with pytest.raises(InvalidInputError, match=answer):
        read_attribute(typed)


@given(st.text())
def test_whatever_is_typed_gets_an_answer(typed):
    for read in (lambda: read_person(typed, "MY"), lambda: read_attribute(typed)):
        with suppress(InvalidInputError):
            read()
    split_attribute(typed)
