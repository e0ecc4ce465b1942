"""The websocket as a stream of frames: three bytes of length, and that many."""

from asyncio import Transport

from aiohttp import WSMsgType, web

from tests.whatsapp_loopback.noise import HEADER, HandshakeError
from tests.whatsapp_loopback.proxy import reset


class ClosedError(Exception):
    """The other side has gone."""


class Frames:
    def __init__(self, websocket: web.WebSocketResponse, transport: Transport | None) -> None:
        self._websocket = websocket
        self._transport = transport
        self._received = bytearray()
        self._begun = False

    async def read(self) -> bytes:
        while not (frame := self._next()):
            message = await self._websocket.receive()
            if message.type is not WSMsgType.BINARY:
                raise ClosedError
            self._received += message.data
            if not self._begun:
                self._check_header()
        return frame

    async def write(self, frame: bytes) -> None:
        try:
            await self._websocket.send_bytes(len(frame).to_bytes(3, "big") + frame)
        except (ConnectionError, RuntimeError) as error:
            raise ClosedError from error

    async def close(self) -> None:
        await self._websocket.close()

    def reset(self) -> None:
        if self._transport:
            reset(self._transport)

    def _next(self) -> bytes | None:
        if len(self._received) < 3:
            return None
        end = 3 + int.from_bytes(self._received[:3], "big")
        if len(self._received) < end:
            return None
        frame = bytes(self._received[3:end])
        del self._received[:end]
        return frame

    def _check_header(self) -> None:
        if not self._received.startswith(HEADER):
            raise HandshakeError("the connection does not begin as WhatsApp's")
        del self._received[: len(HEADER)]
        self._begun = True
