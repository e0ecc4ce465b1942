"""A whole engine at its planned size: what pacing 3,000 devices costs, how late it is, and how much memory it needs.

The engine, the simulated network and PostgreSQL are processes of their own. Only the engine is measured.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import psutil
from sqlalchemy import text

from engine.database import Database
from tests.bench.figures import Figure
from tests.bench.installation import (
    CLEAN,
    FLEET,
    ONLINE,
    SENT,
    count,
    cpu_seconds,
    execute,
    running_engine,
    running_phones,
    until,
)

DEVICES, FEWER_DEVICES = 3000, 300
RATE = 300  # messages a second
SECONDS = 60
SETTLING = 25  # seconds before the measurement
HEAD_START = 10  # seconds, to queue what is going to be sent
MOST_CPU, LATEST, MOST_MEMORY, MOST_GROWTH = 25, 50, 250, 4

# One device after the other, from when everything is queued: otherwise all begin at once, and stay in step.
WORK = """
INSERT INTO contacts (workspace_id, phone, name, consent)
SELECT 1, '+1555' || lpad(n::text, 7, '0'), 'Person ' || n, 'opted_in' FROM generate_series(1, {messages}) n;
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone, next_step_id, next_due_at, device_id)
SELECT 1, 1, id, now(), current_date, 'Asia/Kuala_Lumpur', 1, now(), 1 + id % {devices} FROM contacts;
UPDATE user_devices SET next_send_at = now() + interval '1 second' * ({head_start} + {delay} * id / {devices})
"""
# How long after its device was free again a message was claimed, in milliseconds.
LATE = """
SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY late) FROM (
    SELECT extract(epoch FROM m.claimed_at - lag(m.sent_at) OVER (PARTITION BY m.device_id ORDER BY m.sent_at))
           * 1000 - d.min_delay_seconds * 1000 AS late, m.claimed_at
      FROM messages m JOIN user_devices d ON d.id = m.device_id
     WHERE m.outcome = 'sent') l
 WHERE claimed_at > :since
"""


@dataclass(frozen=True)
class Measured:
    cpu: float  # percent of one core
    memory: float  # MB
    rate: float  # messages a second
    late: float | None  # p99, milliseconds


async def measure(database: Database) -> AsyncIterator[Figure]:
    full = await fleet(database, DEVICES, RATE)
    yield Figure("fleet", f"{DEVICES} devices, rate", round(full.rate), "messages/s", bar=RATE * 0.98,
                 holds=full.rate >= RATE * 0.98)  # fmt: skip
    yield Figure("fleet", "CPU", round(full.cpu, 1), "% of a core", bar=MOST_CPU, holds=full.cpu <= MOST_CPU)
    late = full.late or 0
    yield Figure("fleet", "late, p99", round(late, 1), "ms", bar=LATEST, holds=late <= LATEST)
    memory = full.memory
    yield Figure("fleet", "memory", round(memory), "MB", bar=MOST_MEMORY, holds=memory <= MOST_MEMORY)
    many, few = await fleet(database, DEVICES, 0), await fleet(database, FEWER_DEVICES, 0)
    growth = many.cpu / few.cpu
    yield Figure("fleet", "pacing alone, 10 times the devices", round(many.cpu, 2), "% of a core",
                 round(growth, 1), MOST_GROWTH, growth <= MOST_GROWTH)  # fmt: skip


async def fleet(database: Database, devices: int, rate: int) -> Measured:
    """Run an engine with so many devices; without a rate they wait for work that is not there."""
    delay = devices / rate if rate else 10
    await execute(database, CLEAN, FLEET.format(devices=devices, delay=delay))
    with running_phones() as phones, running_engine(database, phones, devices) as engine:
        await until(database, ONLINE, devices)
        if rate:
            messages = rate * (SECONDS + SETTLING)
            await execute(
                database, WORK.format(devices=devices, messages=messages, delay=delay, head_start=HEAD_START)
            )
        await asyncio.sleep(SETTLING)
        since, sent, cpu, began = (
            await _now(database),
            await count(database, SENT),
            cpu_seconds(engine),
            time.monotonic(),
        )
        await asyncio.sleep(SECONDS)
        elapsed = time.monotonic() - began
        used = cpu_seconds(engine) - cpu
        memory = psutil.Process(engine.pid).memory_info().rss / 1e6
        sent = await count(database, SENT) - sent
        async with database.transaction() as session:
            late = await session.scalar(text(LATE), {"since": since}) if rate else None
    return Measured(100 * used / elapsed, memory, sent / elapsed, late)


async def _now(database: Database) -> datetime:
    async with database.transaction() as session:
        now: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return now
