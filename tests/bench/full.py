"""The whole claim, with every check and the text filled in, and the whole outcome, with the run that moves on,
against a job queue whose jobs do nothing.
"""

import time
from collections.abc import AsyncIterator
from functools import partial

from engine.database import Database
from engine.sequences.processor import SequenceProcessor
from tests.bench import peers
from tests.bench.engine_side import EngineSide
from tests.bench.figures import Figure
from tests.bench.filled import NOW, SEQUENCE, fill, run
from tests.bench.queue import rate
from tests.bench.rounds import interleaved

DEVICES, EACH, ROUNDS = 3000, 8, 5
PEER_JOBS, BAR = 3000, 20


async def measure(database: Database) -> AsyncIterator[Figure]:
    async with peers.opened("procrastinate", database) as peer:
        rounds = await interleaved(
            {"product": partial(drain, database), "procrastinate": partial(rate, peer, PEER_JOBS)}, ROUNDS
        )
    ratio = rounds.ratio("product", to="procrastinate")
    yield Figure("queue-full", "product", round(rounds.median("product")), "messages/s")
    yield Figure("queue-full", "procrastinate, jobs that do nothing", round(rounds.median("procrastinate")),
                 "jobs/s", round(ratio, 1), BAR, ratio >= BAR)  # fmt: skip


async def drain(database: Database) -> float:
    """Messages a second of a sequence's first day."""
    await fill(database, devices=DEVICES, people=DEVICES * EACH, work=SEQUENCE)
    await SequenceProcessor(database).run_once(NOW)
    await run(database, "VACUUM ANALYZE")
    engine = await EngineSide.started(database)
    began = time.perf_counter()
    for _ in range(EACH):
        await engine.round()
    seconds = time.perf_counter() - began
    assert engine.sent == DEVICES * EACH
    return engine.sent / seconds
