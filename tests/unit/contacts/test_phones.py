import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contacts.phones import Phone, UnreadablePhone, read_phones


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0123456789", "+60123456789"),
        ("012-345 6789", "+60123456789"),
        ("(012) 345.6789", "+60123456789"),
        ("+60 12-345 6789", "+60123456789"),
        ("(+60) 12-345 6789", "+60123456789"),
        ("0060123456789", "+60123456789"),
        ("'0123456789", "+60123456789"),
        ("０１２－３４５６７８９", "+60123456789"),
        ("\u202a+60 12-345 6789\u202c", "+60123456789"),
        ("Tel: 012-345 6789", "+60123456789"),
        ("h/p: 012-345 6789", "+60123456789"),
        ("012-345 6789 (office)", "+60123456789"),
        ("03-1234 5678 ext. 12", "+60312345678"),
        ("03-1234 5678, ext 12", "+60312345678"),
        ("60123456789.0", "+60123456789"),
        ("+65 8123 4567", "+6581234567"),
    ],
)
def test_a_number_is_read_however_it_is_written(cell, number):
    assert read_phones(cell, "MY") == [Phone(number)]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("123456789", "+60123456789"),  # the leading zero
        ("60123456789", "+60123456789"),  # the plus
        ("6591234567", "+6591234567"),  # the plus of another country, though ten digits fit Malaysia too
        ("447700900123", "+447700900123"),
    ],
)
def test_what_a_spreadsheet_dropped_in_front_comes_back(cell, number):
    assert read_phones(cell, "MY") == [Phone(number)]


def test_scientific_notation_is_exact_while_all_digits_are_there():
    assert read_phones("6.0123456789E+10", "MY") == [Phone("+60123456789")]
    assert read_phones("6,0123456789e10", "MY") == [Phone("+60123456789")]


@pytest.mark.parametrize("cell", ["6.01E+10", "6,01E+10", "6E+10"])
def test_digits_that_a_spreadsheet_rounded_away_are_not_guessed(cell):
    [phone] = read_phones(cell, "MY")
    assert isinstance(phone, UnreadablePhone)
    assert "rounded" in phone.reason
    assert "as text" in phone.reason


@pytest.mark.parametrize("between", ["/", " / ", ",", ";", " or ", " OR ", "\n", " & ", "|", " atau "])
def test_two_numbers_in_a_cell_are_both_read(between):
    assert read_phones(f"012-3456789{between}+65 8123 4567", "MY") == [
        Phone("+60123456789"),
        Phone("+6581234567"),
    ]


def test_the_same_number_twice_in_a_cell_counts_once():
    assert read_phones("0123456789 / +60123456789", "MY") == [Phone("+60123456789")]


def test_one_bad_number_does_not_take_the_good_one_along():
    good, bad = read_phones("0123456789 / 12", "MY")
    assert good == Phone("+60123456789")
    assert bad == UnreadablePhone("12", "too short for a phone number")


@pytest.mark.parametrize(
    "number",
    ["+12025550123", "+447700900123", "+61491570006", "+60100001234", "+33199001234"],
)
def test_numbers_that_nobody_has_are_accepted_when_their_length_is_possible(number):
    [phone] = read_phones(number, "MY")
    assert isinstance(phone, Phone)
    assert phone.number == number


@pytest.mark.parametrize(
    ("number", "landline"),
    [("+60321612345", True), ("+442079460123", True), ("+60123456789", False), ("+12025550123", False)],
)
def test_a_landline_is_marked_where_it_cannot_be_a_mobile_phone(number, landline):
    assert read_phones(number, "MY") == [Phone(number, landline)]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("12", "too short"),
        ("+60 12", "too short"),
        ("01234567890123", "too long"),
        ("+601234567890123", "too long"),
        ("1234567", "area code is missing"),
        ("+999 123456789", "no country"),
        ("Ali", "not a phone number"),
        ("-", "not a phone number"),
        ("012abc3456789", "not a phone number"),
        ("9" * 5000, "not a phone number"),
        ("2025-01-03", "a date"),
        ("2025-01-03 10:00:00", "a date"),
        ("0000000000", "placeholder"),
    ],
)
def test_what_is_clearly_no_number_is_refused_with_a_reason(cell, reason):
    [phone] = read_phones(cell, "MY")
    assert isinstance(phone, UnreadablePhone)
    assert reason in phone.reason


@pytest.mark.parametrize("cell", ["", "  ", "\u200b", "'"])
def test_a_blank_cell_has_no_numbers(cell):
    assert read_phones(cell, "MY") == []


@given(st.text(), st.sampled_from(["MY", "US", "DE", "SG", "ID", "CN"]))
def test_any_cell_gives_e164_or_a_reason(cell, country):
    for phone in read_phones(cell, country):
        if isinstance(phone, Phone):
            assert phone.number.startswith("+")
            assert phone.number[1:].isascii()
            assert 8 <= len(phone.number) <= 18
        else:
            assert phone.reason


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_a_number_written_in_full_means_the_same_from_every_country(country):
    assert read_phones("+44 7700 900123", country) == [Phone("+447700900123")]


@given(st.integers(10_000_000, 99_999_999))
def test_reading_a_read_number_changes_nothing(subscriber):
    [phone] = read_phones(f"01{subscriber}", "MY")
    assert isinstance(phone, Phone)
    assert read_phones(phone.number, "US") == [phone]
