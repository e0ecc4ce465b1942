"""The server's sockets: the proxy's port, and behind it TLS with the websocket and the media hosts."""

import asyncio
import logging
import shutil
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.processes import free_port
from tests.whatsapp_loopback.certificates import Certificates
from tests.whatsapp_loopback.connection import Connection
from tests.whatsapp_loopback.controls import Controls
from tests.whatsapp_loopback.frames import ClosedError, Frames
from tests.whatsapp_loopback.media import LARGEST
from tests.whatsapp_loopback.network import Network
from tests.whatsapp_loopback.nodes import NotANodeError
from tests.whatsapp_loopback.noise import HandshakeError
from tests.whatsapp_loopback.protobuf import NotProtobufError
from tests.whatsapp_loopback.proxy import ProxyConnection

log = logging.getLogger("whatsapp_loopback")
_BACKLOG = 1024


class LoopbackServer(Controls):
    """The whole server in this process, controlled by its own methods: `async with LoopbackServer() as whatsapp`."""

    def __init__(self) -> None:
        """It starts with the block, and ends with it."""

    async def __aenter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="whatsapp-loopback-"))
        certificates = Certificates.make(self._directory)
        super().__init__(Network(), certificates.ca_file)
        application = web.Application(client_max_size=LARGEST)
        application.router.add_get("/ws/chat", self._chat)
        application.router.add_routes(self._network.media.routes())
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False)
        await self._runner.setup()
        serve, context = self._runner.server, certificates.context()
        assert serve is not None
        listener = loopback_socket()
        self._proxy = await asyncio.get_running_loop().create_server(
            lambda: ProxyConnection(self._network.entrance, context, serve), sock=listener, backlog=_BACKLOG
        )
        self.proxy_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._proxy.close()
        await self._network.close()
        await self._runner.cleanup()
        shutil.rmtree(self._directory, ignore_errors=True)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        if self._network.upgrade_status:
            return web.Response(status=self._network.upgrade_status)
        websocket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await websocket.prepare(request)
        connection = Connection(Frames(websocket, request.transport), self._network)
        self._network.connections.add(connection)
        try:
            await connection.run()
        except ClosedError:
            pass
        except (HandshakeError, NotANodeError, NotProtobufError) as error:
            log.warning("a device was hung up on: %s", error)
        finally:
            self._network.connections.discard(connection)
        return websocket


def loopback_socket() -> socket.socket:
    """Bound to a free port, so that nobody can take it meanwhile."""
    while True:
        bound = socket.socket()
        try:
            bound.bind(("127.0.0.1", free_port()))
        except OSError:
            bound.close()
        else:
            return bound
