"""Bytes of an uploaded file, read as rows of cells: encoding, separator, quotes. Pure."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from engine.errors import InvalidInputError

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000
_MAX_COLUMNS = 100  # what stands further right is nobody's contact data

# The module's own limit, one for the process, is 128 KB a cell: one such cell would fail the whole file.
csv.field_size_limit(MAX_BYTES)

_SEPARATORS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[ \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]")

_AS_CSV = "Open it in a spreadsheet, export it as CSV (File → Save as → CSV) and send that file."
_SIGNATURES = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"{\\rtf", "a text document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"7z\xbc\xaf", "a compressed archive"),
    (b"Rar!", "a compressed archive"),
    (b"BEGIN:VCARD", "a vCard file"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)


@dataclass(frozen=True, slots=True)
class Row:
    number: int  # as a spreadsheet counts, from 1
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    rows: list[Row]  # no blank ones
    blank_rows: int


def read_table(data: bytes, file_name: str) -> Table:
    """Raise InvalidInputError, with what to do, when the file is not a table of text."""
    _refuse_what_is_no_text(data, file_name)
    text = _decode(data)
    separator_line = _SEPARATOR_LINE.match(text)
    if separator_line:
        text = text[separator_line.end() :]
    separator = separator_line[1] if separator_line else _guess_separator(text)
    table = _collect(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    if _swallows_rows(table, separator):
        lines = io.StringIO(text, newline=None)
        table = _collect(next(csv.reader([line], delimiter=separator), []) for line in lines)
    if not table.rows:
        raise InvalidInputError("The file is empty. Export your contacts as CSV and send that file.")
    return table


def _refuse_what_is_no_text(data: bytes, file_name: str) -> None:
    if len(data) > MAX_BYTES:
        raise InvalidInputError(
            f"The file is too big: {len(data) / 1024 / 1024:.0f} MB; at most "
            f"{MAX_BYTES // 1024 // 1024} MB are read at once. Split it and send the parts."
        )
    start = data[:64].lstrip()
    if start.startswith(b"PK") and (file_name.lower().endswith(".xlsx") or b"xl/" in data):
        raise InvalidInputError(f"This is an Excel workbook. {_AS_CSV}")
    for signature, kind in _SIGNATURES:
        if start.lower().startswith(signature.lower()):
            raise InvalidInputError(f"This is {kind}, not a table of contacts. {_AS_CSV}")
    if data[4:8] == b"ftyp":
        raise InvalidInputError(f"This is a picture or a film, not a table of contacts. {_AS_CSV}")


def _decode(data: bytes) -> str:
    text = next(_decodings(data))
    if "\0" in text or len(_CONTROL.findall(text)) > 8 + len(text) // 200:
        raise InvalidInputError(f"This is not a text file, so no contacts can be read from it. {_AS_CSV}")
    return text


def _decodings(data: bytes) -> Iterator[str]:
    """Old Excel writes cp1252; latin-1 takes any bytes."""
    marked_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked_utf16 else ("utf-8-sig", "cp1252"):
        with suppress(UnicodeDecodeError):
            yield data.decode(encoding)
    yield data.decode("latin-1")


def _guess_separator(text: str) -> str:
    """The one that cuts most of the first rows into the same number of cells."""

    def evenness(separator: str) -> tuple[int, int]:
        rows = csv.reader(io.StringIO(text[:65_536], newline=""), delimiter=separator)
        widths = Counter(len(row) for row in islice(filter(None, rows), 50))
        width, count = max(
            ((width, count) for width, count in widths.items() if width > 1),
            key=lambda pair: pair[::-1],
            default=(0, 0),
        )
        return (count, width) if count * 3 >= widths.total() else (0, 0)

    best = max(_SEPARATORS, key=evenness)
    # A single column: a tab leaves "012-345 6789, 019-876 5432" in one cell.
    return best if evenness(best) > (0, 0) else "\t"


def _collect(records: Iterable[list[str]]) -> Table:
    rows: list[Row] = []
    blank_rows = 0
    for number, cells in enumerate(records, start=1):
        kept = tuple(cells[:_MAX_COLUMNS])
        if not any(map(str.strip, kept)):
            blank_rows += 1
        elif len(rows) == MAX_ROWS:
            raise InvalidInputError(
                f"The file has more than {MAX_ROWS:,} rows, the most that are read at once. "
                "Split it and send the parts."
            )
        else:
            rows.append(Row(number, kept))
    return Table(rows, blank_rows)


def _swallows_rows(table: Table, separator: str) -> bool:
    """Whether a quotation mark that is never closed has made one cell of several rows."""
    width = Counter(len(row.cells) for row in table.rows[:50]).most_common(1)
    breaks = max(1, width[0][0] - 1) if width else 1
    return any(sum(line.count(separator) >= breaks for line in lines) > 1 for lines in _long_cells(table))


def _long_cells(table: Table) -> Iterator[list[str]]:
    return (cell.splitlines() for row in table.rows for cell in row.cells if "\n" in cell or "\r" in cell)
