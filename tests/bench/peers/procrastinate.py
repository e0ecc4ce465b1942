"""procrastinate (PyPI): a job at a time; one statement to fetch it, one to finish it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from procrastinate import App, PsycopgConnector

from tests.bench.peers.peer import IDLE_AFTER, Starts, all_ran

WORKERS = 8  # each fetches one job at a time: one gives 0.6 times as many a second, four 0.9
CONCURRENCY = 5  # jobs at a time, each
CONNECTIONS = 40
CHUNK = 5_000  # jobs a call of batch_defer


class Procrastinate:
    def __init__(self, app: App, dsn: str) -> None:
        self._app, self._dsn = app, dsn
        self._enqueued = self._ran = 0
        self._starts = Starts()
        self._drained = app.task(self._count, name="count")
        self._woken = app.task(self._start, name="start")

    async def enqueue(self, count: int) -> None:
        await self._run("TRUNCATE procrastinate_jobs CASCADE")
        for begin in range(0, count, CHUNK):
            await self._drained.batch_defer_async(*[{}] * min(CHUNK, count - begin))
        await self._run("VACUUM ANALYZE")
        self._enqueued, self._ran = count, 0

    async def drain(self) -> float:
        began = time.perf_counter()
        await asyncio.gather(*(self._worker(concurrency=CONCURRENCY, wait=False) for _ in range(WORKERS)))
        seconds = time.perf_counter() - began
        left = await self._app.connector.execute_query_one_async("SELECT count(*) FROM procrastinate_jobs")
        all_ran(self._ran, self._enqueued, left["count"])
        return seconds

    async def wake(self, samples: int) -> list[float]:
        worker = asyncio.create_task(self._worker(concurrency=1, wait=True))
        try:
            async with await psycopg.AsyncConnection.connect(self._dsn) as connection:
                await asyncio.sleep(10 * IDLE_AFTER)  # until it listens
                elapsed = []
                for _ in range(samples):
                    await self._woken.configure(connection=connection).defer_async()
                    elapsed.append(await self._starts.after(connection.commit))
                return elapsed
        finally:
            worker.cancel()
            await asyncio.wait({worker})

    async def _worker(self, *, concurrency: int, wait: bool) -> None:
        await self._app.run_worker_async(
            concurrency=concurrency,
            wait=wait,
            listen_notify=wait,
            delete_jobs="always",
            install_signal_handlers=False,
        )

    async def _count(self) -> None:
        self._ran += 1

    async def _start(self) -> None:
        self._starts.now()

    async def _run(self, statement: str) -> None:
        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as connection:
            await connection.execute(statement)


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Procrastinate]:
    app = App(connector=PsycopgConnector(conninfo=dsn, min_size=CONNECTIONS, max_size=CONNECTIONS))
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        yield Procrastinate(app, dsn)
