"""The way from this machine to WhatsApp, which all devices of a host share.

Each attempt of the library to connect opens a store that it never closes (a file descriptor and a quarter of a
megabyte), and one to a network that swallows all holds everybody up for a minute. So the way is tried first, by
one small connection for all devices; and after an attempt that failed on the way, all of them wait. (Behind a
proxy that speaks SOCKS only the way to the proxy is tried.)
"""

import asyncio
import base64
import ssl
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import SplitResult, unquote, urlsplit

from engine.transports.neonize.host import states
from engine.transports.neonize.host.timing import Timing

WHATSAPP = ("web.whatsapp.com", 443)
FRESH_FOR = 1.0  # seconds that a probe speaks for
_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080}


class Way:
    def __init__(self, proxy: str, timing: Timing) -> None:
        """`proxy`: its address, or nothing for the direct way."""
        self._proxy = urlsplit(proxy) if proxy else None
        self._timing = timing
        self._probing = asyncio.Lock()
        self._probed_at = -FRESH_FOR
        self._trouble = ""
        self._failures = 0
        self._again_at = 0.0

    async def trouble(self) -> str:
        """Why WhatsApp cannot be reached, in words; nothing if it can, as far as can be seen from here."""
        async with self._probing:
            if _now() - self._probed_at > FRESH_FOR:
                self._trouble = await self._probe()
                self._probed_at = _now()
            return self._trouble

    @property
    def pause(self) -> float:
        """Seconds that are left until the next attempt, since one has failed."""
        return max(0.0, self._again_at - _now())

    def failed(self) -> None:
        """The library did not get through, although the way looked free."""
        wait = min(self._timing.retry_most, self._timing.retry_first * 2**self._failures)
        self._failures += 1
        self._again_at = _now() + wait

    def worked(self) -> None:
        self._failures = 0
        self._again_at = 0.0

    async def _probe(self) -> str:
        try:
            async with asyncio.timeout(self._timing.probe_within):
                return await (self._through(self._proxy) if self._proxy else _dial(*WHATSAPP))
        except TimeoutError:
            return states.NO_ANSWER
        except (OSError, ValueError) as error:
            return states.network_words(str(error), through_proxy=self._proxy is not None)

    async def _through(self, proxy: SplitResult) -> str:
        host, port = proxy.hostname or "", proxy.port or _DEFAULT_PORTS.get(proxy.scheme, 80)
        if proxy.scheme not in ("http", "https"):  # how to ask it for more, the library knows
            return await _dial(host, port)
        secured = ssl.create_default_context() if proxy.scheme == "https" else None
        reader, writer = await asyncio.open_connection(host, port, ssl=secured)
        try:
            writer.write(_connect_request(proxy))
            answer = (await reader.readline()).decode("latin-1")
        finally:
            await _hang_up(writer)
        return "" if answer[9:12] == "200" else states.proxy_words(answer.strip())


async def _dial(host: str, port: int) -> str:
    _, writer = await asyncio.open_connection(host, port)
    await _hang_up(writer)
    return ""


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    transport: Callable[[], None] = writer.transport.abort
    transport()
    with suppress(OSError):
        await writer.wait_closed()


def _connect_request(proxy: SplitResult) -> bytes:
    host, port = WHATSAPP
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if proxy.username:
        named = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(named.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode()


def _now() -> float:
    return asyncio.get_running_loop().time()
