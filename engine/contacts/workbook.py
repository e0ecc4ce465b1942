"""Excel and OpenDocument workbooks as tables.

They are taken apart in a process of its own, bounded in memory and time: whatever a hostile or broken file does to
the parser ends in an answer, never in a crash of dripdesk.
"""

import csv
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from engine.contacts.signatures import AS_CSV
from engine.contacts.tables import Row, head_of, too_many_rows
from engine.errors import InvalidInputError

_READER = Path(__file__).with_name("workbook_reader.py")
_TIMEOUT = 90.0  # seconds: the reader's limit is of the processor's time, and the machine may be busy
_LONGEST_ANSWER = 1_000_000  # bytes

_PROTECTED = (
    "The workbook is protected by a password. Take it off (File → Info → Protect) and send the file again."
)
_TOO_BIG = (
    f"The workbook is too big to be read: maybe something stands far below or to the right of the table. {AS_CSV}"
)
_DAMAGED = f"This is an Excel workbook that cannot be read: it may be damaged. {AS_CSV}"
_OLD_AND_DAMAGED = f"This is an old Excel or Word file that cannot be read. {AS_CSV}"
_NO_TABLE = f"The workbook has no sheet with rows in it. {AS_CSV}"


@dataclass(frozen=True, slots=True)
class _Part:
    """Where a sheet stands in the spool."""

    start: int  # bytes
    rows: int
    too_many: bool


def _not_too_long(part: _Part) -> _Part:
    if part.too_many:
        raise too_many_rows()
    return part


class Workbook:
    """A `Table`: one sheet of a workbook, that which is chosen or the likeliest by `score` of its first rows.

    Raises InvalidInputError when it cannot be read. `close` it: it keeps the rows in a file without a name.
    """

    def __init__(self, data: bytes, sheet: str | None, score: Callable[[Sequence[Row]], int]) -> None:
        self._spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self.sheets, parts = _take_apart(data, sheet, self._spool.fileno())
            self.sheet = sheet or max(parts, key=lambda name: score(head_of(self._records(parts[name]))))
            self._part = _not_too_long(parts[self.sheet])
            self.head = head_of(self.records())
            self.last_row = self._part.rows
        except BaseException:
            self.close()
            raise

    def records(self) -> Iterator[list[str]]:
        return self._records(self._part)

    def close(self) -> None:
        self._spool.close()

    def _records(self, part: _Part) -> Iterator[list[str]]:
        source = io.BufferedReader(_Spooled(self._spool.fileno(), part.start), 256 * 1024)
        return islice(csv.reader(io.TextIOWrapper(source, "utf-8", newline="")), part.rows)


class _Spooled(io.RawIOBase):
    """A file read from a place on, by as many readers at once as want to."""

    def __init__(self, descriptor: int, start: int) -> None:
        self._descriptor = descriptor
        self._at = start

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = os.preadv(self._descriptor, [buffer], self._at)
        self._at += read
        return read


def _take_apart(data: bytes, sheet: str | None, spool: int) -> tuple[tuple[str, ...], dict[str, _Part]]:
    """Return the names of all sheets, and where those that could be read (the chosen one, or all) stand."""
    answers = _run_reader(data, sheet, spool)
    errors = [answer["error"] for answer in answers if "error" in answer]
    sheets = next((tuple(answer["sheets"]) for answer in answers if "sheets" in answer), None)
    if sheets is None:
        old = data.startswith(b"\xd0\xcf")
        damaged = _OLD_AND_DAMAGED if old else _DAMAGED
        raise InvalidInputError({"password": _PROTECTED, "damaged": damaged}.get("".join(errors), _TOO_BIG))
    if sheet is not None and sheet not in sheets:
        raise InvalidInputError(f"The workbook has no sheet “{sheet}”. Choose another one.")
    parts = {
        sheets[answer["sheet"]]: _Part(answer["start"], answer["rows"], answer["too_many"])
        for answer in answers
        if "rows" in answer
    }
    if sheet is not None and sheet not in parts:
        raise InvalidInputError(_DAMAGED if errors else _TOO_BIG)
    if sheet is None and not any(part.rows for part in parts.values()):
        raise InvalidInputError(_NO_TABLE if len(parts) == len(sheets) else _DAMAGED if errors else _TOO_BIG)
    return sheets, parts


def _run_reader(data: bytes, sheet: str | None, spool: int) -> list[dict[str, Any]]:
    """Whatever it could find out, before it ended or was ended."""
    command = [sys.executable, "-P", str(_READER), str(spool), *([] if sheet is None else [sheet])]
    with tempfile.TemporaryFile() as answer:
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603
                command, input=data, stdout=answer, stderr=subprocess.DEVNULL, pass_fds=[spool],
                timeout=_TIMEOUT, check=False, env={"PYTHONUTF8": "1"},
            )  # fmt: skip
        answer.seek(0)
        lines = answer.read(_LONGEST_ANSWER).split(b"\n")[:-1]
    return [json.loads(line) for line in lines]
