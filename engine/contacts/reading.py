"""A contact file, read: who is in it, and which rows could not be used and why. Pure."""

import re
from dataclasses import dataclass

from engine.contacts.columns import Columns, guess_columns
from engine.contacts.phones import UnreadablePhone, read_phones
from engine.contacts.tables import Row, read_table
from engine.errors import InvalidInputError

_LONGEST_NAME = 200
_LONGEST_VALUE = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class ReadContact:
    row: int  # as a spreadsheet counts, from 1
    phone: str  # E.164
    name: str
    niche: str | None
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    row: int
    cells: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ContactFile:
    """What was read, and as what: the columns by their labels in the file."""

    contacts: tuple[ReadContact, ...]
    rejected: tuple[RejectedRow, ...]
    blank_rows: int
    labels: tuple[str, ...]
    phone_column: str
    name_columns: tuple[str, ...]
    niche_column: str | None


def read_contacts(data: bytes, file_name: str, country: str) -> ContactFile:
    """Read a CSV or TSV export; phones without a country code are of `country` (ISO 3166 alpha-2).

    Raise InvalidInputError, with what to do, when the file as a whole cannot be read.
    """
    table = read_table(data, file_name)
    columns = guess_columns(table.rows, country)
    if columns is None:
        raise InvalidInputError(_no_phone_column(table.rows[0]))
    rows = table.rows[columns.rows_above :]
    if not rows:
        raise InvalidInputError("The file has a header but no contacts below it.")
    contacts, rejected = _read_rows(rows, columns, country)
    return ContactFile(
        contacts=tuple(contacts),
        rejected=tuple(rejected),
        blank_rows=table.blank_rows,
        labels=columns.labels,
        phone_column=columns.labels[columns.phone],
        name_columns=tuple(columns.labels[position] for position in columns.names),
        niche_column=None if columns.niche is None else columns.labels[columns.niche],
    )


def _read_rows(rows: list[Row], columns: Columns, country: str) -> tuple[list[ReadContact], list[RejectedRow]]:
    contacts: list[ReadContact] = []
    rejected: list[RejectedRow] = []
    seen_in: dict[str, int] = {}
    for row in rows:
        phones = read_phones(_cell(row, columns.phone), country)
        if not phones:
            rejected.append(RejectedRow(row.number, row.cells, "no phone number"))
            continue
        name = " ".join(filter(None, (_value(row, at) for at in columns.names)))[:_LONGEST_NAME]
        niche = None if columns.niche is None else _value(row, columns.niche) or None
        attributes = _attributes(row, columns)
        for phone in phones:
            if isinstance(phone, UnreadablePhone):
                rejected.append(RejectedRow(row.number, row.cells, _which(phone, len(phones))))
            elif phone.number in seen_in:
                reason = f"same number as row {seen_in[phone.number]}"
                rejected.append(RejectedRow(row.number, row.cells, reason))
            else:
                seen_in[phone.number] = row.number
                contacts.append(ReadContact(row.number, phone.number, name, niche, attributes))
    return contacts, rejected


def _which(phone: UnreadablePhone, of: int) -> str:
    return phone.reason if of == 1 else f"“{phone.text}”: {phone.reason}"


def _attributes(row: Row, columns: Columns) -> dict[str, str]:
    beyond = range(len(columns.labels), len(row.cells))
    values = ((columns.key(at), _value(row, at)) for at in (*columns.attributes, *beyond))
    return {key: value for key, value in values if value}


def _cell(row: Row, position: int) -> str:
    return row.cells[position] if position < len(row.cells) else ""


def _value(row: Row, position: int) -> str:
    return " ".join(_CONTROL.sub(" ", _cell(row, position)[:_LONGEST_VALUE]).split())


def _no_phone_column(first: Row) -> str:
    labels = [" ".join(cell.split())[:30] for cell in first.cells if cell.strip()]
    seen = ", ".join(f"“{label}”" for label in labels[:10]) + (" …" if len(labels) > 10 else "")
    return (
        f"No column with phone numbers was found; the first row reads {seen}. Give that column a header such "
        "as Phone, Mobile, WhatsApp, No. telefon, HP, 手机 or 电话, and send the file again."
    )
