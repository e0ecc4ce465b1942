"""Text as a table: separator, quotes, and what broken quotes must not cost. Memory stays bounded."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from engine.contacts.decoding import find_encoding, looks_like_text
from engine.contacts.signatures import AS_CSV
from engine.contacts.tables import (
    MAX_BYTES,
    MAX_ROWS,
    ROWS_OF_A_SHEET,
    head_of,
    is_blank,
    too_many_rows,
)
from engine.errors import InvalidInputError

SEPARATORS = (",", ";", "\t", "|")

# The module's own limit, one for the process, is 128 KB a cell: one such cell would fail the whole file.
csv.field_size_limit(MAX_BYTES)

_SAMPLE = 65_536  # characters
_LONG_LINE = 1_000_000  # characters
_MANY_CELLS = 5_000
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[ \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)

NO_TEXT = f"This is not a text file, so no contacts can be read from it. {AS_CSV}"


class DelimitedText:
    """A `Table`. `encoding` and `separator` are obeyed if given, else guessed.

    Raises InvalidInputError when this is no text, or more rows than are read at once.
    """

    def __init__(self, data: bytes, encoding: str | None = None, separator: str | None = None) -> None:
        self._data = data
        self.encoding, self._start = find_encoding(data, encoding)
        if not looks_like_text(data, self.encoding):
            raise InvalidInputError(NO_TEXT)
        sample = self._open(newline="").read(_SAMPLE)
        told = _SEPARATOR_LINE.match(sample)
        if told:
            self._start += len(told[0].encode(self.encoding))
            sample = sample[told.end() :]
        if separator is not None and separator not in SEPARATORS:
            raise InvalidInputError("Cells are separated by a comma, a semicolon, a tab or a bar: choose one.")
        self.separator = separator or (told[1] if told else _guess_separator(sample))
        self._quoted = True
        self.head = head_of(self.records())
        self._quoted = not self._swallows_rows()
        if not self._quoted:
            self.head = head_of(self.records())
        self.last_row = self._count_rows()

    def records(self) -> Iterator[list[str]]:
        if self._quoted:
            return csv.reader(self._lines(newline=""), delimiter=self.separator)
        return (self._cells_of(line) for line in self._lines(newline=None))

    def close(self) -> None:
        """Nothing to close: the bytes are the caller's."""

    def _open(self, newline: str | None) -> io.TextIOWrapper:
        source = io.BytesIO(self._data)  # shares the bytes
        source.seek(self._start)
        return io.TextIOWrapper(source, self.encoding, errors="replace", newline=newline)

    def _lines(self, newline: str | None) -> Iterator[str]:
        lines = self._open(newline)
        return lines if len(self._data) <= _LONG_LINE else map(self._shortened, lines)

    def _shortened(self, line: str) -> str:
        """Cut a line of millions of cells, each of which would cost fifty times its size."""
        if len(line) <= _LONG_LINE or line.count(self.separator) <= _MANY_CELLS:
            return line
        kept = line[:_LONG_LINE]
        return kept + ('"\n' if kept.count('"') % 2 else "\n")

    def _cells_of(self, line: str) -> list[str]:
        return next(csv.reader([line], delimiter=self.separator), [])

    def _swallows_rows(self) -> bool:
        """Whether a quotation mark that is never closed has made one cell of several rows."""
        if b'"' not in self._data:
            return False
        width = Counter(len(row.cells) for row in self.head[:50]).most_common(1)
        breaks = max(1, width[0][0] - 1) if width else 1
        reader = csv.reader(self._lines(newline=""), delimiter=self.separator)
        line = 0
        try:
            for cells in reader:
                if reader.line_num > line + 1 and any(_holds_rows(cell, self.separator, breaks) for cell in cells):
                    return True
                line = reader.line_num
        except csv.Error:
            return True
        return False

    def _count_rows(self) -> int:
        rows = sum(1 for _ in islice(self.records(), ROWS_OF_A_SHEET + 1))
        if rows > ROWS_OF_A_SHEET:
            raise too_many_rows()
        if rows > MAX_ROWS and sum(not is_blank(cells) for cells in self.records()) > MAX_ROWS:
            raise too_many_rows()
        return rows


def _guess_separator(text: str) -> str:
    """The one that cuts most of the first rows into the same number of cells."""

    def evenness(separator: str) -> tuple[int, int]:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        widths = Counter(len(row) for row in islice(filter(None, rows), 50))
        width, count = max(
            ((width, count) for width, count in widths.items() if width > 1),
            key=lambda pair: pair[::-1],
            default=(0, 0),
        )
        return (count, width) if count * 3 >= widths.total() else (0, 0)

    best = max(SEPARATORS, key=evenness)
    # A single column: a tab leaves "012-345 6789, 019-876 5432" in one cell.
    return best if evenness(best) > (0, 0) else "\t"


def _holds_rows(cell: str, separator: str, breaks: int) -> bool:
    if "\n" not in cell and "\r" not in cell:
        return False
    return sum(line.count(separator) >= breaks for line in cell.splitlines()) > 1
