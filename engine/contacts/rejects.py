"""Rows and people that were left out, as a file; rows can be mended in it and sent again. Pure."""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence

from engine.contacts.reading import RejectedRow

BOM = codecs.BOM_UTF8

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # spreadsheets take the wide ones too


def rejects_csv(labels: Sequence[str], batches: Callable[[], Iterable[Sequence[RejectedRow]]]) -> Iterator[bytes]:
    """The rows as they were in the file, under the labels of its columns, each with its number and the reason.

    Part by part; `batches` gives the rows anew each time: they are looked at once for the widest of them, so that
    not all of them need to be kept.
    """
    width = max((len(row.cells) for rejected in batches() for row in rejected), default=0)
    labels = (*labels, *(f"Column {at + 1}" for at in range(len(labels), width)))
    yield csv_file([("Row", *labels, "Reason")])
    for rejected in batches():
        rows = ((str(row.row), *row.cells, *[""] * (len(labels) - len(row.cells)), row.reason) for row in rejected)
        yield csv_lines(rows)


def csv_file(rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with BOM, as Excel wants it; no cell can run as a formula there."""
    return BOM + csv_lines(rows)


def csv_lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Some lines of such a file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA) else cell
