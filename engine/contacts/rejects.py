"""Rows and people that were left out, as a file; rows can be mended in it and sent again. Pure."""

import codecs
import csv
import io
from collections.abc import Iterable, Sequence

from engine.contacts.reading import ContactFile

BOM = codecs.BOM_UTF8

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rejects_csv(file: ContactFile) -> bytes:
    width = max((len(row.cells) for row in file.rejected), default=0)
    labels = (*file.labels, *(f"Column {at + 1}" for at in range(len(file.labels), width)))
    rows = [
        (str(row.row), *row.cells, *[""] * (len(labels) - len(row.cells)), row.reason) for row in file.rejected
    ]
    return csv_file([("Row", *labels, "Reason"), *rows])


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
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
