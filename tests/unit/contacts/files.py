"""Contact files, read whole."""

from dataclasses import dataclass
from typing import Any

from engine.contacts.reading import Choices, ReadContact, RejectedRow, open_contacts


@dataclass(frozen=True)
class Read:
    """All batches of a file."""

    choices: Choices
    labels: tuple[str, ...]
    sheets: tuple[str, ...]
    contacts: list[ReadContact]
    rejected: list[RejectedRow]
    blank_rows: int


def read(
    text: str | bytes, file_name: str = "contacts.csv", country: str = "MY", size: int = 50, **choices: Any
) -> Read:
    data = text.encode() if isinstance(text, str) else text
    with open_contacts(data, file_name, country, Choices(**choices)) as file:
        batches = list(file.batches(size))
        return Read(
            file.choices,
            file.labels,
            file.sheets,
            [contact for batch in batches for contact in batch.contacts],
            [row for batch in batches for row in batch.rejected],
            sum(batch.blank_rows for batch in batches),
        )


def columns(file: Read) -> tuple[str, tuple[str, ...], str | None]:
    """The labels of what was taken for the phone, the names and the niche."""
    phone, names, niche = file.choices.phone, file.choices.names, file.choices.niche
    assert phone is not None
    assert names is not None
    assert niche is not None
    return file.labels[phone], tuple(file.labels[at] for at in names), None if niche < 0 else file.labels[niche]


def people(file: Read) -> list[tuple[str, str]]:
    """Names and phones."""
    return [(contact.name, contact.phone) for contact in file.contacts]
