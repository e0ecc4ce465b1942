"""Writes the sheets of a workbook out as CSV. A program of its own, run by `workbook.py` in a bounded process.

Standard input is a line of JSON, the sheet that is wanted or null for all, and then the workbook. The argument is
the descriptor of a file to write rows to. Standard output is a line of JSON for each thing that is known, at once:
a sheet that cannot be read, whatever it does to this process, takes none of those before it along.
It imports nothing of dripdesk: it starts in no time, and a broken parser finds nothing of value.
"""

import csv
import datetime as dt
import io
import json
import os
import resource
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

MAX_MEMORY = 480 * 1024 * 1024
MAX_SECONDS = 40  # of the processor
MAX_UNPACKED = 600 * 1024 * 1024
MAX_WRITTEN = 256 * 1024 * 1024
MAX_PARTS = 2_000
MAX_SHEETS = 50
MAX_FILLED_ROWS = 200_020
MAX_COLUMNS = 100
LONGEST_CELL = 32_767  # as in Excel
LONGEST_NAME = 100  # a sheet's; 31 in Excel


def main() -> None:
    _limit()
    wanted = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    if data.startswith(b"PK") and _unpacks_to_too_much(data):
        return _say(error="too big")
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        return _say(error="password")
    except (CalamineError, OSError, ValueError):
        return _say(error="damaged")
    names = _names(workbook)
    _say(sheets=[name[:LONGEST_NAME] for name in names])
    for position, name in enumerate(names):
        if wanted in (None, name[:LONGEST_NAME]):
            _write(workbook, position, name)
    return None


def _limit() -> None:
    for limit, most in (
        (resource.RLIMIT_AS, MAX_MEMORY),
        (resource.RLIMIT_CPU, MAX_SECONDS),
        (resource.RLIMIT_FSIZE, MAX_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # where the system has none of its kind
            resource.setrlimit(limit, (most, most))


def _unpacks_to_too_much(data: bytes) -> bool:
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False  # damaged, or packed in a way that zipfile does not know: the reader says so
    return len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED


def _names(workbook: CalamineWorkbook) -> list[str]:
    """Tables only, those that can be seen first."""
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    sheets.sort(key=lambda sheet: sheet.visible != SheetVisibleEnum.Visible)
    return [sheet.name for sheet in sheets][:MAX_SHEETS]


def _write(workbook: CalamineWorkbook, position: int, name: str) -> None:
    descriptor = int(sys.argv[1])
    try:
        sheet = workbook.get_sheet_by_name(name)
    except (CalamineError, OSError, ValueError):
        return _say(sheet=position, error="damaged")
    start = os.lseek(descriptor, 0, os.SEEK_CUR)
    rows = filled = 0
    with open(descriptor, "w", encoding="utf-8", newline="", closefd=False) as spool:
        writer = csv.writer(spool, lineterminator="\n")
        for cells in _rows(sheet):
            filled += bool(cells)
            if filled > MAX_FILLED_ROWS:
                break
            rows += 1
            writer.writerow(cells)
    return _say(sheet=position, start=start, rows=rows, too_many=filled > MAX_FILLED_ROWS)


def _rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    """From the first row of the sheet on, and from its first column; a blank row is empty."""
    left = sheet.start[1] if sheet.start else 0
    before = [""] * min(left, MAX_COLUMNS)
    columns = MAX_COLUMNS - len(before)
    for row in sheet.iter_rows():
        cells = [_AS_TEXT[type(value)](value) for value in row[:columns]]
        yield before + cells if any(cells) else []


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _moment(value: dt.datetime) -> str:
    return value.isoformat(" ", "seconds").removesuffix(" 00:00:00")


_AS_TEXT: dict[type, Callable[[Any], str]] = {
    str: lambda value: value[:LONGEST_CELL],
    float: _number,
    int: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    dt.datetime: _moment,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    dt.timedelta: str,
}


def _say(**known: Any) -> None:
    sys.stdout.write(json.dumps(known) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except (MemoryError, OSError):  # the limits
        _say(error="too big")
