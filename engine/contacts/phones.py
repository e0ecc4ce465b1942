"""Phone numbers as people and spreadsheets write them, read as E.164. Pure."""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)


@dataclass(frozen=True, slots=True)
class Phone:
    number: str  # E.164
    landline: bool = False  # for certain: of the kind that cannot be a mobile phone


@dataclass(frozen=True, slots=True)
class UnreadablePhone:
    text: str
    reason: str  # in words for the person who has the file open


_LONGEST_CELL = 200
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_NOTE = re.compile(r"\([^\d)]*\)")  # "(office)"
_EXTENSION = re.compile(
    r"[\s,;]*(?<![^\W\d])(?:ext(?:ension)?|samb(?:ungan)?|x|#)[.:\s]*\d{1,6}(?!\d)", re.IGNORECASE
)
_BETWEEN_NUMBERS = re.compile(r"[/,;|&\r\n]|\s(?:or|and|atau|dan)\s", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"\+?(\d)(?:[.,](\d+))?e\+?(\d{1,2})", re.IGNORECASE)
_DECIMAL_ZERO = re.compile(r"(\d{6,})\.0+")  # a number column written out as 60123456789.0
_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d(?!\d).*")
_WORDS_AROUND = re.compile(r"^[^\d+(]+|[^\d)]+$")  # "Tel: …", "… Ali"
_NUMBER = re.compile(r"[\s(]*\+?[\d\s().\-‐‑‒–—·~]+")

_ROUNDED = "0" * 8  # 6.01E+10, made a number again

_NOT_A_NUMBER = "this is not a phone number"
_REASONS = {
    ValidationResult.INVALID_COUNTRY_CODE: "no country has this code",
    ValidationResult.TOO_SHORT: "too short for a phone number",
    ValidationResult.TOO_LONG: "too long for a phone number",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
    ValidationResult.INVALID_LENGTH: "not the right number of digits for a phone number",
}


def read_phones(cell: str, country: str) -> list[Phone | UnreadablePhone]:
    """Read every number in a cell; numbers without a country code are of `country` (ISO 3166 alpha-2).

    A number counts when its length is possible in its country: whether it is in use is not asked, because
    the lists of ranges in use are always behind. A blank cell gives an empty list.
    """
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", cell)).strip().removeprefix("'").strip()
    if not text:
        return []
    if len(text) > _LONGEST_CELL:
        return [UnreadablePhone(text[:_LONGEST_CELL], _NOT_A_NUMBER)]
    if _SCIENTIFIC.fullmatch(text):  # before splitting: the decimal sign may be a comma
        return [_read_one(text, country)]
    pieces = _BETWEEN_NUMBERS.split(_EXTENSION.sub("", _NOTE.sub("", text)))
    numbers = [piece for piece in pieces if any(map(str.isdigit, piece))]
    return list(dict.fromkeys(_read_one(number.strip(), country) for number in numbers or [text]))


def example_phone(country: str) -> str | None:
    """A mobile number as they are in `country`, E.164. It may be somebody's: for simulated phones only."""
    number = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if number else None


def write_phone(number: str) -> str:
    """Write an E.164 number as people read it: "+60 12-345 6789"."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number


def _read_one(text: str, country: str) -> Phone | UnreadablePhone:
    if scientific := _SCIENTIFIC.fullmatch(text):
        whole, fraction, exponent = scientific[1], scientific[2] or "", int(scientific[3])
        if len(fraction) < exponent:
            return UnreadablePhone(
                text,
                "the spreadsheet has rounded the last digits away: "
                "format the column as text and export the file again",
            )
        text = whole + fraction[:exponent]
    elif decimal := _DECIMAL_ZERO.fullmatch(text):
        text = decimal[1]
    if _DATE.fullmatch(text):
        return UnreadablePhone(text, "this is a date, not a phone number")
    number = _WORDS_AROUND.sub("", text)
    digits = re.sub(r"\D", "", number)
    if not _NUMBER.fullmatch(number) or not digits:
        return UnreadablePhone(text, _NOT_A_NUMBER)
    if len(set(digits)) == 1 and len(digits) > 6:
        return UnreadablePhone(text, "a placeholder, not a real number")
    if number.isdecimal() and number[0] != "0" and number.endswith(_ROUNDED):
        return UnreadablePhone(text, "the last digits are zeros: a spreadsheet has probably rounded the number")
    readings = [
        parsed
        for reading in _readings(digits, international="+" in number)
        if (parsed := _parse(reading, country)) is not None
    ]
    possible = [reading for reading in readings if _length(reading) == ValidationResult.IS_POSSIBLE]
    if not possible:
        return UnreadablePhone(text, _REASONS[_why_impossible(readings, digits)])
    best = possible[0]
    if len(possible) > 1:  # 6591234567 fits a Malaysian length, but only as Singapore's +65 is it in use
        best = next((reading for reading in possible if phonenumbers.is_valid_number(reading)), best)
    landline = phonenumbers.number_type(best) == PhoneNumberType.FIXED_LINE
    return Phone(phonenumbers.format_number(best, PhoneNumberFormat.E164), landline)


def _readings(digits: str, *, international: bool) -> tuple[str, ...]:
    """What the digits may mean, the likeliest first."""
    if international:
        return (f"+{digits}",)
    if digits.startswith("00"):
        return (f"+{digits[2:]}", digits)
    if digits.startswith("0"):
        return (digits,)
    return (digits, f"+{digits}")  # a lost leading zero, or a lost plus


def _parse(text: str, country: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country)
    except NumberParseException:
        return None


def _length(number: PhoneNumber) -> int:
    """A `ValidationResult`. Service and toll-free numbers, often shorter, are nobody's WhatsApp."""
    return phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def _why_impossible(readings: list[PhoneNumber], digits: str) -> int:
    if readings:
        return _length(readings[0])
    return ValidationResult.TOO_SHORT if len(digits) < 7 else ValidationResult.INVALID_COUNTRY_CODE
