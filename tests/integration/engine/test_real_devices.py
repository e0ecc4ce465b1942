"""Real devices through the whole engine, with hosts that only pretend: sending, handing over, and the end."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from engine.devices.session_keys import SessionKeys, new_key
from engine.devices.sessions import Sessions
from engine.runtime import Runtime, foundation, running
from engine.settings import Settings
from engine.transports.factory import Transports
from engine.transports.neonize import book
from engine.transports.neonize.session_store import durable_copy
from tests.integration.engine.world import World, until
from tests.unit.transports.neonize.conftest import children
from tests.unit.transports.neonize.fake_host import Fault
from tests.unit.transports.neonize.stores import make_store

KEY = new_key()
DEVICES = 4
QUEUE = """
INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body)
SELECT d.workspace_id, 'test', c.id, d.id, clock_timestamp() - interval '1 hour', 'Message ' || n
  FROM user_devices d, contacts c, generate_series(1, :each) n
"""

StartEngine = Callable[[str], AbstractAsyncContextManager[Transports]]


@pytest.fixture
async def paired(world: World, tmp_path: Path) -> None:
    """Some real devices, which need not wait between two messages, and somebody to write to."""
    make_store(tmp_path / "pairing" / "session.sqlite")
    session = durable_copy(tmp_path / "pairing" / "session.sqlite")
    sessions = Sessions(world.database, SessionKeys(KEY), tmp_path)
    for number in range(DEVICES):
        await sessions.adopt(await world.device(f"Real {number}"), world.actor.workspace_id, session)
    await world.run("UPDATE user_devices SET transport = 'neonize', min_delay_seconds = 0, max_delay_seconds = 0")
    await world.contacts(1)


@pytest.fixture
def engine(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StartEngine:
    """An engine on a disk of its own."""
    monkeypatch.setattr(book, "WRITE_EVERY", 0.05)
    command = (sys.executable, "-m", "tests.unit.transports.neonize.fake_host", str(tmp_path))
    url = world.database.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @asynccontextmanager
    async def start(disk: str) -> AsyncIterator[Transports]:
        settings = Settings(
            _env_file=None, database_url=url, dripdesk_home=tmp_path / disk, whatsapp=True, session_key=KEY,
            devices_per_host=3,
        )  # fmt: skip
        async with foundation(settings) as base:
            transports = Transports(settings, base.database, host_command=command)
            async with transports, running(Runtime(base, transports.of, transports.hosts).run(asyncio.Event())):
                yield transports

    return start


def ledger(tmp_path: Path) -> Counter[int]:
    file = tmp_path / "ledger.jsonl"
    return (
        Counter(json.loads(line)["ref"] for line in file.read_text().splitlines()) if file.exists() else Counter()
    )


async def all_sent(world: World, count: int) -> None:
    async def so() -> bool:
        return await world.statuses() == ["sent"] * count

    await until(so, within=40)


@pytest.mark.usefixtures("paired")
async def test_real_devices_send_and_nothing_is_left_of_them_after_the_end(
    world: World, engine: StartEngine, tmp_path: Path
) -> None:
    await world.run(QUEUE, each=5)
    async with engine("here"):
        await all_sent(world, 5 * DEVICES)

        async def is_in_the_book() -> bool:
            rows = await world.rows("SELECT cardinality(devices), memory_bytes > 5000000 FROM device_hosts")
            return sorted(map(tuple, rows)) == [(1, True), (3, True)]

        await until(is_in_the_book)
    assert ledger(tmp_path) == Counter(dict.fromkeys(ledger(tmp_path), 1))
    assert ledger(tmp_path).total() == 5 * DEVICES
    assert await world.rows("SELECT 1 FROM device_hosts") == []
    assert children() == []


@pytest.mark.usefixtures("paired")
async def test_a_device_goes_to_another_engine_only_when_its_line_is_down(
    world: World, engine: StartEngine, tmp_path: Path
) -> None:
    """The fake hosts note when a device has two lines at a time, on whichever disk."""

    async def each_has(count: int) -> bool:
        shares = "SELECT count(*) FROM user_devices WHERE state = 'online' GROUP BY owner"
        return [tuple(row) for row in await world.rows(shares)] == [(count,)] * (DEVICES // count)

    async with engine("here"):
        await until(lambda: each_has(DEVICES), within=40)
        await world.run(QUEUE, each=20)
        async with engine("there"):
            await until(lambda: each_has(DEVICES // 2), within=40)
            await all_sent(world, 20 * DEVICES)
        await until(lambda: each_has(DEVICES), within=40)
    assert not (tmp_path / "violations").exists()
    assert ledger(tmp_path) == Counter(dict.fromkeys(ledger(tmp_path), 1))
    assert ledger(tmp_path).total() == 20 * DEVICES


@pytest.mark.long
@pytest.mark.usefixtures("paired")
async def test_an_engine_with_a_send_that_hangs_ends_in_time_and_nothing_goes_out_afterwards(
    world: World, engine: StartEngine, tmp_path: Path
) -> None:
    async def in_flight() -> bool:
        return "processing" in await world.statuses()

    async with engine("here"):
        device = await world.one("SELECT min(id) FROM user_devices")
        await until((tmp_path / f"line-{device}").exists, within=40)
        store = tmp_path / "here" / "sandbox" / "devices" / str(device)
        (store / "fault").write_text(Fault.HANG_ON_SEND)
        await world.run(QUEUE, each=1)
        await until(in_flight)
        await until(lambda: ledger(tmp_path).total() == DEVICES - 1)
        began = asyncio.get_running_loop().time()
    took = asyncio.get_running_loop().time() - began
    print(f"ended after {took:.1f} s")
    assert took < 20
    assert children() == []
    assert Counter(await world.statuses()) == {"sent": DEVICES - 1, "unknown": 1}
    (store / "fault").write_text(Fault.NONE)
    assert ledger(tmp_path).total() == DEVICES - 1
