"""Device hosts against neonize in one process: CPU a send; what a connected device needs; how long a restart takes.

The loopback server is a process of its own, and not measured. Both sides send to people they never wrote to, and
hear the receipts.
"""

import asyncio
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from engine.database import Database
from engine.devices.ownership import OwnedDevice
from engine.transports.contract import OutgoingMessage, Sent, StateChanged
from engine.transports.neonize.hosts import Hosts
from engine.transports.neonize.transport import NeonizeTransport
from models.enums import ContentKind, DeviceState, TransportKind
from tests.bench.figures import Figure
from tests.bench.rounds import interleaved
from tests.processes import clean_environment
from tests.whatsapp_loopback import seeding
from tests.whatsapp_loopback.process import LoopbackProcess

HOST = (sys.executable, "-m", "tests.whatsapp_loopback.device_host")
SENDERS, EACH, ROUNDS = 20, 25, 5
FLEET, A_HOST = 100, 40
MOST_CPU, RESTART_WITHIN = 1.3, 30.0
WORDS = "Good morning! Your order is ready and can be picked up from nine o'clock. Reply STOP to hear no more."
BUSINESS_AT = datetime(2026, 3, 27, 8, 0, tzinfo=UTC)


async def measure(_: Database) -> AsyncIterator[Figure]:
    async with LoopbackProcess() as whatsapp:
        os.environ["SSL_CERT_FILE"] = str(whatsapp.ca_file)
        directory = Path(tempfile.mkdtemp(prefix="dripdesk-bench-"))
        try:
            template = seeding.make_template(directory / "template.db")
            phones = Phones(whatsapp, directory, template)
            async for figure in _cpu(phones):
                yield figure
            async for figure in _fleet(phones):
                yield figure
        finally:
            shutil.rmtree(directory, ignore_errors=True)


@dataclass
class Phones:
    whatsapp: LoopbackProcess
    directory: Path
    template: Path
    made: int = 0
    people: int = 0

    async def devices(self, count: int) -> list[tuple[Path, str]]:
        """Stores of devices that were never connected, and their numbers."""
        made = []
        for _ in range(count):
            self.made += 1
            phone = f"15550{self.made:06d}"
            store = self.directory / str(self.made) / "session.sqlite"
            store.parent.mkdir()
            seeding.write_store(store, phone, self.template)
            made.append((store, phone))
        await self.whatsapp.seed(*(phone for _, phone in made))
        return made

    def strangers(self, devices: int, each: int) -> list[list[str]]:
        """Numbers to write to, for each device, that nobody ever wrote to."""
        first = self.people
        self.people += devices * each
        numbers = [f"1666{number:07d}" for number in range(first, self.people)]
        return [numbers[start : start + each] for start in range(0, len(numbers), each)]


class OnDisk:
    """Sessions that are where they are, and no copies of them: the database is not what is measured here."""

    def __init__(self, stores: Mapping[int, Path]) -> None:
        self._stores = stores

    async def ready(self, device_id: int, epoch: int) -> Path:
        return self._stores[device_id]

    async def save(self, device_id: int, epoch: int, content: bytes) -> None:
        return


class Everybody:
    """Everybody is known to be on WhatsApp."""

    async def known(self, _: int, phones: Sequence[str]) -> Mapping[str, bool]:
        return dict.fromkeys(phones, True)

    async def learn(self, workspace_id: int, on_whatsapp: Mapping[str, bool], lids: Mapping[str, str]) -> None:
        return


async def _cpu(phones: Phones) -> AsyncIterator[Figure]:
    bare_devices, hosted_devices = await phones.devices(SENDERS), await phones.devices(SENDERS)
    sends = SENDERS * EACH
    async with _bare(phones, bare_devices) as bare, _hosted(phones, hosted_devices) as (hosts, lines):

        async def in_one_process() -> float:
            return await bare.send(phones.strangers(SENDERS, EACH)) / sends * 1000

        async def through_the_host() -> float:
            began = _cpu_seconds(hosts)
            recipients = phones.strangers(SENDERS, EACH)
            async with asyncio.TaskGroup() as sending:
                for line, theirs in zip(lines, recipients, strict=True):
                    sending.create_task(_send_all(line, theirs))
            return (_cpu_seconds(hosts) - began) / sends * 1000

        await in_one_process(), await through_the_host()  # what only a first send needs
        rounds = await interleaved({"bare": in_one_process, "hosts": through_the_host}, ROUNDS)
    ratio = rounds.ratio("hosts", "bare")
    yield Figure("hosts", "CPU a send, bare", round(rounds.median("bare"), 2), "ms")
    cpu = round(rounds.median("hosts"), 2)
    yield Figure("hosts", "CPU a send, through a host", cpu, "ms", round(ratio, 2), MOST_CPU, ratio <= MOST_CPU)


async def _fleet(phones: Phones) -> AsyncIterator[Figure]:
    async with _hosted(phones, await phones.devices(1)) as (hosts, _):
        alone = _memory(hosts)
    devices = await phones.devices(FLEET)
    async with _hosted(phones, devices):  # the first time: each leaves its keys at the server
        pass
    began = time.monotonic()
    async with _hosted(phones, devices) as (hosts, _):
        took = time.monotonic() - began
        memory, count = _memory(hosts), len(hosts.figures)
        yield Figure(
            "hosts",
            f"restart of {FLEET} devices",
            round(took, 1),
            "s",
            None,
            RESTART_WITHIN,
            took < RESTART_WITHIN,
        )
        yield Figure("hosts", f"memory of a device, {FLEET} in {count} hosts", round(memory / FLEET, 2), "MB")
        further = (memory - count * alone) / (FLEET - count)
        yield Figure("hosts", "memory of a host with one device", round(alone, 1), "MB")
        yield Figure("hosts", "memory of each further device", round(further, 2), "MB")


@asynccontextmanager
async def _hosted(
    phones: Phones, devices: Sequence[tuple[Path, str]]
) -> AsyncIterator[tuple[Hosts, list[NeonizeTransport]]]:
    """All of them online."""
    ids = itertools.count(1)
    stores = {next(ids): store for store, _ in devices}
    hosts = Hosts(
        OnDisk(stores), Everybody(), proxy=phones.whatsapp.proxy_url, devices_per_host=A_HOST, command=HOST
    )
    async with AsyncExitStack() as ending:
        await ending.enter_async_context(hosts)
        lines = [
            hosts.line(OwnedDevice(number, 1, f"Device {number}", TransportKind.NEONIZE, 1)) for number in stores
        ]
        for line in lines:
            ending.push_async_callback(line.close)
            await line.connect()
        tasks = await ending.enter_async_context(asyncio.TaskGroup())
        up = [asyncio.Event() for _ in lines]
        listening = [tasks.create_task(_listen(line, event)) for line, event in zip(lines, up, strict=True)]
        for event in up:
            await event.wait()
        yield hosts, lines
        for task in listening:
            task.cancel()


async def _listen(line: NeonizeTransport, up: asyncio.Event) -> None:
    async for event in line.events():
        if isinstance(event, StateChanged) and event.state is DeviceState.ONLINE:
            up.set()


async def _send_all(line: NeonizeTransport, recipients: Sequence[str]) -> None:
    for recipient in recipients:
        message = OutgoingMessage(1, f"+{recipient}", ContentKind.TEXT, WORDS, None, BUSINESS_AT)
        outcome = await line.send(message)
        assert isinstance(outcome, Sent), outcome


def _cpu_seconds(hosts: Hosts) -> float:
    """Of this process, which has the engine's end of the lines, and of the hosts."""
    times = [psutil.Process(figures.pid).cpu_times() for figures in hosts.figures]
    return time.process_time() + sum(each.user + each.system for each in times)


def _memory(hosts: Hosts) -> float:
    """Of all of them, in MB."""
    return sum(psutil.Process(figures.pid).memory_info().rss for figures in hosts.figures) / 2**20


class Bare:
    def __init__(self, process: subprocess.Popen[str], report: asyncio.StreamReader) -> None:
        self._process = process
        self._report = report

    async def send(self, recipients: list[list[str]]) -> float:
        """Seconds of CPU."""
        assert self._process.stdin is not None
        print(json.dumps(recipients), file=self._process.stdin, flush=True)
        return float(await self._report.readline())


@asynccontextmanager
async def _bare(phones: Phones, devices: Sequence[tuple[Path, str]]) -> AsyncIterator[Bare]:
    orders = phones.directory / "orders.json"
    told = {
        "proxy": phones.whatsapp.proxy_url,
        "devices": [(str(store), phone) for store, phone in devices],
        "words": WORDS,
    }
    orders.write_text(json.dumps(told))
    ours, theirs = os.pipe()
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", "tests.bench.peers.bare_neonize", str(theirs), str(orders)],
        env=clean_environment(SSL_CERT_FILE=str(phones.whatsapp.ca_file), NEONIZE_BOT_TAG="off"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,  # the library writes there, and what it logs to the other
        stderr=subprocess.DEVNULL,
        text=True,
        pass_fds=[theirs],
    )
    os.close(theirs)
    report = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(report), os.fdopen(ours)
    )
    try:
        if await report.readline() != b"online\n":
            raise AssertionError(f"bare neonize did not connect: exit code {process.wait()}")
        yield Bare(process, report)
    finally:
        process.kill()
        process.wait()
        transport.close()
