"""One loopback server and one process with the real library for a whole file: each test has numbers of its own."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.whatsapp.library import Device, Library
from tests.whatsapp_loopback import seeding
from tests.whatsapp_loopback.server import LoopbackServer

_numbers = itertools.count(15_550_000_001)


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeding.make_template(tmp_path_factory.mktemp("whatsapp") / "template.db")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whatsapp() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def library(whatsapp: LoopbackServer) -> AsyncIterator[Library]:
    async with Library(whatsapp) as process:
        yield process


@pytest.fixture
def phone() -> str:
    """A number that no other test has."""
    return str(next(_numbers))


Connect = Callable[[str], Awaitable[Device]]


@pytest_asyncio.fixture(loop_scope="module")
async def begin(
    whatsapp: LoopbackServer, library: Library, store_template: Path, tmp_path: Path
) -> AsyncIterator[Connect]:
    """Begins to connect a device that is linked to this number; it is stopped with the test."""
    begun: list[Device] = []

    async def begin(phone: str) -> Device:
        store = tmp_path / f"{phone}.db"
        seeding.write_store(store, phone, store_template)
        await whatsapp.seed(phone)
        device = await library.connect(phone, store, phone=phone)
        begun.append(device)
        return device

    yield begin
    for device in begun:
        await device.do("stop")


@pytest_asyncio.fixture(loop_scope="module")
async def device(begin: Connect, phone: str) -> Device:
    """A device that is online."""
    device = await begin(phone)
    await device.until("Connected")
    return device
