"""How soon an idle engine begins a message that has just been committed, against job queues that listen as well.

For the product: the whole engine with all of its jobs, and a transport that only notes when it is called. All are
timed from the commit of one message or job to the call of what is to be done.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from statistics import median

import asyncpg

from engine.database import Database
from engine.devices.ownership import OwnedDevice
from engine.notifications import Notifications
from engine.runtime import Foundation, Runtime, running
from engine.settings import Settings
from engine.timekeeper import Timekeeper
from engine.transports.contract import Outcome, OutgoingMessage
from tests.bench import peers
from tests.bench.figures import Figure
from tests.bench.peers.peer import IDLE_AFTER, Starts
from tests.bench.rounds import interleaved
from tests.integration.engine.rig import Script, ScriptedTransport

ROUNDS, SAMPLES = 6, 40  # samples a round
SETTINGS = Settings(_env_file=None)

FIXTURE = """
INSERT INTO workspaces (name, country, time_zone) VALUES ('bench', 'MY', 'Asia/Kuala_Lumpur');
INSERT INTO user_devices (workspace_id, name, transport, min_delay_seconds, max_delay_seconds)
VALUES (1, 'one', 'simulator', 0, 0);
INSERT INTO contacts (workspace_id, phone, consent) VALUES (1, '+15550000001', 'opted_in')
"""
ENQUEUE = """
INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body)
VALUES (1, 'reply', 1, 1, now(), 'Hi')
"""


async def measure(database: Database) -> AsyncIterator[Figure]:
    async with AsyncExitStack() as ending:
        cases: dict[str, peers.WakingPeer | Product] = {"product": await Product.prepared(database)}
        for name in peers.WAKING:
            cases[name] = await ending.enter_async_context(peers.opened(name, database))
        samples: dict[str, list[float]] = {case: [] for case in cases}
        rounds = await interleaved(
            {case: partial(sample, work.wake, samples[case]) for case, work in cases.items()}, ROUNDS
        )
    yield Figure("wake", "product", round(median(samples["product"]), 2), "ms")
    for case in peers.WAKING:
        ratio = rounds.ratio(case, to="product")  # of times, so the other way round than of rates
        yield Figure("wake", case, round(median(samples[case]), 2), "ms", round(ratio, 2), 1, ratio >= 1)


async def sample(wake: Callable[[int], Awaitable[list[float]]], samples: list[float]) -> float:
    elapsed = await wake(SAMPLES)
    samples += elapsed
    return median(elapsed)


class Product:
    def __init__(self, database: Database, timekeeper: Timekeeper) -> None:
        self._database, self._timekeeper = database, timekeeper
        self._starts = Starts()
        self._script = Script()

    @classmethod
    async def prepared(cls, database: Database) -> "Product":
        connection = await asyncpg.connect(peers.dsn(database))
        await connection.execute(FIXTURE)
        await connection.close()
        return cls(database, await Timekeeper.start(database, SETTINGS))

    async def wake(self, samples: int) -> list[float]:
        notifications = Notifications(self._database.url)
        base = Foundation(SETTINGS, self._database, self._timekeeper, notifications)
        engine = Runtime(base, self._transport)
        started = asyncio.Event()
        connection = await asyncpg.connect(peers.dsn(self._database))
        elapsed = []
        async with running(engine.run(started)):
            await started.wait()
            await asyncio.sleep(10 * IDLE_AFTER)  # until it listens
            for _ in range(samples):
                transaction = connection.transaction()
                await transaction.start()
                await connection.execute(ENQUEUE)
                elapsed.append(await self._starts.after(transaction.commit))
        left = await connection.fetchval("SELECT count(*) FROM broadcast_messages WHERE status <> 'sent'")
        await connection.close()
        if left:
            raise AssertionError(f"{left} messages were not sent")
        return elapsed

    def _transport(self, _device: OwnedDevice) -> "TimedTransport":
        return TimedTransport(self._script, self._starts)


class TimedTransport(ScriptedTransport):
    def __init__(self, script: Script, starts: Starts) -> None:
        super().__init__(script)
        self._starts = starts

    async def send(self, message: OutgoingMessage) -> Outcome:
        self._starts.now()
        return await super().send(message)
