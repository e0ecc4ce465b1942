"""What is guessed anew when somebody corrects how a file is read, and what stays as they had it. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from engine.contacts.reading import Choices

NO_COLUMN = -1


def with_sheet(choices: Choices, sheet: str) -> Choices:
    return replace(choices, sheet=sheet, header_row=None, phone=None, names=None, niche=None)


def with_separator(choices: Choices, separator: str) -> Choices:
    return replace(choices, separator=separator, header_row=None, phone=None, names=None, niche=None)


def with_encoding(choices: Choices, encoding: str) -> Choices:
    """Words may be others then; where they stand is not."""
    return replace(choices, encoding=encoding)


def with_header(choices: Choices, row: int) -> Choices:
    return replace(choices, header_row=row, phone=None, names=None, niche=None)


def with_phone(choices: Choices, column: int) -> Choices:
    """A column is one thing only: what it was before is let go."""
    names = tuple(one for one in choices.names or () if one != column)
    if choices.names == (column,) and choices.phone is not None:
        names = (choices.phone,)  # they change places, so that another tap mends a wrong one
    return replace(choices, phone=column, names=names, niche=_unless(choices.niche, (column,)))


def with_names(choices: Choices, columns: Sequence[int]) -> Choices:
    return replace(choices, names=tuple(columns), niche=_unless(choices.niche, columns))


def with_niche(choices: Choices, column: int) -> Choices:
    return replace(choices, niche=column, names=tuple(one for one in choices.names or () if one != column))


def with_country(choices: Choices, country: str) -> Choices:
    return replace(choices, country=country)


def _unless(column: int | None, taken: Sequence[int]) -> int | None:
    return NO_COLUMN if column in taken else column
