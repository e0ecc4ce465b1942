"""Does a claim grow with what waits, or with what has been sent? And with a snapshot that somebody holds open?"""

import time
from collections.abc import AsyncIterator
from statistics import median

import asyncpg

from engine.database import Database
from tests.bench import peers
from tests.bench.engine_side import EngineSide
from tests.bench.figures import Figure
from tests.bench.filled import NOW, TESTS, fill, run

READY = 30  # devices that claim at once
DEPTHS = (10_000, 100_000, 1_000_000, 5_000_000)
FINISHED = 4_000_000
CLAIMS, MOST_GROWTH = 15, 1.5
MOST_CLAIMS = (CLAIMS + 1) * (len(DEPTHS) + 1)

DEVICES, EACH, MOST_SLOWDOWN = 3000, 200, 1.3

# The others' messages, beside those of the devices that are ready.
MORE = """
INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body, outcome)
SELECT 1, 'test', 1 + n % {devices}, {ready} + 1 + n % ({devices} - {ready}), '{now}', 'Hi', {outcome}
  FROM generate_series(1, {count}) n;
VACUUM ANALYZE messages;
VACUUM ANALYZE queue
"""


async def measure(database: Database) -> AsyncIterator[Figure]:
    await fill(database, devices=DEVICES, people=DEVICES * MOST_CLAIMS, work=TESTS)
    await run(database, f"DELETE FROM messages WHERE device_id > {READY}")
    engine = await EngineSide.started(database)
    there, times = 0, {}
    for depth in DEPTHS:
        await _add(database, depth - there, "NULL")
        there = depth
        times[f"{depth:,} pending"] = await _claims(engine)
    await _add(database, FINISHED, "'sent'")
    times[f"and {FINISHED:,} finished"] = await _claims(engine)
    smallest = times[f"{DEPTHS[0]:,} pending"]
    for case, milliseconds in times.items():
        growth = milliseconds / smallest
        yield Figure("depth", case, round(milliseconds, 2), "ms", round(growth, 2), MOST_GROWTH,
                     growth <= MOST_GROWTH)  # fmt: skip


async def _add(database: Database, count: int, outcome: str) -> None:
    await run(database, MORE.format(count=count, ready=READY, devices=DEVICES, outcome=outcome, now=NOW))


async def _claims(engine: EngineSide) -> float:
    """The median of some claims, in milliseconds."""
    ready = list(range(1, READY + 1))
    await engine.time_claim(ready)
    times = [await engine.time_claim(ready) for _ in range(CLAIMS)]
    return 1000 * median(times)


async def measure_snapshot(database: Database) -> AsyncIterator[Figure]:
    await fill(database, devices=DEVICES, people=DEVICES * EACH, work=TESTS)
    await run(database, "VACUUM ANALYZE")
    engine = await EngineSide.started(database)
    holder = await asyncpg.connect(peers.dsn(database))
    transaction = holder.transaction(isolation="repeatable_read")
    await transaction.start()
    await holder.fetchval("SELECT count(*) FROM queue")
    seconds = []
    for _ in range(EACH - 1):
        began = time.perf_counter()
        await engine.round()
        seconds.append(time.perf_counter() - began)
    await transaction.rollback()
    await holder.close()
    tenth = len(seconds) // 10
    first, last = median(seconds[:tenth]), median(seconds[-tenth:])
    growth = last / first
    sent = DEVICES * (EACH - 1)
    yield Figure("snapshot", "at the start", round(DEVICES / first), "messages/s")
    yield Figure("snapshot", f"after {sent:,} outcomes", round(DEVICES / last), "messages/s",
                 round(growth, 2), MOST_SLOWDOWN, growth <= MOST_SLOWDOWN)  # fmt: skip
