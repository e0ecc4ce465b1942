"""What an operator types of a person: a name with a number, an attribute. Pure."""

import re
import unicodedata

from engine.contacts.phones import Phone, read_phones
from engine.errors import InvalidInputError

LONGEST_NAME = 200
LONGEST_NICHE = 100
LONGEST_KEY = 60
LONGEST_VALUE = 500
OWN_FIELDS = ("name", "phone", "niche")  # no attribute is called so

_NUMBER = re.compile(r"\+?\(?\d[\d\s().\-‐‑‒–—·]*\d")
_FEWEST_DIGITS = 7
_AROUND_A_NAME = " \t\r\n,;:|·-–—/()<>\"'"


def read_person(typed: str, country: str) -> tuple[str, str]:
    """Read "Aisyah 012-345 6789", either way round, or a number alone; return the name and the number (E.164).

    A number without a country code is of `country`. Raises InvalidInputError.
    """
    text = unicodedata.normalize("NFKC", typed.replace("\0", ""))
    numbers = [found for found in _NUMBER.finditer(text) if _digits(found[0]) >= _FEWEST_DIGITS]
    if len(numbers) != 1:
        raise InvalidInputError(
            "One person at a time, please. To add many, send them as a file."
            if numbers
            else "There is no phone number in this. Type a name and a number, such as Aisyah 012-345 6789."
        )
    (number,) = numbers
    name = f"{text[: number.start()].strip(_AROUND_A_NAME)} {text[number.end() :].strip(_AROUND_A_NAME)}"
    return clean_name(name), read_phone(number[0], country)


def has_number(typed: str) -> bool:
    """Whether this may be a whole phone number, with a name or without."""
    return any(_digits(found[0]) >= _FEWEST_DIGITS for found in _NUMBER.finditer(typed))


def read_phone(typed: str, country: str) -> str:
    """Read one number, E.164. Raises InvalidInputError."""
    found = read_phones(typed, country)
    if len(found) != 1:
        raise InvalidInputError("Type one phone number, such as 012-345 6789 or +60 12-345 6789.")
    if not isinstance(found[0], Phone):
        raise InvalidInputError(f"“{found[0].text[:40]}”: {found[0].reason}.")
    return found[0].number


def clean_name(typed: str) -> str:
    """Clean up somebody's name; it may be empty. Raises InvalidInputError."""
    name = " ".join(typed.replace("\0", "").split())
    if len(name) > LONGEST_NAME:
        raise InvalidInputError(
            f"This name has {len(name):,} characters; please type one of at most {LONGEST_NAME}."
        )
    return name


def read_attribute(typed: str) -> tuple[str, str]:
    """Read "City = Ipoh" or "city: Ipoh" as a key, as templates know it, and a value. Raises InvalidInputError."""
    found = split_attribute(typed)
    if found is None:
        raise InvalidInputError("Type it as name = value, such as city = Ipoh.")
    key, value = found
    if key in OWN_FIELDS:
        raise InvalidInputError(f"“{key}” is a field of its own; give the attribute another name.")
    if len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE:
        raise InvalidInputError(
            f"This is too long: a name has at most {LONGEST_KEY} characters, a value {LONGEST_VALUE}."
        )
    return key, value


def split_attribute(typed: str) -> tuple[str, str] | None:
    """Split "city = Ipoh" into key and value; None if it is nothing of the kind."""
    name, sign, value = re.sub(r"[:=]", "=", typed.replace("\0", ""), count=1).partition("=")
    key, value = attribute_key(name), " ".join(value.split())
    return (key, value) if sign and key and value else None


def attribute_key(name: str) -> str:
    """Write the name of an attribute as templates know it: "Post code" is post_code."""
    key = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", name).casefold()).strip("_")
    return f"column_{key}" if key[:1].isdigit() else key


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)
