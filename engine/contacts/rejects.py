"""Rows and people that were left out, as a file; rows can be mended in it and sent again. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence

from engine.contacts.reading import RejectedRow

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # spreadsheets take the wide ones too


def rejects_csv(labels: Sequence[str], rejected: Sequence[RejectedRow]) -> bytes:
    """The rows as they were in the file, under the labels of its columns, each with its number and the reason."""
    width = max((len(row.cells) for row in rejected), default=0)
    labels = (*labels, *(f"Column {at + 1}" for at in range(len(labels), width)))
    rows = ((str(row.row), *row.cells, *[""] * (len(labels) - len(row.cells)), row.reason) for row in rejected)
    return csv_file([("Row", *labels, "Reason"), *rows])


def csv_file(rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with BOM, as Excel wants it; no cell can run as a formula there."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
