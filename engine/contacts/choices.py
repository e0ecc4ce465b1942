"""How a contact file is read: what a person has chosen, and what is guessed. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """None: to be guessed. `ContactFile.choices` has none left open that the file has at all."""

    sheet: str | None = None  # of a workbook
    encoding: str | None = None  # of text, one of `decoding.ENCODINGS`
    separator: str | None = None  # of text, one of `delimited.SEPARATORS`
    header_row: int | None = None  # as a spreadsheet counts, from 1; 0: there is none
    phone: int | None = None  # positions of columns, from 0
    names: tuple[int, ...] | None = None  # joined by a space
    niche: int | None = None  # -1: none
    country: str | None = None  # ISO 3166 alpha-2; None: the workspace's

    def to_json(self) -> dict[str, Any]:
        """What is not left open."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        names = stored.get("names")
        return cls(**{**stored, "names": None if names is None else tuple(names)})
