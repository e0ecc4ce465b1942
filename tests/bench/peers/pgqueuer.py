"""pgqueuer (PyPI): fetches in batches, and completes in batches of the same size."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from tests.bench.peers.peer import IDLE_AFTER, Starts, all_ran

BATCH = 1_000  # 100 to 2,000 differ by a few per cent: it is its Python that takes the time
CONNECTIONS = 4  # fetching and completing overlap
CHUNK = 10_000  # jobs a call of enqueue


class Pgqueuer:
    def __init__(self, pool: asyncpg.Pool, dsn: str) -> None:
        self._pool, self._dsn = pool, dsn
        self._queries = Queries.from_asyncpg_pool(pool)
        self._enqueued = self._ran = 0
        self._starts = Starts()

    async def enqueue(self, count: int) -> None:
        await self._pool.execute("TRUNCATE pgqueuer, pgqueuer_log, pgqueuer_statistics")
        for begin in range(0, count, CHUNK):
            size = min(CHUNK, count - begin)
            await self._queries.enqueue(["count"] * size, [None] * size, [0] * size)
        await self._pool.execute("VACUUM ANALYZE")
        self._enqueued, self._ran = count, 0

    async def drain(self) -> float:
        manager = self._worker().qm
        began = time.perf_counter()
        await manager.run(batch_size=BATCH, mode=QueueExecutionMode.drain)
        seconds = time.perf_counter() - began
        all_ran(self._ran, self._enqueued, await self._pool.fetchval("SELECT count(*) FROM pgqueuer"))
        return seconds

    async def wake(self, samples: int) -> list[float]:
        worker = self._worker()
        working = asyncio.create_task(worker.qm.run())
        connection = await asyncpg.connect(self._dsn)
        try:
            queries = Queries.from_asyncpg_connection(connection)
            await asyncio.sleep(10 * IDLE_AFTER)  # until it listens
            elapsed = []
            for _ in range(samples):
                transaction = connection.transaction()
                await transaction.start()
                await queries.enqueue("start", None)
                elapsed.append(await self._starts.after(transaction.commit))
            return elapsed
        finally:
            await connection.close()
            worker.shutdown.set()
            await working

    def _worker(self) -> PgQueuer:
        worker = PgQueuer.from_asyncpg_pool(self._pool)

        @worker.entrypoint("count")
        async def count(job: Job) -> None:
            self._ran += 1

        @worker.entrypoint("start")
        async def start(job: Job) -> None:
            self._starts.now()

        return worker


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Pgqueuer]:
    async with asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        await Queries.from_asyncpg_pool(pool).install()
        yield Pgqueuer(pool, dsn)
