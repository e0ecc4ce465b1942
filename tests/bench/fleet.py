"""A whole engine at its planned size: what pacing 3,000 devices costs, how late it is, and how much memory it needs.

The engine, the simulated network and PostgreSQL are processes of their own. Only the engine is measured; its CPU
time is what the operating system counted, so that other work on the machine does not change it much.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psutil
from sqlalchemy import text

from engine.database import Database
from tests.bench.figures import Figure
from tests.processes import ROOT, clean_environment, free_port

DEVICES, FEWER_DEVICES = 3000, 300
RATE = 300  # messages a second
SECONDS = 60
SETTLING = 25  # seconds before the measurement
HEAD_START = 10  # seconds, to queue what is going to be sent
MOST_CPU, LATEST, MOST_MEMORY, MOST_GROWTH = 25, 50, 250, 4

CLEAN = "TRUNCATE workspaces, operators, engines, clock RESTART IDENTITY CASCADE"
FLEET = """
INSERT INTO workspaces (name, country, time_zone) VALUES ('bench', 'MY', 'Asia/Kuala_Lumpur');
INSERT INTO user_devices (workspace_id, name, transport, min_delay_seconds, max_delay_seconds)
SELECT 1, 'device ' || n, 'simulator', {delay}, {delay} FROM generate_series(1, {devices}) n;
INSERT INTO sequences (workspace_id, name, status, time_zone) VALUES (1, 'bench', 'active', 'Asia/Kuala_Lumpur');
INSERT INTO sequence_steps (workspace_id, sequence_id, day_number, after_join_minutes, body)
VALUES (1, 1, 1, 0, 'Hi {{{{ name }}}}, here is the price list you asked for.')
"""
# One device after the other, from when everything is queued: otherwise all begin at once, and stay in step.
WORK = """
INSERT INTO contacts (workspace_id, phone, name, consent)
SELECT 1, '+1555' || lpad(n::text, 7, '0'), 'Person ' || n, 'opted_in' FROM generate_series(1, {messages}) n;
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, joined_at, anchor_date, time_zone, next_step_id, next_due_at, device_id)
SELECT 1, 1, id, now(), current_date, 'Asia/Kuala_Lumpur', 1, now(), 1 + id % {devices} FROM contacts;
UPDATE user_devices SET next_send_at = now() + interval '1 second' * ({head_start} + {delay} * id / {devices})
"""
ONLINE = "SELECT count(*) FROM user_devices WHERE state = 'online'"
SENT = "SELECT count(*) FROM messages WHERE outcome = 'sent'"
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
    await _run(database, CLEAN, FLEET.format(devices=devices, delay=delay))
    with running_phones() as phones, running_engine(database, phones, devices) as engine:
        await _until(database, ONLINE, devices)
        if rate:
            messages = rate * (SECONDS + SETTLING)
            await _run(
                database, WORK.format(devices=devices, messages=messages, delay=delay, head_start=HEAD_START)
            )
        await asyncio.sleep(SETTLING)
        since, sent, cpu, began = (
            await _now(database),
            await _count(database, SENT),
            _cpu(engine),
            time.monotonic(),
        )
        await asyncio.sleep(SECONDS)
        elapsed = time.monotonic() - began
        used = _cpu(engine) - cpu
        memory = psutil.Process(engine.pid).memory_info().rss / 1e6
        sent = await _count(database, SENT) - sent
        async with database.transaction() as session:
            late = await session.scalar(text(LATE), {"since": since}) if rate else None
    return Measured(100 * used / elapsed, memory, sent / elapsed, late)


@contextmanager
def running_phones() -> Iterator[str]:
    """The simulated network as a process of its own; its address."""
    port = str(free_port())
    with (
        tempfile.TemporaryDirectory(prefix="dripdesk-bench-phones-") as home,
        _process("-m", "bot.cli", "phones", "--port", port, DRIPDESK_HOME=home),
    ):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running_engine(database: Database, phones: str, devices: int) -> Iterator[subprocess.Popen[bytes]]:
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with _process(
        "-m", "engine", DATABASE_URL=url, SIMULATOR="on", SIMULATOR_URL=phones, MAX_WORKERS=str(devices)
    ) as engine:
        yield engine


@contextmanager
def _process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT / "tests",  # no .env of the checkout
        env=clean_environment(LOG_LEVEL="warning", **environment),
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _cpu(process: subprocess.Popen[bytes]) -> float:
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


async def _run(database: Database, *scripts: str) -> None:
    async with database.transaction() as session:
        for script in scripts:
            for statement in script.split(";\n"):
                await session.execute(text(statement))


async def _count(database: Database, query: str) -> int:
    async with database.transaction() as session:
        return int((await session.execute(text(query))).scalar_one())


async def _now(database: Database) -> datetime:
    async with database.transaction() as session:
        now: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return now


async def _until(database: Database, query: str, count: int, within: float = 180) -> None:
    deadline = time.monotonic() + within
    while await _count(database, query) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{query}: not {count} within {within:g} s")
        await asyncio.sleep(0.5)
