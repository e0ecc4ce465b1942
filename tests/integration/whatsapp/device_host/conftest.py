"""One device host for a whole file; each test has devices of its own."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio

from tests.integration.whatsapp.device_host.driver import DeviceHost, HostedDevice
from tests.whatsapp_loopback import seeding
from tests.whatsapp_loopback.server import LoopbackServer

SHORT = {
    "back_by_itself": 0.6,
    "check_within": 2.0,
    "line_within": 3.0,
    "probe_every": 0.2,
    "retry_first": 0.1,
    "send_within": 1.5,
}
"""Seconds that things take in tests, see `Timing`."""

_ids = itertools.count(1)
Make = Callable[[str], Awaitable[HostedDevice]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(whatsapp: LoopbackServer) -> AsyncIterator[DeviceHost]:
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file, **SHORT) as host:
        yield host


@pytest_asyncio.fixture(loop_scope="module")
async def make(
    whatsapp: LoopbackServer, host: DeviceHost, store_template: Path, tmp_path: Path
) -> AsyncIterator[Make]:
    """Makes a device with a session, which is not opened yet; it is closed with the test."""
    made: list[HostedDevice] = []

    async def make(phone: str) -> HostedDevice:
        directory = tmp_path / phone
        directory.mkdir()
        seeding.write_store(directory / "session.sqlite", phone, store_template)
        await whatsapp.seed(phone)
        made.append(HostedDevice(host, next(_ids), directory / "session.sqlite", phone))
        return made[-1]

    yield make
    if host.process.returncode is None:
        for device in made:
            await device.close()


@pytest_asyncio.fixture(loop_scope="module")
async def device(make: Make, phone: str) -> HostedDevice:
    """A device that is online."""
    device = await make(phone)
    assert (await device.open()).state == "online"
    return device
