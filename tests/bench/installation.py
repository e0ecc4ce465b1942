"""Engines, phones and a database as processes of their own, as an installation has them, for benches to watch."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from sqlalchemy import text

from engine.database import Database
from tests.processes import ROOT, clean_environment, free_port

CLEAN = "TRUNCATE workspaces, operators, engines, clock RESTART IDENTITY CASCADE"
FLEET = """
INSERT INTO workspaces (name, country, time_zone) VALUES ('bench', 'MY', 'Asia/Kuala_Lumpur');
INSERT INTO user_devices (workspace_id, name, transport, min_delay_seconds, max_delay_seconds)
SELECT 1, 'device ' || n, 'simulator', {delay}, {delay} FROM generate_series(1, {devices}) n;
INSERT INTO sequences (workspace_id, name, status, time_zone) VALUES (1, 'bench', 'active', 'Asia/Kuala_Lumpur');
INSERT INTO sequence_steps (workspace_id, sequence_id, day_number, after_join_minutes, body)
VALUES (1, 1, 1, 0, 'Hi {{{{ name }}}}, here is the price list you asked for.')
"""
ONLINE = "SELECT count(*) FROM user_devices WHERE state = 'online'"
SENT = "SELECT count(*) FROM messages WHERE outcome = 'sent'"


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


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """As the operating system counted them: other work on the machine does not change them much."""
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


async def execute(database: Database, *scripts: str) -> None:
    async with database.transaction() as session:
        for script in scripts:
            for statement in script.split(";\n"):
                await session.execute(text(statement))


async def count(database: Database, query: str) -> int:
    async with database.transaction() as session:
        return int((await session.execute(text(query))).scalar_one())


async def until(database: Database, query: str, many: int, within: float = 180) -> None:
    """Wait for a count to be reached. Raises TimeoutError."""
    deadline = time.monotonic() + within
    while await count(database, query) < many:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{query}: not {many} within {within:g} s")
        await asyncio.sleep(0.5)
