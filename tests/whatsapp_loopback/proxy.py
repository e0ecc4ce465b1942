"""The way in: an HTTP proxy that leads every CONNECT to this server, whatever host it names.

Each connection is turned into the server's own TLS in place, so that no byte is copied from socket to socket.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.whatsapp_loopback.behaviour import Proxy

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REFUSED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
_LARGEST_REQUEST = 16 * 1024


@dataclass(eq=False)
class Entrance:
    """What the way in is like, and who stands in it."""

    changed: Callable[[], None]
    """Called when somebody comes."""
    state: Proxy = Proxy.OPEN
    outside: "set[ProxyConnection]" = field(default_factory=set)
    """Not let in yet."""

    def set(self, state: Proxy) -> None:
        """Who was swallowed is let in when it opens again: as on a real network, where what was lost is sent again."""
        self.state = state
        for connection in list(self.outside):
            connection.go_on()

    def close(self) -> None:
        for connection in list(self.outside):
            connection.abort()


class ProxyConnection(asyncio.Protocol):
    def __init__(
        self, entrance: Entrance, context: ssl.SSLContext, server: Callable[[], asyncio.Protocol]
    ) -> None:
        self._entrance = entrance
        self._context = context
        self._server = server
        self._request = bytearray()
        self._transport: asyncio.Transport
        self._upgrade: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._entrance.outside.add(self)
        self._entrance.changed()
        self.go_on()

    def connection_lost(self, error: Exception | None) -> None:
        self._entrance.outside.discard(self)

    def data_received(self, data: bytes) -> None:
        self._request += data
        if len(self._request) > _LARGEST_REQUEST:
            self.abort()
        else:
            self.go_on()

    def go_on(self) -> None:
        """As far as the request and the state of the way allow."""
        asked = self._request.endswith(b"\r\n\r\n")
        match self._entrance.state:
            case Proxy.RESETS:
                reset(self._transport)
            case Proxy.REFUSES if asked:
                self._transport.write(_REFUSED)
                self._transport.close()
            case Proxy.OPEN if asked and self._request.startswith(b"CONNECT "):
                self._let_in()
            case Proxy.OPEN if asked:
                self.abort()

    def abort(self) -> None:
        self._transport.abort()

    def _let_in(self) -> None:
        # What the client says next is for TLS: nothing may be read before that is in place.
        self._transport.pause_reading()
        self._transport.write(_ESTABLISHED)
        self._entrance.outside.discard(self)
        self._upgrade = asyncio.create_task(self._hand_over())

    async def _hand_over(self) -> None:
        server = self._server()
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(self._transport, server, self._context, server_side=True)
        except (OSError, ssl.SSLError):  # the client does not trust us, or has gone
            self.abort()
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
