"""The library as it is published, with nothing replaced in it: how it fails on the way to WhatsApp, and what is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.transports.contract import StateChanged
from models.enums import DeviceState
from tests.integration.whatsapp.device_host import DeviceHost
from tests.integration.whatsapp.hosted import SHORT
from tests.processes import free_port
from tests.whatsapp_loopback import seeding
from tests.whatsapp_loopback.behaviour import Proxy
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAITS = {**SHORT, "probe_within": 0.5, "connect_within": 1.0}
Open = Callable[[str, Path | None], Awaitable[StateChanged]]


@pytest.fixture
def told(store_template: Path, tmp_path: Path, phone: str) -> Open:
    """What is told of a device that is opened through this proxy."""

    async def told(proxy: str, ca_file: Path | None) -> StateChanged:
        store = tmp_path / "session.sqlite"
        seeding.write_store(store, phone, store_template)
        async with DeviceHost(proxy, ca_file, command="tests.integration.whatsapp.plain_host", **WAITS) as host:
            return await host.open(1, store)

    return told


@asynccontextmanager
async def proxy(answer: bytes) -> AsyncIterator[str]:
    """A proxy that says this to whoever asks, and then nothing more."""
    answered: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        answered.append(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", free_port())
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in answered:
            writer.close()


async def test_nothing_listens(told: Open) -> None:
    change = await told(f"http://127.0.0.1:{free_port()}", None)
    assert change == StateChanged(DeviceState.CONNECTING, "the proxy refuses the connection")


async def test_the_proxy_wants_a_password(told: Open) -> None:
    async with proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as address:
        change = await told(address, None)
    assert change == StateChanged(DeviceState.CONNECTING, "the proxy refuses: 407 Proxy Authentication Required")


async def test_the_network_swallows_everything(whatsapp: LoopbackServer, told: Open) -> None:
    await whatsapp.set_proxy(Proxy.SWALLOWS)
    try:
        change = await told(whatsapp.proxy_url, whatsapp.ca_file)
    finally:
        await whatsapp.set_proxy(Proxy.OPEN)
    assert change == StateChanged(DeviceState.CONNECTING, "WhatsApp does not answer")


async def test_there_is_silence_behind_the_proxy(told: Open) -> None:
    async with proxy(b"HTTP/1.1 200 OK\r\n\r\n") as address:
        change = await told(address, None)
    assert change == StateChanged(DeviceState.CONNECTING, "WhatsApp does not answer")


async def test_somebody_else_answers_in_the_clear(told: Open) -> None:
    async with proxy(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n") as address:
        change = await told(address, None)
    assert change == StateChanged(DeviceState.CONNECTING, "no secure connection to WhatsApp comes about")


async def test_the_certificate_is_of_an_authority_that_nobody_knows(whatsapp: LoopbackServer, told: Open) -> None:
    change = await told(whatsapp.proxy_url, None)
    assert change == StateChanged(
        DeviceState.CONNECTING, "the certificate of the proxy or of WhatsApp is not trusted"
    )


@pytest.mark.parametrize("status", [403, 503])
async def test_the_upgrade_is_refused(whatsapp: LoopbackServer, told: Open, status: int) -> None:
    await whatsapp.refuse_upgrades(status)
    try:
        change = await told(whatsapp.proxy_url, whatsapp.ca_file)
    finally:
        await whatsapp.refuse_upgrades(None)
    assert change == StateChanged(DeviceState.CONNECTING, f"WhatsApp refuses the connection (HTTP {status})")


async def test_the_server_does_not_have_whatsapps_key(whatsapp: LoopbackServer, told: Open) -> None:
    change = await told(whatsapp.proxy_url, whatsapp.ca_file)
    assert change.state is DeviceState.CONNECTING
    assert change.reason.startswith("what answers is not WhatsApp: its key is not the real server's")
