"""The host's end of the socket to its engine."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Self

from engine.transports.forms import Frame
from engine.transports.neonize.wire import Packet, WireError, pack, read_packet


class Conversation:
    """Made by `begin`. To be used in the event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def begin(cls, descriptor: int) -> Self:
        reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=descriptor))
        return cls(reader, writer)

    def post(self, header: Frame, blob: bytes = b"") -> None:
        """To an engine that is gone nothing need be said."""
        if not self._writer.is_closing():
            self._writer.write(pack(Packet(header, blob)))

    def answer(self, question: Packet, header: Frame, blob: bytes = b"") -> None:
        self.post({"type": "answer", "request": question.header["request"], **header}, blob)

    async def packets(self) -> AsyncIterator[Packet]:
        """Ends when the engine is gone, or says what cannot be understood."""
        try:
            while (packet := await read_packet(self._reader)) is not None:
                yield packet
        except WireError:
            return

    async def end(self) -> None:
        """Everything that was said is on its way."""
        self._writer.close()
        await self._writer.wait_closed()
