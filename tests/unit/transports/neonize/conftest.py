"""A fleet of devices in fake hosts."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine.devices import backoff
from engine.devices.ownership import OwnedDevice
from engine.transports.neonize import line
from engine.transports.neonize.hosts import Hosts
from engine.transports.neonize.policy import HostPolicy
from engine.transports.neonize.transport import NeonizeTransport
from models.enums import DeviceState, TransportKind
from tests.unit.transports.harness import PHONE, Ear
from tests.unit.transports.neonize.fake_host import Fault

COMMAND = (sys.executable, "-m", "tests.unit.transports.neonize.fake_host")
QUICK = HostPolicy(
    ready_within=20,
    end_within=1,
    close_within=2,
    linger=0.1,
    ask_every=0.1,
    hung_after=1,
    look_every=3600,
    move_within=5,
    check_within=2,
)


class NotedSessions:
    """Sessions that are files, and nothing else."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.saved: list[tuple[int, int, bytes]] = []
        self.trouble: dict[int, Exception] = {}

    async def ready(self, device_id: int, epoch: int) -> Path:
        if device_id in self.trouble:
            raise self.trouble[device_id]
        store = self.home / str(device_id) / "session.sqlite"
        store.parent.mkdir(exist_ok=True)
        store.write_bytes(b"a session")
        return store

    async def save(self, device_id: int, epoch: int, content: bytes) -> None:
        self.saved.append((device_id, epoch, content))


class NotedNumbers:
    """A book of numbers in memory."""

    def __init__(self) -> None:
        self.there = {PHONE: True}  # asked for before: what is under way in a test is a message, and no question
        self.lids: dict[str, str] = {}

    async def known(self, workspace_id, phones):
        return {phone: self.there[phone] for phone in phones if phone in self.there}

    async def learn(self, workspace_id, on_whatsapp, lids):
        self.there.update(on_whatsapp)
        self.lids.update(lids)


class Fleet:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.sessions = NotedSessions(home)
        self.numbers = NotedNumbers()
        self.ears: dict[int, Ear] = {}
        self.transports: dict[int, NeonizeTransport] = {}
        self.hosts: Hosts

    @asynccontextmanager
    async def started(self, devices_per_host: int = 40, command=COMMAND, **policy) -> AsyncIterator["Fleet"]:
        self.hosts = Hosts(
            self.sessions,
            self.numbers,
            proxy="",
            devices_per_host=devices_per_host,
            command=command,
            policy=replace(QUICK, **policy),
        )
        async with self.hosts:
            yield self
            for device in list(self.transports):
                await self.close(device)

    def transport(self, device: int, epoch: int = 1) -> NeonizeTransport:
        owned = OwnedDevice(device, 1, f"Device {device}", TransportKind.NEONIZE, epoch)
        return self.hosts.line(owned)

    async def connect(self, device: int) -> NeonizeTransport:
        self.transports[device] = transport = self.transport(device)
        self.ears[device] = Ear(transport)
        await transport.connect()
        return transport

    async def online(self, *devices: int) -> list[NeonizeTransport]:
        transports = [await self.connect(device) for device in devices]
        for device in devices:
            await self.ears[device].state(DeviceState.ONLINE)
        return transports

    async def close(self, device: int) -> None:
        await self.transports.pop(device).close()
        await asyncio.gather(self.ears.pop(device).task, return_exceptions=True)

    def fault(self, device: int, fault: Fault) -> None:
        (self.home / str(device)).mkdir(exist_ok=True)
        (self.home / str(device) / "fault").write_text(fault)

    @property
    def ledger(self) -> list[dict]:
        file = self.home / "ledger.jsonl"
        return [json.loads(row) for row in file.read_text().splitlines()] if file.exists() else []

    @property
    def refs(self) -> list[int]:
        return [row["ref"] for row in self.ledger]

    def seats(self) -> list[list[int]]:
        """The devices that are in one host together."""
        return sorted(sorted(figures.devices) for figures in self.hosts.figures if figures.devices)

    def pid_of(self, device: int) -> int:
        return next(figures.pid for figures in self.hosts.figures if device in figures.devices)


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (of another process)
            await asyncio.sleep(0.005)


def children() -> list[psutil.Process]:
    """Those of hosts: other tests leave Python's own resource tracker behind."""
    return [child for child in psutil.Process().children() if "multiprocessing" not in " ".join(_command(child))]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    monkeypatch.setattr(backoff, "SHORTEST", 0.02)
    monkeypatch.setattr(backoff, "LONGEST", 0.1)
    monkeypatch.setattr(line, "durable_copy", lambda store: b"at rest: " + store.read_bytes())
    fleet = Fleet(tmp_path)
    yield fleet
    assert not (tmp_path / "violations").exists(), "a device had two lines at a time"
    assert children() == []
