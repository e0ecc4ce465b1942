"""An HTTP server inside the running event loop, which leaves signals to the process that it is a part of."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


class _EmbeddedServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """Wait instead of waking ten times a second to look."""
        await self.stopping.wait()


class HttpServer:
    """Serves an application on a port of its own. `port` 0: any that is free."""

    def __init__(self, app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._server: _EmbeddedServer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Raises OSError when the port is taken. Connections are accepted from here on."""
        family, kind, protocol, _, address = socket.getaddrinfo(
            self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio turns Nagle's delay off only on sockets that name their protocol.
        listener = socket.socket(family, kind, protocol or socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError:
            listener.close()
            raise
        listener.listen()
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app, access_log=False, log_config=None, lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = _EmbeddedServer(config)
        self._task = asyncio.create_task(self._server.serve([listener]), name=f"server {self.url}")

    async def close(self) -> None:
        """Stop accepting, end what is being answered within a second. Idempotent."""
        if self._server is not None and self._task is not None:
            self._server.stopping.set()
            await self._task
