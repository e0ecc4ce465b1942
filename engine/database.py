"""The connection pool, transactions, and the schema's migrations."""

import asyncio
import copy
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Self

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from engine.batching import is_away
from engine.clock import machine_time
from engine.connections import Trust, connect
from engine.embedded import EmbeddedPostgres
from engine.errors import NotRunningError, StartError
from engine.outage import Outages
from engine.settings import Settings
from engine.transactions import DirectConnection, Session

MIGRATIONS = Path(__file__).parent.parent / "migrations"
OLDEST_POSTGRESQL = 140000
ANSWERS_WITHIN = 10.0  # machine seconds that a command which only looks waits for the database
TRANSACTION_WITHIN = 120.0  # machine seconds, for the largest thing that an operator can ask for


class AdvisoryLock(IntEnum):
    """What one process of an installation does at a time. The numbers are any that nobody else uses."""

    MIGRATE = 7_305_211
    POLL_TELEGRAM = 7_305_212
    POST_ALERTS = 7_305_213
    TELL_OUTAGE = 7_305_214
    REACH_CONTACT = 7_305_215  # the first half of a lock; the second is the contact
    FAN_OUT = 7_305_216  # of a campaign: the second half is its id
    LINK_DEVICE = 7_305_217  # paired or logged out: the second half is the device
    TAKE_NUMBER = 7_305_218  # into use, by a device
    LEARN_LID = 7_305_219  # the second half is a LID's hash


@dataclass(frozen=True, slots=True)
class Schema:
    """Which migration the database is at (None: before the first), and which one this version needs."""

    current: str | None
    head: str
    known: bool  # this version has the migration that the database is at


class Database:
    def __init__(self, url: URL, *, pool_size: int = 10) -> None:
        self.url = url
        self.outages = Outages()
        self._embedded: EmbeddedPostgres | None = None
        self._within = TRANSACTION_WITHIN
        self._trust = Trust()
        self.engine = create_async_engine(
            url.difference_update_query(["sslmode"]),
            async_creator=partial(connect, url),
            pool_size=pool_size,
            pool_timeout=TRANSACTION_WITHIN,
            hide_parameters=True,  # errors go to the log: nobody's number and words shall
        )
        self._trust.watch(self.engine)
        self._sessions = async_sessionmaker(self.engine, class_=Session, expire_on_commit=False)
        self._direct: list[DirectConnection] = []

    def within(self, seconds: float) -> Self:
        """Return the same database for those who would rather try again than wait longer for an answer."""
        hasty = copy.copy(self)
        hasty._within = seconds  # noqa: SLF001 (ours)
        return hasty

    @classmethod
    async def connect(cls, settings: Settings) -> Self:
        """Use the configured database, or start the embedded one; the schema stays as it is."""
        url = settings.async_database_url
        if url is not None:
            return cls(url)
        embedded = EmbeddedPostgres(settings.home)
        try:
            address = await asyncio.to_thread(embedded.start)
        except (OSError, subprocess.SubprocessError) as error:
            raise StartError(
                f"the embedded PostgreSQL does not start ({type(error).__name__}); see {embedded.log}, "
                "or set DATABASE_URL to another one"
            ) from error
        database = cls(make_url(address).set(drivername="postgresql+asyncpg"))
        database._embedded = embedded
        return database

    @classmethod
    async def find(cls, settings: Settings) -> Self:
        """Use a database that is running already: nothing is started, made or migrated. Raises StartError."""
        url = settings.async_database_url
        if url is not None:
            return cls(url)
        embedded = EmbeddedPostgres(settings.home)
        try:
            address = await asyncio.to_thread(embedded.join)
        except OSError as error:
            raise StartError(f"DRIPDESK_HOME: cannot use {settings.home}: {error.strerror or error}") from error
        if address is None:
            raise _not_running(embedded, settings)
        database = cls(make_url(address).set(drivername="postgresql+asyncpg"))
        database._embedded = embedded
        return database

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Connect and migrate. Raises StartError when the database cannot be used."""
        database = await cls.connect(settings)
        try:
            await database.migrate()
        except (OSError, DBAPIError, asyncpg.PostgresError) as error:
            await database.close()
            raise database.unusable(error) from error
        except StartError:
            await database.close()
            raise
        return database

    def unusable(self, error: Exception) -> StartError:
        return StartError(
            f"DATABASE_URL: cannot use {self.url.render_as_string()}: {reason(error)}; "
            "check the address, or leave it empty for the embedded PostgreSQL"
        )

    def direct(self) -> DirectConnection:
        """Return a connection of the caller's own, for what runs many times a second."""
        direct = DirectConnection(self.url, self._within, self._trust, self.outages)
        self._direct.append(direct)
        return direct

    async def close(self) -> None:
        for direct in self._direct:
            direct.close()
        await self.engine.dispose()
        if self._embedded is not None:
            await asyncio.to_thread(self._embedded.release)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Open one session and one transaction: committed at the end, rolled back on any exception.

        Raises TimeoutError when it takes longer than two minutes, or than `within` allows.
        """
        asked = machine_time()
        try:
            async with asyncio.timeout(self._within):
                session = self._sessions()  # its own `begin()` shields the commit, which then has no limit
                try:
                    yield session
                    await session.commit()
                finally:
                    await session.close()
        except Exception as error:
            if is_away(error):
                self._trust.lost(asked)
                self.outages.failed(asked, error)
            raise
        self.outages.answered(asked)

    async def schema(self) -> Schema:
        async with self.engine.connect() as connection:
            return await connection.run_sync(_schema)

    async def check(self) -> None:
        """See that it answers and has the tables of this version. Raises StartError."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                schema = await self.schema()
        except (OSError, DBAPIError, asyncpg.PostgresError) as error:
            raise self.unusable(error) from error
        if schema.current != schema.head:
            at = f"is at version {schema.current}" if schema.current else "has no tables of dripdesk"
            mend = "start dripdesk (`dripdesk run`), which brings it up to date"
            raise StartError(f"the database {at}, this dripdesk needs {schema.head}; {mend}")

    async def migrate(self, revision: str = "head") -> None:
        """Bring the schema up to `revision`, however long it takes; processes that start together take turns."""
        engine = create_async_engine(
            self.engine.url, async_creator=partial(connect, self.url, patient=True), poolclass=NullPool
        )
        async with engine.connect() as connection:
            version = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
            if version < OLDEST_POSTGRESQL:
                raise StartError(f"DATABASE_URL: PostgreSQL 14 or newer is needed, this is {version // 10000}")
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": AdvisoryLock.MIGRATE})
            await connection.run_sync(_upgrade, revision)
            await connection.commit()


def reason(error: Exception) -> str:
    """The server's own words, without the driver's class names in front."""
    words = str(getattr(error, "orig", None) or error).rpartition("'>: ")[2]
    return words.splitlines()[0] if words else type(error).__name__


def _not_running(embedded: EmbeddedPostgres, settings: Settings) -> NotRunningError:
    """The sandbox has a home of its own: whoever looks in the wrong one is told of the other."""
    top = settings.dripdesk_home.expanduser().resolve()
    what = (
        f"the database in {settings.home} is not running" if embedded.exists else f"no database in {settings.home}"
    )
    mend = "start dripdesk first (`dripdesk run`), or set DATABASE_URL"
    other = top if settings.sandbox else top / "sandbox"
    if not embedded.exists and EmbeddedPostgres(other).exists:
        how = "with" if settings.sandbox else "without"
        mend += f"; the one in {other} is that of dripdesk {how} TELEGRAM_BOT_TOKEN"
    return NotRunningError(what, mend)


def _schema(connection: Connection) -> Schema:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 (heavy, and seldom asked)
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    scripts = ScriptDirectory(str(MIGRATIONS))
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    return Schema(current, scripts.get_current_head() or "", current is None or current in known)


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 (needed once, at start)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
