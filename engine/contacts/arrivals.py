"""A contact file on its way into the tables, batch by batch: read beside the event loop, which goes on serving.

A small file is read in a thread. A large one is read by a process of its own: threads take turns with the event
loop, and a file that is a trap for its reader (a workbook that unpacks to gigabytes) ends no other process. It
reads ahead for as long as the pipe takes it, so reading and writing overlap, and ends by itself when nobody reads
the pipe any more.

`python -m engine.contacts.arrivals` is that process: a pickled task comes in, pickled results go out.
"""

import asyncio
import contextlib
import json
import os
import pickle
import signal
import struct
import sys
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

from engine.contacts.reading import Batch, Choices, ReadContact, open_contacts
from engine.contacts.rejects import rejects_csv
from engine.errors import InvalidInputError

ROWS = 5_000  # in a batch, and so in a transaction
SMALL = 128 * 1024  # bytes of a file that a thread reads: a process takes half a second to start
READ_AHEAD = 1024 * 1024  # bytes of results that wait here; about as many again wait in the pipe
SHOWN = 5  # reasons and samples of a batch

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class KeptFile:
    data: bytes
    name: str
    choices: Choices  # all of them made


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A batch of a file. Rows with more than one number are several people or rejects."""

    rows_done: int  # rows of the file up to the end of the batch
    records: bytes  # for COPY: phone, name, niche, attributes as JSON
    people: int
    rejected: int
    rows: int  # that are not blank
    crowded_rows: int  # with more than one number
    landlines: int
    reasons: tuple[str, ...]  # why rows were rejected, the first few: "row 7: …"
    samples: tuple[tuple[str, str], ...]  # name and phone of the first few
    keys: tuple[str, ...]  # of the attributes that anybody has


@asynccontextmanager
async def arriving(file: KeptFile, *, behind: int = 0, rows: int = ROWS) -> AsyncIterator[AsyncIterator[Arrivals]]:
    """Read the rows of a file that come after row `behind`. Iterating raises InvalidInputError, ReadingError."""
    task = _Arriving(file, behind, rows)
    async with contextlib.aclosing(_in_a_thread(task) if _is_small(file) else _in_a_process(task)) as results:
        yield results


async def rejects_of(file: KeptFile) -> bytes:
    """Read the rows that cannot be used, as a CSV file. Raises InvalidInputError, ReadingError."""
    task = _Rejects(file)
    async with contextlib.aclosing(_in_a_thread(task) if _is_small(file) else _in_a_process(task)) as results:
        return b"".join([part async for part in results])


class ReadingError(Exception):
    """The process that reads a file has ended before its end: killed for want of memory, perhaps."""


def read_arrivals(file: KeptFile, *, behind: int = 0, rows: int = ROWS) -> Generator[Arrivals, None, None]:
    with open_contacts(file.data, file.name, file.choices.country or "", file.choices) as opened:
        for batch in opened.batches(rows, behind):
            yield _arrivals(batch)


def _arrivals(batch: Batch) -> Arrivals:
    contacts, rejected = batch.contacts, batch.rejected
    entries = Counter(contact.row for contact in contacts)
    entries.update(reject.row for reject in rejected)
    return Arrivals(
        rows_done=batch.rows_done,
        records=_records(contacts),
        people=len(contacts),
        rejected=len(rejected),
        rows=len(entries),
        crowded_rows=sum(count > 1 for count in entries.values()),
        landlines=sum(contact.landline for contact in contacts),
        reasons=tuple(f"row {reject.row}: {reject.reason}" for reject in rejected[:SHOWN]),
        samples=tuple((contact.name, contact.phone) for contact in contacts[:SHOWN]),
        keys=tuple(dict.fromkeys(key for contact in contacts for key in contact.attributes)),
    )


def _records(contacts: Sequence[ReadContact]) -> bytes:
    """The text format of COPY. What is read holds no control characters, so only backslashes mean something."""
    lines = [
        f"{contact.phone}\t{contact.name}\t{contact.niche or ''}\t"
        f"{json.dumps(contact.attributes) if contact.attributes else '{}'}\n"
        for contact in contacts
    ]
    return "".join(lines).replace("\\", "\\\\").encode()


# --- where it is read ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Arriving:
    file: KeptFile
    behind: int
    rows: int

    def results(self) -> Generator[Any, None, None]:
        return read_arrivals(self.file, behind=self.behind, rows=self.rows)


@dataclass(frozen=True, slots=True)
class _Rejects:
    file: KeptFile

    def results(self) -> Generator[Any, None, None]:
        choices = self.file.choices
        with open_contacts(self.file.data, self.file.name, choices.country or "", choices) as opened:
            yield from rejects_csv(opened.labels, lambda: (batch.rejected for batch in opened.batches(ROWS)))


@dataclass(frozen=True, slots=True)
class _Refused:
    words: str


_Task: TypeAlias = _Arriving | _Rejects


def _is_small(file: KeptFile) -> bool:
    return len(file.data) <= SMALL


async def _in_a_thread(task: _Task) -> AsyncGenerator[Any, None]:
    results = task.results()
    try:
        while (result := await asyncio.to_thread(next, results, None)) is not None:
            yield result
    finally:
        with contextlib.suppress(ValueError):  # cancelled while the thread is at it: it is dropped with the thread
            results.close()  # what it has opened is closed with it


async def _in_a_process(task: _Task) -> AsyncGenerator[Any, None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=READ_AHEAD,
        start_new_session=True,  # a Ctrl-C in the terminal is not meant for it
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    if process.stdin is None or process.stdout is None:
        raise ReadingError
    try:
        with contextlib.suppress(ConnectionError):  # it has ended already: the answer says so
            process.stdin.write(await asyncio.to_thread(pickle.dumps, task))
            await process.stdin.drain()
            process.stdin.close()
        while (result := await _next(process.stdout)) is not None:
            if isinstance(result, _Refused):
                raise InvalidInputError(result.words)
            yield result
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)  # `process.kill` may take its end from who waits for it here
        await process.wait()


async def _next(pipe: asyncio.StreamReader) -> Any:
    try:
        (length,) = _LENGTH.unpack(await pipe.readexactly(_LENGTH.size))
        return pickle.loads(await pipe.readexactly(length)) if length else None  # noqa: S301 (our own process)
    except asyncio.IncompleteReadError as error:
        raise ReadingError("the process that reads the file has ended") from error


def _write(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(_LENGTH.pack(len(content)) + content)
    pipe.flush()


def main() -> None:
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library may print does not get among the results
    task: _Task = pickle.load(sys.stdin.buffer)  # noqa: S301 (from the process that started this one)
    try:
        try:
            for result in task.results():
                _write(pipe, pickle.dumps(result))
        except InvalidInputError as error:
            _write(pipe, pickle.dumps(_Refused(str(error))))
        _write(pipe, b"")
    except BrokenPipeError:  # nobody wants it any more
        os._exit(0)


if __name__ == "__main__":
    # Under its own name, and not as `__main__`: pickles say where their classes are.
    from engine.contacts.arrivals import main as read

    read()
