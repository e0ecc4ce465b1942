"""The fast way and the long way to read a number come to the same end, in every country."""

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from engine.contacts.dialling import dialler
from engine.contacts.phones import Phone, read_phones

_COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
_KINDS = [kind for kind in PhoneNumberType.values() if kind >= 0]
_FORMATS = [PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL]


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A cell, and the country of the file: real shapes, changed a little, and digits by chance."""
    country = draw(st.sampled_from(_COUNTRIES))
    of = draw(st.sampled_from([country, draw(st.sampled_from(_COUNTRIES))]))
    number = phonenumbers.example_number_for_type(of, draw(st.sampled_from(_KINDS)))
    if number is None or draw(st.integers(0, 5)) == 0:
        return draw(st.from_regex(r"\A[+0]?[0-9][0-9 ()-]{5,14}[0-9](\.0)?\Z")), country
    cell = phonenumbers.format_number(number, draw(st.sampled_from(_FORMATS)))
    kept = draw(st.integers(len(cell) // 3, len(cell)))
    cell = cell[:kept] + "".join(
        draw(st.sampled_from("0123456789")) if character.isdigit() else character for character in cell[kept:]
    )
    in_front = ["", "", "", "0", "00", str(phonenumbers.country_code_for_region(country))]
    cell = draw(st.sampled_from(in_front)) + cell.lstrip(draw(st.sampled_from(["", "", "+", "0", "(0"])))
    return cell + draw(st.sampled_from(["", "", "", "1", ".0", " "])), country


@settings(max_examples=500, deadline=None)
@given(numbers())
def test_what_is_read_fast_is_what_the_library_reads(number):
    cell, country = number
    fast = dialler(country).read(cell)
    if fast is not None:
        assert read_phones(cell, country) == [Phone(*fast)]


@pytest.mark.parametrize("first", sorted({country[0] for country in _COUNTRIES}))
def test_every_kind_of_number_of_every_country_is_read_alike_with_and_without_what_stands_before_it(first):
    for country in (country for country in _COUNTRIES if country.startswith(first)):
        code = str(phonenumbers.country_code_for_region(country))
        for kind in _KINDS:
            number = phonenumbers.example_number_for_type(country, kind)
            if number is None:
                continue
            national = phonenumbers.national_significant_number(number)
            dialled = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
            for in_front in ("", "0", "1", "8", "011", "810", "119", code, f"{code}0", f"+{code}0", code + code):
                for cell in (
                    in_front + national,
                    in_front + national[1:],
                    in_front + national + "1",
                    in_front + dialled,
                ):
                    fast = dialler(country).read(cell)
                    assert fast is None or read_phones(cell, country) == [Phone(*fast)], (country, cell)


@settings(max_examples=300, deadline=None)
@example("2025-01-03", "MY")
@example("1999-12-31 10", "MY")
@example("60100000000", "MY")
@given(st.text("+0123456789 ()-./x,e", min_size=6, max_size=24), st.sampled_from(["MY", "US", "IT", "AR", "BR"]))
def test_what_is_no_plain_number_is_left_alone_or_read_alike(cell, country):
    fast = dialler(country).read(cell)
    if fast is not None:
        assert read_phones(cell, country) == [Phone(*fast)]


@pytest.mark.parametrize(
    ("cell", "country"),
    [
        ("0123456789", "MY"), ("60123456789", "MY"), ("123456789", "MY"), ("+60 12-345 6789", "MY"),
        ("60123456789.0", "MY"), (" 012-345 6789", "MY"), ("6591234567", "MY"), ("081234567890", "ID"),
        ("(202) 555-0123", "US"), ("2025550123", "US"), ("07400 123456", "GB"), ("11987654321", "BR"),
        ("9812345678", "IN"), ("13812345678", "CN"), ("0612345678", "IT"),
    ],
)  # fmt: skip
def test_the_shapes_that_lists_are_made_of_are_read_fast(cell, country):
    assert dialler(country).read(cell) is not None
