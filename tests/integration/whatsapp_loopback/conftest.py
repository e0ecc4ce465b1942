"""One server and one real device for all tests of a file; each test has contacts of its own."""

import io
import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from tests.whatsapp_loopback.real_device import RealDevice
from tests.whatsapp_loopback.seeding import make_template, write_store
from tests.whatsapp_loopback.server import LoopbackServer

PHONE = "60111000001"
_contacts = itertools.count(60123000001)


@pytest.fixture
def contact() -> str:
    """A number that nobody wrote to so far."""
    return str(next(_contacts))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whatsapp() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def device(
    whatsapp: LoopbackServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RealDevice]:
    directory = tmp_path_factory.mktemp("device")
    store = directory / "device.db"
    jid = write_store(store, PHONE, make_template(directory / "template.db"))
    await whatsapp.seed(PHONE)
    async with RealDevice(store, jid, whatsapp.proxy_url, whatsapp.ca_file) as connected:
        yield connected


def phone_address(phone: str) -> str:
    return f"{phone}@s.whatsapp.net"




@pytest.fixture(scope="session")
def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    return file.getvalue()
