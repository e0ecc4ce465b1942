"""One connection to PostgreSQL: how it notices that the other end is gone, and how the server does."""

import asyncio
import socket
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.clock import machine_time

CONNECT_WITHIN = 5.0  # machine seconds, all of these
STATEMENT_WITHIN = 120.0
GOODBYE_WITHIN = 0.5
# What a connection that breaks may raise. The last one: of a server that has crashed, asyncpg may miss the end of
# an answer, and finds itself in the middle of something.
BROKEN = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

# A dead peer is noticed after about 10 s, whether we wait for an answer or the line is idle.
UNACKNOWLEDGED_FOR = 10.0
IDLE_FOR, PROBE_EVERY, PROBES = 4, 2, 3

# The server's side of the same, so that what a dead or frozen engine has locked is free before anybody may take
# its devices over. Set by statement, because poolers such as PgBouncer refuse what they do not know at the start.
ASLEEP_AFTER = timedelta(seconds=5)
SESSION = f"""
SET idle_in_transaction_session_timeout = '{ASLEEP_AFTER.seconds}s';
SET statement_timeout = '{STATEMENT_WITHIN:.0f}s';
SET tcp_keepalives_idle = {IDLE_FOR};
SET tcp_keepalives_interval = {PROBE_EVERY};
SET tcp_keepalives_count = {PROBES};
SET tcp_user_timeout = '{UNACKNOWLEDGED_FOR:.0f}s'
"""

# asyncpg prepares a statement without a Sync: until it is run the session is in the middle of a command, where no
# timeout of the server's applies. What looks like that and may take longer has another name, or is a COPY.
END_SLEEPERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND usename = current_user AND application_name = 'dripdesk'
   AND state = 'active' AND wait_event = 'ClientRead' AND query NOT LIKE 'COPY %'
   AND state_change < clock_timestamp() - CAST(:asleep_after AS interval)
"""


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 (the signature is theirs)
        """Say goodbye, but not for long to a server that does not answer."""
        try:
            async with asyncio.timeout(GOODBYE_WITHIN):
                await super().close(timeout=timeout)
        finally:
            self.terminate()


async def connect(url: URL, *, patient: bool = False) -> asyncpg.Connection:
    """Open a connection. `patient`: its statements may take as long as they like.

    Raises OSError (TimeoutError too), asyncpg.PostgresError or asyncpg.InterfaceError.
    """
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(
        dsn,
        connection_class=_Connection,
        timeout=CONNECT_WITHIN,
        command_timeout=None if patient else STATEMENT_WITHIN,
        server_settings={
            "application_name": "dripdesk migration" if patient else "dripdesk",
            "timezone": "UTC",
        },
    )
    _watch_peer(connection)
    if not patient:
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await connection.execute(SESSION)
        except BaseException:
            connection.terminate()
            raise
    return connection


def _watch_peer(connection: asyncpg.Connection) -> None:
    wire = connection._transport.get_extra_info("socket")  # noqa: SLF001 (asyncpg has no public way)
    if wire is None or wire.family == socket.AF_UNIX:
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", IDLE_FOR),
        ("TCP_KEEPINTVL", PROBE_EVERY),
        ("TCP_KEEPCNT", PROBES),
        ("TCP_USER_TIMEOUT", int(UNACKNOWLEDGED_FOR * 1000)),
    ):
        if hasattr(socket, option):  # not every system has all of them
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


class Trust:
    """Which pooled connections may be handed out: those that are open and have been well since the last trouble.

    Instead of a ping before each use, which costs three round trips: a server that goes down closes its
    connections, which asyncpg sees at once, and after a silence every connection is suspect that was last used
    before it.
    """

    def __init__(self) -> None:
        self._silent_since = 0.0

    def lost(self, asked: float) -> None:
        """What was asked for at this moment (machine time) had no answer."""
        self._silent_since = max(self._silent_since, asked)

    def suspects(self, well_at: float) -> bool:
        """Whether a connection may be dead that was well at this moment (machine time) for the last time."""
        return well_at <= self._silent_since

    def watch(self, engine: AsyncEngine) -> None:
        @event.listens_for(engine.sync_engine, "connect")
        @event.listens_for(engine.sync_engine, "checkin")
        def is_well(connection: Any, record: Any) -> None:
            if connection is not None:  # else it was thrown away
                record.info["well_at"] = machine_time()

        @event.listens_for(engine.sync_engine, "checkout")
        def check(connection: Any, record: Any, _proxy: Any) -> None:
            driver = connection.driver_connection
            if driver.is_closed() or self.suspects(record.info["well_at"]):
                driver.terminate()
                raise DisconnectionError("it may be dead")
