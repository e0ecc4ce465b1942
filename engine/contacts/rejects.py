"""The rows that could not be used, as a file to mend and send again. Pure."""

import csv
import io

from engine.contacts.reading import ContactFile

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rejects_csv(file: ContactFile) -> bytes:
    """UTF-8 with BOM, as Excel wants it; no cell can run as a formula there."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    width = max((len(row.cells) for row in file.rejected), default=0)
    labels = (*file.labels, *(f"Column {at + 1}" for at in range(len(file.labels), width)))
    writer.writerow(["Row", *map(_harmless, labels), "Reason"])
    for row in file.rejected:
        cells = (*row.cells, *[""] * (len(labels) - len(row.cells)))
        writer.writerow([row.row, *map(_harmless, cells), _harmless(row.reason)])
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
