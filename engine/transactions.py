"""What SQL runs in: a session of the pool, or a connection of one's own where every transaction counts."""

import asyncio
import contextlib
import json
import re
from collections import namedtuple
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Protocol

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession

from engine.batching import is_away
from engine.clock import machine_time
from engine.connections import BROKEN, Trust, connect
from engine.outage import Outages

# Every statement here looks rows up by key, one or a thousand. To plan it anew each time takes longer than that,
# and a plan made while the tables were small must not read them whole when they have grown.
PLANS = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off"

_VALUE = re.compile(r"(?<![:\w\\]):(\w+)(?![:\w])")  # what SQLAlchemy takes for a value
_text = lru_cache(maxsize=512)(text)


class Transaction(Protocol):
    """The one thing that both can do.

    Values are written `:name` in the SQL. A row's columns are attributes, so each needs a name of its own.
    """

    async def rows(self, sql: str, values: Mapping[str, object]) -> Sequence[Any]:
        """Run one statement; what it returns, if it returns anything."""


class Session(AsyncSession):
    """One transaction of an operator or a job, with everything that SQLAlchemy can do."""

    async def rows(self, sql: str, values: Mapping[str, object]) -> Sequence[Any]:
        result = await self.execute(_text(sql), values)
        return result.all() if result.returns_rows else []  # type: ignore[attr-defined]


class DirectConnection:
    """A connection of one's own, for somebody who runs the same few statements many times a second.

    One transaction at a time. A transaction of four statements takes 0.4 ms of CPU here, and 1.3 ms in a session.
    It is opened when it is first needed, and anew after anything that went wrong.
    """

    def __init__(self, url: URL, within: float, trust: Trust, outages: Outages) -> None:
        self._url = url
        self._within = within
        self._trust = trust
        self._outages = outages
        self._connection: asyncpg.Connection | None = None
        self._well_at = 0.0  # machine time
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commit at the end; PostgreSQL rolls back what a connection that is closed had begun.

        Raises TimeoutError when it takes longer than it may, and what else `engine.connections.BROKEN` names.
        """
        async with self._used() as connection:
            await connection.execute("BEGIN")
            yield _Direct(connection)
            await connection.execute("COMMIT")

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Transaction]:
        """For a single statement, which is a transaction of its own and saves two round trips. Raises the same."""
        async with self._used() as connection:
            yield _Direct(connection)

    @asynccontextmanager
    async def _used(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._turn:
            asked = machine_time()
            try:
                async with asyncio.timeout(self._within):
                    yield await self._ready()
            except BaseException as error:
                await self._say_goodbye()
                if is_away(error):
                    self._trust.lost(asked)
                    self._outages.failed(asked, error)
                raise
            self._well_at = machine_time()
            self._outages.answered(asked)

    async def _say_goodbye(self) -> None:
        """The server also gives up what it may still be at."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*BROKEN):
                await connection.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _ready(self) -> asyncpg.Connection:
        if self._connection is not None and (self._connection.is_closed() or self._trust.suspects(self._well_at)):
            self.close()
        if self._connection is None:
            self._connection = connection = await connect(self._url)
            await connection.execute(PLANS)
            await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
        return self._connection


class _Direct:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, values: Mapping[str, object]) -> Sequence[Any]:
        statement, names = _numbered(sql)
        records = await self._connection.fetch(statement, *[values[name] for name in names])
        if not records:
            return []
        row = _row(tuple(records[0].keys()))
        return [row(record) for record in records]


@lru_cache(maxsize=512)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """PostgreSQL's own way to write values: `$1` for the first name, and so on; and the names."""
    names = tuple(dict.fromkeys(_VALUE.findall(sql)))
    return _VALUE.sub(lambda found: f"${names.index(found[1]) + 1}", sql), names


@lru_cache(maxsize=512)
def _row(columns: tuple[str, ...]) -> Any:
    return namedtuple("Row", columns)._make  # type: ignore[attr-defined]  # noqa: PYI024 (known only at run time)
