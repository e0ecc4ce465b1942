"""Engines as processes: one is killed, frozen or stopped, and the other goes on."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.engine.world import World, until

DEVICES = 6
Start = Callable[[], Coroutine[Any, Any, int]]


@pytest.fixture
async def start(world: World, tmp_path: Path) -> AsyncIterator[Start]:
    """Start an engine process; its pid. What still runs afterwards is killed."""
    url = world.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    processes: list[asyncio.subprocess.Process] = []

    async def start() -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.engine.process", url, str(tmp_path), str(tmp_path / "ledger"),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )  # fmt: skip
        processes.append(process)
        return process.pid

    yield start
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


async def much_to_send(world: World, each: int) -> None:
    for number in range(DEVICES):
        await world.device(f"Sales {number}")
    await world.contacts(1)
    await world.run(
        "INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body)"
        " SELECT d.workspace_id, 'test', c.id, d.id, clock_timestamp() - interval '1 hour', 'Message ' || n"
        "   FROM user_devices d, contacts c, generate_series(1, :each) n",
        each=each,
    )


async def owned_by(world: World, *pids: int) -> None:
    """Wait until these processes have all devices between them, in equal parts."""
    query = (
        "SELECT e.pid, count(*) FROM user_devices d JOIN engines e ON e.id = d.owner WHERE e.capacity > 0"
        " GROUP BY e.pid"
    )

    async def so() -> bool:
        return {tuple(row) for row in await world.rows(query)} == {(pid, DEVICES // len(pids)) for pid in pids}

    await until(so, within=40)


def ledger(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "ledger").read_text().splitlines()]


async def finished(world: World, each: int) -> Counter[str]:
    async def so() -> bool:
        return not {"pending", "processing"} & set(await world.statuses())

    await until(so, within=60)
    counts = Counter(await world.statuses())
    assert counts.total() == DEVICES * each
    return counts


@asynccontextmanager
async def stalls() -> AsyncIterator[list[float]]:
    """For how long others had the machine when it was our turn, in seconds."""
    found: list[float] = []

    async def look() -> None:
        while True:
            asleep = time.monotonic()
            await asyncio.sleep(0.01)
            found.append(time.monotonic() - asleep - 0.01)

    looking = asyncio.create_task(look())
    try:
        yield found
    finally:
        looking.cancel()


async def test_what_a_stopped_engine_leaves_is_worked_by_another_within_a_second(
    world: World, start: Start, tmp_path: Path
) -> None:
    await much_to_send(world, 60)
    first, second = await start(), await start()
    await owned_by(world, first, second)
    async with stalls() as stalled:
        os.kill(first, signal.SIGTERM)
        stopped = time.monotonic()
        await owned_by(world, second)
        took = time.monotonic() - stopped
    print(f"stopped: taken over after {took:.1f} s, of which the machine stalled for {sum(stalled):.1f} s")
    assert took - sum(stalled) < 1
    counts = await finished(world, 60)
    assert counts == {"sent": DEVICES * 60}
    assert max(Counter(line["ref"] for line in ledger(tmp_path)).values()) == 1


@pytest.mark.long
async def test_what_a_killed_engine_leaves_is_worked_by_another_within_15_seconds(
    world: World, start: Start, tmp_path: Path
) -> None:
    await much_to_send(world, 100)
    first, second = await start(), await start()
    await owned_by(world, first, second)
    os.kill(first, signal.SIGKILL)
    killed = time.time()
    await owned_by(world, second)
    took = time.time() - killed
    print(f"killed: taken over after {took:.1f} s")
    assert took < 15
    counts = await finished(world, 100)
    assert counts["unknown"] <= DEVICES // 2, "what was on its way, one a device"
    assert max(Counter(line["ref"] for line in ledger(tmp_path)).values()) == 1


@pytest.mark.long
async def test_an_engine_that_was_frozen_starts_nothing_that_is_not_its_own_any_more(
    world: World, start: Start, tmp_path: Path
) -> None:
    await much_to_send(world, 150)
    first, second = await start(), await start()
    await owned_by(world, first, second)
    for _ in range(3):
        os.kill(first, signal.SIGSTOP)
        frozen = time.time()
        await owned_by(world, second)
        took = time.time() - frozen
        print(f"frozen: taken over after {took:.1f} s")
        assert took < 15
        epochs = dict(await world.rows("SELECT id, epoch FROM user_devices"))
        await asyncio.sleep(1)
        os.kill(first, signal.SIGCONT)
        await owned_by(world, first, second)
        assert epochs != dict(await world.rows("SELECT id, epoch FROM user_devices"))
    counts = await finished(world, 150)
    assert counts["unknown"] <= 3 * DEVICES // 2
    assert max(Counter(line["ref"] for line in ledger(tmp_path)).values()) == 1
