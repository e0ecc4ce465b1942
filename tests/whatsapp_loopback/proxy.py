"""The way in: an HTTP proxy that leads every CONNECT to this server, whatever host it names.

Each connection is turned into the server's own TLS in place, so that no byte is copied from socket to socket.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable

from tests.whatsapp_loopback.behaviour import Proxy

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REFUSED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
_LARGEST_REQUEST = 16 * 1024


class ProxyConnection(asyncio.Protocol):
    def __init__(
        self, state: Callable[[], Proxy], context: ssl.SSLContext, server: Callable[[], asyncio.Protocol]
    ) -> None:
        self._state = state
        self._context = context
        self._server = server
        self._request = bytearray()
        self._transport: asyncio.Transport
        self._upgrade: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._state() is Proxy.RESETS:
            reset(transport)

    def data_received(self, data: bytes) -> None:
        self._request += data
        if len(self._request) > _LARGEST_REQUEST:
            self._transport.abort()
        if not self._request.endswith(b"\r\n\r\n"):
            return
        match self._state():
            case Proxy.REFUSES:
                self._transport.write(_REFUSED)
                self._transport.close()
            case Proxy.OPEN if self._request.startswith(b"CONNECT "):
                # What the client says next is for TLS: nothing may be read before that is in place.
                self._transport.pause_reading()
                self._transport.write(_ESTABLISHED)
                self._upgrade = asyncio.create_task(self._hand_over())
            case Proxy.OPEN:
                self._transport.abort()

    async def _hand_over(self) -> None:
        server = self._server()
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(self._transport, server, self._context, server_side=True)
        except (OSError, ssl.SSLError):  # the client does not trust us, or has gone
            self._transport.abort()
            return
        if secured is not None:
            server.connection_made(secured)


def reset(transport: asyncio.BaseTransport) -> None:
    """As when a network breaks: the other side gets an RST, no farewell."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.Transport):
        transport.abort()
