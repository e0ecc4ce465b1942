"""The queue alone: claim and outcome without the product's checks, against job queues with jobs that do nothing.

Fair: one message a device at a time, however many it has. `queue` measures messages a second, `wal` what a message
writes to the log on its way from claim to outcome, both against one table with an index on its status. In either
shape the device's row is written twice as well: when it may send again must survive a crash.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import asyncpg

from engine.database import Database
from tests.bench import peers
from tests.bench.figures import Figure
from tests.bench.filled import CAMPAIGN, NOW, fill, run
from tests.bench.rounds import interleaved

DEVICES, EACH, BATCH, ROUNDS = 3000, 34, 1000, 5
MESSAGES = DEVICES * EACH
BARS = {"procrastinate": 50, "pgqueuer": 4, "graphile_worker": 1, "pgmq": 0.8}
LEAST_WAL = 0.5
BODY = "Hi Person, here is the price list you asked for."

# As engine/broadcast/store.py has it, for the first message of each device; one campaign runs.
CLAIM = """
WITH c AS MATERIALIZED (
    SELECT d.id AS device_id, m.message_id
      FROM unnest($1::bigint[]) d(id) CROSS JOIN LATERAL (
           SELECT q.message_id FROM queue q
            WHERE q.device_id = d.id AND q.lane = 'campaign' AND q.due_at <= $2
              AND q.campaign_id = (SELECT max(id) FROM campaigns)
            ORDER BY q.due_at, q.message_id
            LIMIT 1 FOR UPDATE SKIP LOCKED) m),
claimed AS (
    DELETE FROM queue q USING c WHERE q.message_id = c.message_id)
UPDATE user_devices d
   SET in_flight_message_id = c.message_id, in_flight_since = $2, in_flight_body = $3, next_send_at = $2
  FROM c WHERE d.id = c.device_id
RETURNING c.device_id, c.message_id
"""
OUTCOME = """
WITH freed AS (
    UPDATE user_devices d
       SET in_flight_message_id = NULL, in_flight_since = NULL, in_flight_body = NULL, next_send_at = $3
      FROM unnest($1::bigint[], $2::bigint[]) v(device_id, message_id)
     WHERE d.id = v.device_id AND d.in_flight_message_id = v.message_id
    RETURNING v.message_id)
UPDATE messages m
   SET outcome = 'sent', claimed_at = $3, claim_epoch = 1, attempts = m.attempts + 1, body = $4, sent_at = $3
  FROM freed WHERE m.id = freed.message_id
"""

SINGLE = """
DROP TABLE IF EXISTS single;
CREATE TABLE single (LIKE messages INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY);
ALTER TABLE single ADD status text NOT NULL DEFAULT 'pending';
INSERT INTO single (workspace_id, lane, campaign_id, contact_id, device_id, due_at)
SELECT workspace_id, lane, campaign_id, contact_id, device_id, due_at FROM messages ORDER BY id;
ALTER TABLE single ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX ON single (campaign_id, contact_id) WHERE campaign_id IS NOT NULL;
CREATE UNIQUE INDEX ON single (enrolment_id, step_id) WHERE enrolment_id IS NOT NULL;
CREATE INDEX ON single (step_id) WHERE step_id IS NOT NULL;
CREATE INDEX ON single (contact_id);
CREATE INDEX ON single (status, device_id, lane, due_at, id)
"""
SINGLE_CLAIM = """
WITH c AS MATERIALIZED (
    SELECT d.id AS device_id, m.id FROM unnest($1::bigint[]) d(id) CROSS JOIN LATERAL (
           SELECT s.id FROM single s
            WHERE s.status = 'pending' AND s.device_id = d.id AND s.due_at <= $2
            ORDER BY s.lane, s.due_at, s.id
            LIMIT 1 FOR UPDATE SKIP LOCKED) m),
paced AS (
    UPDATE user_devices d SET next_send_at = $2 FROM c WHERE d.id = c.device_id)
UPDATE single s SET status = 'processing', claimed_at = $2, claim_epoch = 1, attempts = s.attempts + 1, body = $3
  FROM c WHERE s.id = c.id
RETURNING s.device_id, s.id AS message_id
"""
SINGLE_OUTCOME = """
WITH paced AS (
    UPDATE user_devices SET next_send_at = $3 WHERE id = ANY($1::bigint[]))
UPDATE single s SET status = 'sent', sent_at = $3
  FROM unnest($1::bigint[], $2::bigint[]) v(device_id, message_id)
 WHERE s.id = v.message_id AND s.status = 'processing' AND $4 <> ''
"""


class Shape:
    """A queue in this database; claims on one connection, outcomes on another, as the engine has it."""

    def __init__(
        self, database: Database, claims: asyncpg.Connection, outcomes: asyncpg.Connection, *, single: bool
    ) -> None:
        self._database, self._claims, self._outcomes = database, claims, outcomes
        self._single = single
        self._claim, self._outcome = (SINGLE_CLAIM, SINGLE_OUTCOME) if single else (CLAIM, OUTCOME)

    async def enqueue(self, _count: int = MESSAGES) -> None:
        await fill(self._database, devices=DEVICES, people=MESSAGES, work=CAMPAIGN)
        if self._single:
            await run(self._database, SINGLE)
        await run(self._database, "VACUUM ANALYZE;\nCHECKPOINT")

    async def drain(self) -> float:
        """Seconds for all messages, or raises when one was left or claimed twice."""
        groups = [list(range(first, first + BATCH)) for first in range(1, DEVICES + 1, BATCH)]
        claimed: list[int] = []
        writing: Awaitable[object] = asyncio.sleep(0)
        began = time.perf_counter()
        for _ in range(EACH):
            for group in groups:
                rows, _ = await asyncio.gather(self._claims.fetch(self._claim, group, NOW, BODY), writing)
                devices, messages = [row[0] for row in rows], [row[1] for row in rows]
                claimed += messages
                writing = self._outcomes.execute(self._outcome, devices, messages, NOW, BODY)
        await writing
        seconds = time.perf_counter() - began
        ended = "status = 'sent'" if self._single else "outcome = 'sent'"
        table = "single" if self._single else "messages"
        sent = await self._claims.fetchval(f"SELECT count(*) FROM {table} WHERE {ended}")
        peers.all_ran(len(set(claimed)), MESSAGES, MESSAGES - sent)
        return seconds

    async def wal(self) -> float:
        """Bytes of log a message."""
        await self.enqueue()
        before = await self._claims.fetchval("SELECT pg_current_wal_insert_lsn()")
        await self.drain()
        written = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1)"
        return float(await self._claims.fetchval(written, before)) / MESSAGES


@asynccontextmanager
async def shape(database: Database, *, single: bool = False) -> AsyncIterator[Shape]:
    claims, outcomes = [await asyncpg.connect(peers.dsn(database)) for _ in range(2)]
    try:
        yield Shape(database, claims, outcomes, single=single)
    finally:
        await claims.close()
        await outcomes.close()


async def rate(queue: peers.Peer, count: int) -> float:
    await queue.enqueue(count)
    return count / await queue.drain()


async def measure(database: Database) -> AsyncIterator[Figure]:
    async with AsyncExitStack() as ending:
        cases: dict[str, peers.Peer] = {
            "product": await ending.enter_async_context(shape(database)),
            "one table, index on status": await ending.enter_async_context(shape(database, single=True)),
        }
        for name in BARS:
            cases[name] = await ending.enter_async_context(peers.opened(name, database))
        counts = dict.fromkeys(cases, MESSAGES) | {"procrastinate": 3000, "pgqueuer": 50_000}
        rounds = await interleaved(
            {name: partial(rate, case, counts[name]) for name, case in cases.items()}, ROUNDS
        )
    yield Figure("queue", "product", round(rounds.median("product")), "messages/s")
    for case in list(cases)[1:]:
        ratio, bar = rounds.ratio("product", to=case), BARS.get(case)
        holds = None if bar is None else ratio >= bar
        yield Figure("queue", case, round(rounds.median(case)), "messages/s", round(ratio, 2), bar, holds)


async def measure_wal(database: Database) -> AsyncIterator[Figure]:
    async with shape(database) as ours, shape(database, single=True) as single:
        rounds = await interleaved({"product": ours.wal, "one table, index on status": single.wal}, ROUNDS)
    ratio = rounds.ratio("product", to="one table, index on status")
    yield Figure("wal", "one table, index on status", round(rounds.median("one table, index on status")), "bytes")
    yield Figure("wal", "product", round(rounds.median("product")), "bytes", round(ratio, 2), LEAST_WAL,
                 ratio <= LEAST_WAL)  # fmt: skip
