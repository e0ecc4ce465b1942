"""The database server: version, rights, room, clock, long transactions, LISTEN. Judgements are pure."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from sqlalchemy import text

from engine.database import OLDEST_POSTGRESQL, Database
from engine.doctor.findings import Finding, Ok, Problem, Result, Warn
from models import Model

# Connections at most: the pool, as many beyond it, four of the queue, LISTEN, and the locks of poller and poster.
A_PROCESS = 27
SPARE = 5  # with fewer left, not even a command may get in
SKEW_FELT = 2.0  # seconds
SKEW_WRONG = 30.0
LONG_TRANSACTION = 300.0  # seconds
HEARD_WITHIN = 3.0

SERVER = """
SELECT CAST(current_setting('server_version_num') AS int) AS version,
       clock_timestamp() AS now,
       CAST(current_setting('max_connections') AS int)
       - CAST(current_setting('superuser_reserved_connections') AS int) AS limit,
       (SELECT CAST(sum(numbackends) AS int) FROM pg_stat_database) AS used,
       (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dripdesk') AS ours,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
       ARRAY(SELECT p.privilege || ' on ' || t.name
               FROM unnest(CAST(:tables AS text[])) AS t(name)
              CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p(privilege)
              WHERE NOT has_table_privilege(to_regclass(t.name), p.privilege)) AS denied
"""

# An old snapshot keeps the dead versions of queue rows, which every claim then has to step over.
TRANSACTIONS = """
SELECT pid, coalesce(nullif(application_name, ''), usename, 'unknown') AS whose,
       CAST(extract(epoch FROM clock_timestamp() - xact_start) AS float) AS age
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND xact_start < clock_timestamp() - CAST(:long * interval '1 second' AS interval)
 ORDER BY xact_start
"""


@dataclass(frozen=True, slots=True)
class LongTransaction:
    pid: int
    whose: str
    age: float  # seconds


@dataclass(frozen=True, slots=True)
class Server:
    version: int  # as server_version_num has it
    skew: float  # seconds that its clock is ahead of this machine's
    limit: int  # connections
    used: int
    ours: int
    may_create: bool
    denied: Sequence[str]  # "SELECT on contacts"
    transactions: Sequence[LongTransaction]


async def read_server(database: Database) -> Server:
    tables = [table.name for table in Model.metadata.sorted_tables]
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))  # connecting is no part of what is timed for the clock
        asked = datetime.now(UTC)
        row = (await session.execute(text(SERVER), {"tables": tables})).one()
        answered = datetime.now(UTC)
        transactions = await session.execute(text(TRANSACTIONS), {"long": LONG_TRANSACTION})
        return Server(
            row.version,
            (row.now - asked - (answered - asked) / 2).total_seconds(),
            row.limit,
            row.used,
            row.ours - 1,  # this one
            row.may_create,
            row.denied,
            [LongTransaction(one.pid, one.whose, one.age) for one in transactions],
        )


def judge_server(server: Server, engines_alive: int) -> list[Result]:
    return [
        Result("PostgreSQL", judge_version(server.version)),
        Result("rights", judge_rights(may_create=server.may_create, denied=server.denied)),
        Result("connections", judge_connections(server.limit, server.used, server.ours, engines_alive)),
        Result("clock", judge_skew(server.skew)),
        Result("transactions", judge_transactions(server.transactions)),
    ]


def judge_version(version: int) -> Finding:
    shown = f"{version // 10000}.{version % 10000}"
    if version < OLDEST_POSTGRESQL:
        mend = "use PostgreSQL 14 or newer, or empty DATABASE_URL for the embedded one"
        return Problem(f"version {shown} is too old", mend)
    return Ok(f"answers, version {shown}")


def judge_rights(*, may_create: bool, denied: Sequence[str]) -> Finding:
    if denied:
        more = f" and {len(denied) - 3} more" if len(denied) > 3 else ""
        mend = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO the user of DATABASE_URL"
        return Problem(f"missing: {', '.join(denied[:3])}{more}", mend)
    if not may_create:
        mend = "GRANT CREATE ON SCHEMA public TO the user of DATABASE_URL; migrations need it"
        return Problem("the database user may not create tables", mend)
    return Ok("the database user may do what is needed")


def judge_connections(limit: int, used: int, ours: int, engines_alive: int) -> Finding:
    """`ours` of the `used` ones are of dripdesk; each of its processes opens up to A_PROCESS."""
    others = used - ours
    wanted = max(1, engines_alive) * A_PROCESS
    told = f"{used} of {limit} in use"
    mend = f"raise max_connections to {others + wanted + SPARE} or more, or end other clients"
    if limit - used < SPARE:
        return Problem(f"{told}: there is hardly one left", mend)
    if limit - others < wanted:
        return Warn(f"{told}; dripdesk opens up to {wanted}, which may not fit", mend)
    return Ok(f"{told}; dripdesk opens up to {wanted}")


def judge_skew(seconds: float) -> Finding:
    ahead = "ahead of" if seconds > 0 else "behind"
    told = f"the database's clock is {abs(seconds):.1f} s {ahead} this machine's"
    mend = "let both machines keep their time by NTP (chrony, systemd-timesyncd)"
    if abs(seconds) > SKEW_WRONG:
        return Problem(f"{told}: messages go out at wrong times", mend)
    if abs(seconds) > SKEW_FELT:
        return Warn(told, mend)
    return Ok("this machine and the database agree on the time")


def judge_transactions(transactions: Sequence[LongTransaction]) -> Finding:
    if not transactions:
        return Ok("none is open for long")
    oldest = transactions[0]
    told = f"{len(transactions)} open for more than {LONG_TRANSACTION / 60:.0f} min"
    return Warn(
        f"{told}, the oldest {oldest.age / 60:.0f} min ({oldest.whose}): they slow the queue down",
        f"end it where it was begun, or SELECT pg_terminate_backend({oldest.pid})",
    )


async def look_at_listen(database: Database) -> Finding:
    """Send ourselves a notification, over a connection made as the engines make theirs."""
    dsn = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    heard = asyncio.Event()
    connection = await asyncpg.connect(dsn)
    try:
        await connection.add_listener("dripdesk_doctor", lambda *_: heard.set())
        async with database.transaction() as session:
            await session.execute(text("SELECT pg_notify('dripdesk_doctor', '')"))
        try:
            async with asyncio.timeout(HEARD_WITHIN):
                await heard.wait()
        except TimeoutError:
            pass
    finally:
        await connection.close(timeout=1)
    return judge_listen(heard=heard.is_set())


def judge_listen(*, heard: bool) -> Finding:
    if heard:
        return Ok("notifications arrive")
    mend = "point DATABASE_URL at PostgreSQL itself, or at a pooler in session mode"
    return Problem("a notification did not arrive: a pooler in transaction mode stands between", mend)
