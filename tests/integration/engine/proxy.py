"""A TCP proxy in front of the test's PostgreSQL, which can be as bad as a network."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.engine import URL

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    def __init__(self, url: URL) -> None:
        self._upstream = url
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self.latency = 0.0  # seconds for each packet of an answer

    @property
    def url(self) -> URL:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return self._upstream.difference_update_query(["host"]).set(host="127.0.0.1", port=port)

    def refuse(self) -> None:
        """The server goes down: what is open is reset, and nothing new is let in."""
        self._refusing = True
        self.reset()

    def stall(self) -> None:
        """A black hole: everything stays open, and nothing comes through any more."""
        self._flowing.clear()

    def reset(self) -> None:
        for writer in self._writers:
            with contextlib.suppress(OSError):
                linger = struct.pack("ii", 1, 0)  # RST instead of FIN
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        self._writers.clear()

    def heal(self, *, lose: bool = False) -> None:
        """Let everything through again; `lose`: what hung in the black hole never comes out."""
        self._refusing = False
        if lose:
            for task in self._tasks:
                task.cancel()
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self._refusing:
            self.reset()
            return
        await self._flowing.wait()
        try:
            server_reader, server_writer = await self._dial()
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(server_writer)
        self._pump(reader, server_writer, slow=False)
        self._pump(server_reader, writer, slow=True)

    async def _dial(self) -> Ends:
        directory = self._upstream.query.get("host")
        if directory:
            return await asyncio.open_unix_connection(f"{directory}/.s.PGSQL.{self._upstream.port or 5432}")
        return await asyncio.open_connection(self._upstream.host, self._upstream.port or 5432)

    def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slow: bool) -> None:
        task = asyncio.create_task(self._carry(reader, writer, slow=slow))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slow: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                if slow and self.latency:
                    await asyncio.sleep(self.latency)
                writer.write(data)
                await writer.drain()
        self._writers.discard(writer)
        writer.close()


@asynccontextmanager
async def proxy_before(url: URL) -> AsyncIterator[Proxy]:
    proxy = Proxy(url)
    proxy._server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
    try:
        yield proxy
    finally:
        proxy._server.close()
        for task in list(proxy._tasks):
            task.cancel()
        await asyncio.gather(*proxy._tasks, return_exceptions=True)
        proxy.reset()
        await asyncio.sleep(0)
