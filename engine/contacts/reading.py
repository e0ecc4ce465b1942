"""A contact file, read: who is in it, and which rows could not be used and why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from types import TracebackType
from typing import Literal, NamedTuple, Self

import phonenumbers

from engine.contacts.choices import Choices
from engine.contacts.columns import Columns, find_columns, likelihood
from engine.contacts.delimited import DelimitedText
from engine.contacts.dialling import dialler
from engine.contacts.naming import LONGEST_NAME, LONGEST_NICHE
from engine.contacts.phones import Phone, UnreadablePhone, read_phones
from engine.contacts.signatures import kind_of
from engine.contacts.tables import MAX_COLUMNS, Table, is_blank
from engine.contacts.workbook import Workbook
from engine.errors import InvalidInputError

__all__ = ["SAME_NUMBER", "Batch", "Choices", "ContactFile", "ReadContact", "RejectedRow", "open_contacts"]

SAME_NUMBER = "same number as row"  # why a row is rejected whose number came before

_LONGEST_VALUE = 1000
_SAMPLES = 5
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class ReadContact(NamedTuple):  # a tuple: 200,000 of them are made, and a dataclass takes four times as long
    row: int  # as a spreadsheet counts, from 1
    phone: str  # E.164
    name: str
    niche: str | None
    attributes: dict[str, str]
    landline: bool  # for certain: of the kind that cannot be a mobile phone


@dataclass(frozen=True, slots=True)
class RejectedRow:
    row: int
    cells: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    rows_done: int  # of the file, up to the end of this batch: a place to resume behind
    contacts: tuple[ReadContact, ...]
    rejected: tuple[RejectedRow, ...]
    blank_rows: int


def open_contacts(
    data: bytes,
    file_name: str,
    country: str,
    choices: Choices = Choices(),  # noqa: B008  # frozen
) -> "ContactFile":
    """Open a table of contacts; phones without a country code are of `country`, unless the choices say else.

    Raise InvalidInputError, with what to do, when the file as a whole cannot be read, or not as chosen.
    Takes up to seconds: call it in a thread.
    """
    country = (choices.country or country).upper()
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidInputError(f"“{country}” is no country. Write its two letters, such as MY or SG.")
    choices = replace(choices, country=country)
    if kind_of(data, file_name) == "workbook":
        workbook = Workbook(data, choices.sheet, lambda rows: likelihood(rows, country))
        choices = replace(choices, sheet=workbook.sheet, encoding=None, separator=None)
        try:
            return ContactFile("workbook", workbook, workbook.sheets, choices)
        except BaseException:
            workbook.close()
            raise
    text = DelimitedText(data, choices.encoding, choices.separator)
    choices = replace(choices, sheet=None, encoding=text.encoding, separator=text.separator)
    return ContactFile("text", text, (), choices)


class ContactFile:
    """An opened file, read in batches as often as wanted. A context manager.

    `choices`: what is in effect. `sheets`: of a workbook. `labels`: of the columns. `samples`: the first few
    rows below the header. `rows`: how many the file has, blank ones and those above the contacts too.
    """

    def __init__(
        self, kind: Literal["text", "workbook"], table: Table, sheets: tuple[str, ...], choices: Choices
    ) -> None:
        self._table = table
        self._country = choices.country or ""
        self._columns = find_columns(table.head, choices, self._country)
        below = [row for row in table.head if row.number > self._columns.header_row]
        self.kind = kind
        self.sheets = sheets
        self.labels = self._columns.labels
        self.rows = table.last_row
        self.samples = tuple(tuple(map(_value, row.cells)) for row in below[:_SAMPLES])
        self.choices = replace(
            choices,
            header_row=self._columns.header_row,
            phone=self._columns.phone,
            names=self._columns.names,
            niche=-1 if self._columns.niche is None else self._columns.niche,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._table.close()

    def batches(self, size: int, after: int = 0) -> Iterator[Batch]:
        """Read `size` rows of the file at a time; those up to `after` are read only to know their numbers again.

        The same file, choices and size always give the same batches.
        """
        reader = _RowReader(self._columns, self._country)
        records = enumerate(self._table.records(), start=1)
        while passed_over := list(islice(records, min(size, after))):
            reader.read(passed_over)
            after -= len(passed_over)
        while chunk := list(islice(records, size)):
            yield reader.read(chunk)


class _RowReader:
    """Reads rows into people; remembers every number that it has met."""

    def __init__(self, columns: Columns, country: str) -> None:
        self._columns = columns
        self._country = country
        self._quickly = dialler(country).read
        self._seen_in: dict[str, int] = {}
        self._attributes = tuple((at, columns.key(at)) for at in columns.attributes)

    def read(self, rows: Sequence[tuple[int, list[str]]]) -> Batch:
        contacts: list[ReadContact] = []
        rejected: list[RejectedRow] = []
        blank_rows = 0
        columns = self._columns
        for number, record in rows:
            if not record:
                blank_rows += 1
                continue
            cells = record if len(record) <= MAX_COLUMNS else record[:MAX_COLUMNS]
            if number <= columns.header_row:
                blank_rows += is_blank(cells)
                continue
            cell = cells[columns.phone] if columns.phone < len(cells) else ""
            plain = self._quickly(cell)
            phones = [Phone(*plain)] if plain else read_phones(cell, self._country)
            if not phones:
                if is_blank(cells):
                    blank_rows += 1
                else:
                    rejected.append(RejectedRow(number, tuple(cells), "no phone number"))
                continue
            name, niche, attributes = self._person(cells)
            for phone in phones:
                if isinstance(phone, UnreadablePhone):
                    rejected.append(RejectedRow(number, tuple(cells), _which(phone, len(phones))))
                elif (first := self._seen_in.setdefault(phone.number, number)) != number:
                    rejected.append(RejectedRow(number, tuple(cells), f"{SAME_NUMBER} {first}"))
                else:
                    contacts.append(ReadContact(number, phone.number, name, niche, attributes, phone.landline))
        return Batch(rows[-1][0], tuple(contacts), tuple(rejected), blank_rows)

    def _person(self, cells: list[str]) -> tuple[str, str | None, dict[str, str]]:
        """Name, niche and attributes."""
        columns, width = self._columns, len(cells)
        name = " ".join(filter(None, [_value(cells[at]) for at in columns.names if at < width]))[:LONGEST_NAME]
        niche = None
        if columns.niche is not None and columns.niche < width:
            niche = _value(cells[columns.niche])[:LONGEST_NICHE].rstrip() or None
        attributes = {key: value for at, key in self._attributes if at < width and (value := _value(cells[at]))}
        for at in range(len(columns.labels), width):  # a row wider than the header
            if value := _value(cells[at]):
                attributes[columns.key(at)] = value
        return name, niche, attributes


def _which(phone: UnreadablePhone, of: int) -> str:
    return phone.reason if of == 1 else f"“{phone.text}”: {phone.reason}"


def _value(cell: str) -> str:
    text = cell[:_LONGEST_VALUE]
    return " ".join((text if text.isprintable() else _CONTROL.sub(" ", text)).split())
