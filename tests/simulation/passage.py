"""The way from one engine to PostgreSQL: a TCP relay that can be cut and frozen."""

import asyncio
import contextlib
import socket
import struct

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST and drops what was not sent yet


class Passage:
    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._cut_by: set[str] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)

    async def close(self) -> None:
        self.thaw()
        self.cut("the end")
        if self._server is not None:
            self._server.close()

    def cut(self, reason: str) -> None:
        """Reset every connection, and new ones as they come, until every reason is gone."""
        self._cut_by.add(reason)
        for writer in list(self._writers):
            _reset(writer)

    def mend(self, reason: str) -> None:
        self._cut_by.discard(reason)

    def freeze(self) -> None:
        """Hold back everything, in both directions, and say nothing."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut_by:
            _reset(writer)
            return
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:  # PostgreSQL is away
            _reset(writer)
            self._writers.discard(writer)
            return
        self._writers.add(far_writer)
        if self._cut_by:  # meanwhile
            _reset(far_writer)
        try:
            pumps = {
                asyncio.ensure_future(self._pump(reader, far_writer)),
                asyncio.ensure_future(self._pump(far_reader, writer)),
            }
            _, others = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for other in others:
                other.cancel()
            await asyncio.wait(pumps)
        finally:
            for one in (writer, far_writer):
                one.close()
                self._writers.discard(one)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    near = writer.get_extra_info("socket")
    if near is not None:
        with contextlib.suppress(OSError):
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
