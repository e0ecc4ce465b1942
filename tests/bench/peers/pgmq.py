"""pgmq: SQL functions, installed without an extension from the file that the PyPI package `pgmq` carries.

Called directly, without the package's client, which only adds to the time: read a batch (which hides it for a
while), run it, delete it. Two consumers: while one deletes the other reads.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources

import asyncpg

from tests.bench.peers.peer import all_ran

BATCH = 1_000
CONSUMERS = 2  # one gives 0.65 times as many a second, three 0.85
HIDDEN = 60  # seconds: nobody else sees a message that has been read

SEND = "SELECT count(*) FROM pgmq.send_batch('jobs', array_fill('{}'::jsonb, ARRAY[$1::int]))"
READ = "SELECT msg_id, message FROM pgmq.read('jobs', $1, $2)"
DELETE = "SELECT count(*) FROM pgmq.delete('jobs', $1::bigint[])"


class Pgmq:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._enqueued = self._ran = 0

    async def enqueue(self, count: int) -> None:
        await self._pool.execute("SELECT pgmq.purge_queue('jobs')")
        await self._pool.execute(SEND, count)
        await self._pool.execute("VACUUM ANALYZE")
        self._enqueued, self._ran = count, 0

    async def drain(self) -> float:
        began = time.perf_counter()
        await asyncio.gather(*(self._consume() for _ in range(CONSUMERS)))
        seconds = time.perf_counter() - began
        all_ran(self._ran, self._enqueued, await self._pool.fetchval("SELECT count(*) FROM pgmq.q_jobs"))
        return seconds

    async def _consume(self) -> None:
        async with self._pool.acquire() as connection:
            while messages := await connection.fetch(READ, HIDDEN, BATCH):
                for _ in messages:
                    await self._count()
                await connection.execute(DELETE, [message["msg_id"] for message in messages])

    async def _count(self) -> None:
        self._ran += 1


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Pgmq]:
    schema = resources.files("pgmq").joinpath("sql", "pgmq.sql").read_text()
    async with asyncpg.create_pool(dsn, min_size=CONSUMERS, max_size=CONSUMERS) as pool:
        await pool.execute(schema)
        await pool.execute("SELECT pgmq.create('jobs')")
        yield Pgmq(pool)
