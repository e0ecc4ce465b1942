"""The engine's part of an import: takes the file in, batch by batch, or undoes it.

Each batch is one transaction that moves the people and the counts of the import together, and asks for the row
of the file at which it begins: whatever dies where, nobody is taken in twice and nobody is left out, and of two
engines at one import the second finds its batch done.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from sqlalchemy import Row

from engine.actor import Actor
from engine.batching import is_transient
from engine.clock import Clock
from engine.contacts import import_store, undo_store
from engine.contacts.arrivals import ROWS, Arrivals, KeptFile, arriving
from engine.contacts.import_store import Terms
from engine.contacts.reading import Choices
from engine.contacts.undo_store import Undoing
from engine.database import Database
from engine.errors import DripdeskError
from engine.sequences.intake import JoinedByItself, NewLead, join_new_leads, open_to_new_leads
from models.enums import ConsentSource, DuplicatePolicy, Face, ImportStatus, Role

log = structlog.get_logger()

POLL_EVERY = 5.0  # machine seconds: a notification may be lost
LEASE = timedelta(seconds=10)  # of machine time; so long after its last word an engine's import is another's
MOST_ATTEMPTS = 3  # at one batch
PAUSE = timedelta(seconds=2)  # of machine time, before the next attempt
MOST_REPEATS = 5  # of a batch, because somebody deletes the same people at the same time

T = TypeVar("T")


class _GoneError(Exception):
    """Another engine works on it, or it was cancelled."""


class _MissedError(Exception):
    """Somebody of the batch was deleted while it was written."""


@dataclass
class _Held:
    """An import that this engine works on."""

    row: Row[Any]
    taken_until: datetime
    attempts: int

    @property
    def id(self) -> int:
        return int(self.row.id)

    def done(self, taken_until: datetime) -> None:
        """Note that some of it was committed."""
        self.taken_until = taken_until
        self.attempts = 0


class Importer:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        rows: int = ROWS,
        lease: timedelta = LEASE,
        pause: timedelta = PAUSE,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rows = rows
        self._lease = lease
        self._pause = pause
        self._told = asyncio.Event()

    def look(self, _notification: str = "") -> None:
        self._told.set()

    async def run(self) -> None:
        """Work until cancelled; what is cut short then is begun again by whoever comes first."""
        while True:
            self._told.clear()
            try:
                while await self.run_once(self._clock.now()):
                    pass
            except Exception as error:
                if is_transient(error):
                    log.debug("imports put off, the database does not answer")
                else:  # whatever it is, it does not end the engine
                    log.exception("imports put off")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_EVERY):
                    await self._told.wait()

    async def run_once(self, now: datetime) -> bool:
        """Take the next import in to its end, or undo it; whether there was one that nobody works on."""
        async with self._database.transaction() as session:
            row = await import_store.take(session, self._lease)
        if row is None:
            return False
        held = _Held(row, row.taken_until, row.attempts)
        try:
            if held.attempts > MOST_ATTEMPTS:
                await self._fail(held, "the engine ended each time while it was at it", now)
            elif ImportStatus(row.status) is ImportStatus.UNDOING:
                await self._undo(held, now)
            else:
                await self._take_in(held, now)
        except _GoneError:
            return True
        except asyncio.CancelledError:
            await self._give_back(held, held.attempts and held.attempts - 1, timedelta(0))
            raise
        except Exception as error:
            if is_transient(error):
                await self._give_back(held, held.attempts and held.attempts - 1, self._pause)
                raise
            attempts = held.attempts or 1
            log.exception("an import failed", id=held.id, attempt=attempts)
            if attempts < MOST_ATTEMPTS:
                await self._give_back(held, attempts, self._pause)
            else:
                await self._fail(held, _in_words(error), now)
        return True

    # --- taking in ------------------------------------------------------------------------------------------

    async def _take_in(self, held: _Held, now: datetime) -> None:
        row, terms = held.row, _terms(held.row, now)
        rows_done = row.rows_done
        file = KeptFile(row.content, row.file_name, Choices.from_json(row.choices))
        async with arriving(file, behind=rows_done, rows=self._rows) as batches:
            while (batch := await self._next(batches, held)) is not None:
                await self._write(held, terms, batch, rows_done, now)
                rows_done = batch.rows_done
        async with self._database.transaction() as session:
            counts = await import_store.finish(session, held.id, rows_done, now)
            if counts is None:
                raise _GoneError
            _actor(row).record(
                session, now, "contacts.import", row.list_id, file=row.file_name, source=row.source,
                **counts._asdict(),
            )  # fmt: skip

    async def _next(self, batches: AsyncIterator[Arrivals], held: _Held) -> Arrivals | None:
        """Wait for the next batch, and say now and then that it is waited for."""
        waiting = asyncio.ensure_future(anext(batches, None))
        try:
            while not (await asyncio.wait([waiting], timeout=self._lease.total_seconds() / 3))[0]:
                await self._hold_on(held)
        except BaseException:
            waiting.cancel()
            await asyncio.wait([waiting])
            raise
        return waiting.result()

    async def _hold_on(self, held: _Held) -> None:
        async with self._database.transaction() as session:
            until = await import_store.extend(session, held.id, held.taken_until, self._lease)
        if until is None:
            raise _GoneError
        held.taken_until = until

    async def _write(self, held: _Held, terms: Terms, batch: Arrivals, behind: int, now: datetime) -> None:
        for _ in range(MOST_REPEATS):
            with contextlib.suppress(_MissedError):
                held.done(await self._write_once(held, terms, batch, behind, now))
                return
        raise _MissedError

    async def _write_once(
        self, held: _Held, terms: Terms, batch: Arrivals, behind: int, now: datetime
    ) -> datetime:
        async with self._database.transaction() as session:
            passed = await import_store.pass_fence(
                session, held.id, expected=behind, rows_done=batch.rows_done, rejected=batch.rejected,
                lease=self._lease,
            )  # fmt: skip
            if passed is None:
                raise _GoneError
            if batch.people:
                sequences = await open_to_new_leads(session, terms.workspace)
                wanted = sorted({sequence.niche.lower() for sequence in sequences})
                await import_store.copy_incoming(session, batch.records)
                taken = await import_store.take_in(session, terms, batch.people, wanted)
                if taken is None:
                    raise _MissedError
                leads = [NewLead(*lead) for lead in taken.leads]
                joined = await join_new_leads(session, _actor(held.row), sequences, leads, now) if leads else []
                await import_store.add_counts(session, held.id, taken, _add_joined(passed.joined, joined))
        until: datetime = passed.taken_until
        return until

    # --- undoing --------------------------------------------------------------------------------------------

    async def _undo(self, held: _Held, now: datetime) -> None:
        undoing = undo_store.undoing(held.row)
        while await self._remove_some(held, undoing):
            pass
        while await self._put_some_back(held, undoing):
            pass
        async with self._database.transaction() as session:
            if not await undo_store.end(session, undoing, held.taken_until, now):
                raise _GoneError
            _actor(held.row).record(
                session, now, "contacts.undo_import", held.row.list_id, file=held.row.file_name
            )

    async def _remove_some(self, held: _Held, undoing: Undoing) -> bool:
        async with self._database.transaction() as session:
            until = await undo_store.advance(session, undoing, held.taken_until, self._lease)
            if until is None:
                raise _GoneError
            ids = await undo_store.lock_created(session, undoing)
            if ids:
                await undo_store.remove(session, undoing, ids)
        held.done(until)
        return bool(ids)

    async def _put_some_back(self, held: _Held, undoing: Undoing) -> bool:
        async with self._database.transaction() as session:
            until = await undo_store.advance(session, undoing, held.taken_until, self._lease)
            if until is None:
                raise _GoneError
            people = await undo_store.put_back(session, undoing)
        held.done(until)
        return people > 0

    # --- giving up ------------------------------------------------------------------------------------------

    async def _give_back(self, held: _Held, attempts: int, pause: timedelta) -> None:
        """Without an answer from the database it is the lease that ends."""
        try:
            async with self._database.transaction() as session:
                await import_store.release(session, held.id, held.taken_until, attempts=attempts, pause=pause)
        except Exception as error:
            if not is_transient(error):
                raise

    async def _fail(self, held: _Held, why: str, now: datetime) -> None:
        async with self._database.transaction() as session:
            if await import_store.fail(session, held.id, held.taken_until, why, now):
                _actor(held.row).record(
                    session, now, "contacts.import_failed", held.row.list_id, file=held.row.file_name, why=why
                )


def _in_words(error: Exception) -> str:
    if isinstance(error, DripdeskError):
        return str(error)
    return f"an error that nobody has foreseen ({type(error).__name__}); the log says more"


def _actor(row: Row[Any]) -> Actor:
    """On behalf of whoever has started it."""
    return Actor(row.workspace_id, Role.OPERATOR, Face.SYSTEM, row.started_by)


def _terms(row: Row[Any], now: datetime) -> Terms:
    return Terms(
        workspace=row.workspace_id,
        import_id=row.id,
        list_id=row.list_id,
        duplicates=DuplicatePolicy(row.duplicates),
        niche=row.niche,
        attributes=json.dumps(row.attributes),
        source=ConsentSource(row.source) if row.source else None,
        evidence=f"{row.file_name}: {row.evidence}" if row.evidence else row.file_name,
        by=row.started_by,
        at=now,
    )


def _add_joined(before: dict[str, Any], joined: list[JoinedByItself]) -> dict[str, Any]:
    """How many have joined each sequence by themselves: [its name, people] by its id."""
    after = dict(before)
    for one in joined:
        _, people = after.get(str(one.sequence_id), ("", 0))
        after[str(one.sequence_id)] = [one.name, people + one.joined]
    return after
