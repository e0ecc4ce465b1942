"""The library as it is published, with nothing replaced in it: how it fails on the way to WhatsApp, and what is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
import pytest_asyncio

from engine.transports.contract import StateChanged
from models.enums import DeviceState
from tests.integration.whatsapp.device_host.conftest import SHORT
from tests.integration.whatsapp.device_host.driver import DeviceHost
from tests.processes import free_port
from tests.whatsapp_loopback import seeding
from tests.whatsapp_loopback.behaviour import Proxy
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAIN = "tests.integration.whatsapp.device_host.plain_host"
WAITS = {**SHORT, "probe_within": 0.5, "connect_within": 1.0}
Told = Callable[[str], Awaitable[StateChanged]]
Answered = Callable[..., Awaitable[str]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(whatsapp: LoopbackServer) -> AsyncIterator[DeviceHost]:
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file, command=PLAIN, **WAITS) as host:
        yield host


@pytest.fixture
def store(store_template: Path, tmp_path: Path, phone: str) -> Path:
    seeding.write_store(tmp_path / "session.sqlite", phone, store_template)
    return tmp_path / "session.sqlite"


@pytest.fixture
def told(host: DeviceHost, store: Path) -> Told:
    """What is told of a device that is opened through this proxy."""

    async def told(proxy: str) -> StateChanged:
        await host.ask({"type": "configure", "proxy": proxy})
        change = await host.open(1, store)
        await host.ask({"type": "close", "device": 1})
        return change

    return told


@pytest_asyncio.fixture(loop_scope="module")
async def proxy() -> AsyncIterator[Answered]:
    """Makes a proxy that says this to whoever asks, and that to whatever comes next."""
    async with AsyncExitStack() as stack:

        async def proxy(first: bytes, then: bytes = b"") -> str:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                stack.callback(writer.close)
                with suppress(asyncio.IncompleteReadError, ConnectionError):
                    await reader.readuntil(b"\r\n\r\n")
                    writer.write(first)
                    await reader.readexactly(1)
                    writer.write(then)

            server = await asyncio.start_server(serve, "127.0.0.1", free_port())
            stack.callback(server.close)
            return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield proxy


async def test_nothing_listens(told: Told) -> None:
    change = await told(f"http://127.0.0.1:{free_port()}")
    assert change == StateChanged(DeviceState.CONNECTING, "the proxy refuses the connection")


async def test_the_proxy_wants_a_password(told: Told, proxy: Answered) -> None:
    change = await told(await proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"))
    assert change == StateChanged(DeviceState.CONNECTING, "the proxy refuses: 407 Proxy Authentication Required")


async def test_the_network_swallows_everything(whatsapp: LoopbackServer, told: Told) -> None:
    await whatsapp.set_proxy(Proxy.SWALLOWS)
    try:
        change = await told(whatsapp.proxy_url)
    finally:
        await whatsapp.set_proxy(Proxy.OPEN)
    assert change == StateChanged(DeviceState.CONNECTING, "WhatsApp does not answer")


async def test_somebody_else_answers_in_the_clear(told: Told, proxy: Answered) -> None:
    change = await told(await proxy(b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert change == StateChanged(DeviceState.CONNECTING, "no secure connection to WhatsApp comes about")


@pytest.mark.parametrize("status", [403, 503])
async def test_the_upgrade_is_refused(whatsapp: LoopbackServer, told: Told, status: int) -> None:
    await whatsapp.refuse_upgrades(status)
    try:
        change = await told(whatsapp.proxy_url)
    finally:
        await whatsapp.refuse_upgrades(None)
    assert change == StateChanged(DeviceState.CONNECTING, f"WhatsApp refuses the connection (HTTP {status})")


async def test_the_server_does_not_have_whatsapps_key(whatsapp: LoopbackServer, told: Told) -> None:
    change = await told(whatsapp.proxy_url)
    assert change.state is DeviceState.CONNECTING
    assert change.reason.startswith("what answers is not WhatsApp: its key is not the real server's")


async def test_the_certificate_is_of_an_authority_that_nobody_knows(whatsapp: LoopbackServer, store: Path) -> None:
    async with DeviceHost(whatsapp.proxy_url, None, command=PLAIN, **WAITS) as host:
        change = await host.open(1, store)
    assert change == StateChanged(
        DeviceState.CONNECTING, "the certificate of the proxy or of WhatsApp is not trusted"
    )


async def test_there_is_silence_behind_the_proxy(proxy: Answered, store: Path) -> None:
    # In a process of its own: the library lets go of such a connection only after a while.
    async with DeviceHost(await proxy(b"HTTP/1.1 200 OK\r\n\r\n"), None, command=PLAIN, **WAITS) as host:
        change = await host.open(1, store)
    assert change == StateChanged(DeviceState.CONNECTING, "WhatsApp does not answer")
