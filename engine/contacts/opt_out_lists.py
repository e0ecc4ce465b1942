"""The opted-out list: looked into, brought from elsewhere, and taken along. Lifting is START's alone."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import opt_out_list_store as list_store
from engine.contacts import store
from engine.contacts.reading import SAME_NUMBER, open_contacts
from engine.contacts.rejects import csv_file
from engine.database import Database
from engine.errors import InvalidInputError
from models.enums import ConsentSource, Role

A_TRANSACTION = 2000  # phones
ROWS_AT_ONCE = 5000
SHOWN_REASONS = 5
FEWEST_DIGITS = 3  # a shorter part of a number matches nearly everybody
LONGEST_EVIDENCE = 200

Told = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Suppressed:
    phone: str
    name: str  # empty when nobody of that phone is in the book
    source: ConsentSource
    evidence: str
    since: datetime


@dataclass(frozen=True, slots=True)
class OptedOut:
    count: int
    latest: tuple[Suppressed, ...]


@dataclass(frozen=True, slots=True)
class OptOutFile:
    """What was read of a file: each number once."""

    phones: tuple[str, ...]
    unreadable: int  # rows or numbers
    reasons: tuple[str, ...]  # the first few: "row 7: no phone number"


@dataclass(frozen=True, slots=True)
class ListReview:
    """`new` and `already` add up to the numbers of the file."""

    numbers: int
    new: int
    already: int
    unreadable: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListTaken:
    new: int
    already: int
    unreadable: int
    runs_ended: int
    cancelled: int  # messages that waited


class OptOutLists:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, actor: Actor, typed: str = "", limit: int = 10) -> OptedOut:
        """How many phones are opted out, and the latest of those with these digits in it (empty: of all).

        Raises InvalidInputError where nothing can be looked for.
        """
        digits = re.sub(r"\D", "", typed)
        stripped = digits.lstrip("0")  # a number as it is dialled at home
        digits = stripped if len(stripped) >= FEWEST_DIGITS else digits
        if typed.strip() and len(digits) < FEWEST_DIGITS:
            raise InvalidInputError(f"Please type at least {FEWEST_DIGITS} digits of a number.")
        async with self._database.transaction() as session:
            count = await list_store.count(session, actor.workspace_id)
            rows = await list_store.find(session, actor.workspace_id, digits, limit)
        return OptedOut(
            count,
            tuple(
                Suppressed(row.phone, row.name, ConsentSource(row.source), row.evidence, row.since) for row in rows
            ),
        )

    async def review(self, actor: Actor, data: bytes, file_name: str) -> ListReview:
        """Say what taking this file would do. Raises InvalidInputError when it cannot be read."""
        actor.must_be(Role.OPERATOR)
        file = await self._read(actor, data, file_name)
        already = 0
        async with self._database.transaction() as session:
            for some in _chunks(file.phones):
                already += await list_store.count_known(session, actor.workspace_id, some)
        return ListReview(len(file.phones), len(file.phones) - already, already, file.unreadable, file.reasons)

    async def take(self, actor: Actor, data: bytes, file_name: str, told: Told | None = None) -> ListTaken:
        """Opt out everybody of this file. `told` hears now and then how many are done.

        A transaction for every few thousand phones; after a crash the same file is taken again, and what was done
        is not done twice. Raises InvalidInputError when there is no number in it.
        """
        actor.must_be(Role.OPERATOR)
        file = await self._read(actor, data, file_name)
        if not file.phones:
            raise InvalidInputError(f"No number of the file can be read: {'; '.join(file.reasons)}.")
        evidence = file_name[:LONGEST_EVIDENCE]
        new = runs = cancelled = done = 0
        for some in _chunks(file.phones):
            now = self._clock.now()
            async with self._database.transaction() as session:
                added, ended, dropped = await list_store.suppress_all(
                    session, actor.workspace_id, some, evidence=evidence, at=now, by=actor.operator_id
                )
                if done == 0:
                    actor.record(session, now, "opt_outs.import", None, file=evidence, numbers=len(file.phones))
            new, runs, cancelled, done = new + added, runs + ended, cancelled + dropped, done + len(some)
            if told is not None:
                await told(done)
        return ListTaken(new, len(file.phones) - new, file.unreadable, runs, cancelled)

    async def export(self, actor: Actor) -> bytes:
        """All of it as CSV: phone, since (local), source, evidence. It is in the audit log who took it."""
        actor.must_be(Role.OPERATOR)
        async with self._database.transaction() as session:
            zone = ZoneInfo((await store.workspace(session, actor.workspace_id)).time_zone)
            rows = await list_store.everything(session, actor.workspace_id)
            actor.record(session, self._clock.now(), "opt_outs.export", None, numbers=len(rows))

        def written() -> bytes:
            lines = ((row.phone, _local(row.since, zone), row.source, row.evidence) for row in rows)
            return csv_file([("Phone", "Since", "Source", "Evidence"), *lines])

        return await asyncio.to_thread(written)

    async def _read(self, actor: Actor, data: bytes, file_name: str) -> OptOutFile:
        async with self._database.transaction() as session:
            country = (await store.workspace(session, actor.workspace_id)).country
        return await asyncio.to_thread(read_opt_outs, data, file_name, country)


def read_opt_outs(data: bytes, file_name: str, country: str) -> OptOutFile:
    """Read the numbers of a table; all other columns are passed over. Raises InvalidInputError."""
    phones: list[str] = []
    reasons: list[str] = []
    unreadable = 0
    with open_contacts(data, file_name, country) as file:
        for batch in file.batches(ROWS_AT_ONCE):
            phones += (contact.phone for contact in batch.contacts)
            wrong = [row for row in batch.rejected if not row.reason.startswith(SAME_NUMBER)]
            unreadable += len(wrong)
            reasons += [f"row {row.row}: {row.reason}" for row in wrong[: SHOWN_REASONS - len(reasons)]]
    return OptOutFile(tuple(sorted(phones)), unreadable, tuple(reasons))


def _chunks(phones: tuple[str, ...]) -> "list[tuple[str, ...]]":
    return [phones[at : at + A_TRANSACTION] for at in range(0, len(phones), A_TRANSACTION)]


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"
