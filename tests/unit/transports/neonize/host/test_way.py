import asyncio
from contextlib import asynccontextmanager

import pytest

from engine.transports.neonize.host import states, way
from engine.transports.neonize.host.timing import Timing
from engine.transports.neonize.host.way import Way
from tests.processes import free_port

TIMING = Timing(probe_within=0.3, retry_first=1, retry_most=5)


@asynccontextmanager
async def proxy(answer: bytes):
    asked = []

    async def serve(reader, writer):
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(answer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", free_port())
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


async def test_a_free_way_is_asked_once_for_all():
    async with proxy(b"HTTP/1.1 200 Connection established\r\n\r\n") as (address, asked):
        road = Way(f"http://{address}", TIMING)
        assert set(await asyncio.gather(*(road.trouble() for _ in range(10)))) == {""}
    assert asked == ["CONNECT web.whatsapp.com:443 HTTP/1.1\r\nHost: web.whatsapp.com:443\r\n\r\n"]


async def test_a_proxy_gets_its_password():
    async with proxy(b"HTTP/1.1 200 OK\r\n\r\n") as (address, asked):
        assert await Way(f"http://me:pass%3Aword@{address}", TIMING).trouble() == ""
    assert "Proxy-Authorization: Basic bWU6cGFzczp3b3Jk\r\n" in asked[0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "the proxy refuses: 502 Bad Gateway"),
        (b"HTTP/1.0 403 No\r\n\r\n", "the proxy refuses: 403 No"),
        (b"", states.NO_ANSWER),
    ],
)
async def test_what_a_proxy_says_against_it_is_told(answer, words):
    async with proxy(answer) as (address, _):
        assert await Way(f"http://{address}", TIMING).trouble() == words


async def test_without_a_proxy_whatsapp_itself_is_dialled(monkeypatch):
    monkeypatch.setattr(way, "WHATSAPP", ("127.0.0.1", free_port()))
    assert await Way("", TIMING).trouble() == "WhatsApp refuses the connection"
    async with proxy(b"") as (address, _):
        monkeypatch.setattr(way, "WHATSAPP", ("127.0.0.1", int(address.rpartition(":")[2])))
        assert await Way("", TIMING).trouble() == ""
        assert await Way(f"socks5://{address}", TIMING).trouble() == ""


async def test_after_a_failure_all_wait_longer_each_time_up_to_a_limit():
    road = Way("", TIMING)
    assert road.pause == 0
    pauses = []
    for _ in range(4):
        road.failed()
        pauses.append(round(road.pause))
    assert pauses == [1, 2, 4, 5]
    road.worked()
    assert road.pause == 0
