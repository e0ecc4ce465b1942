"""The simulated network as a server: control routes and `/link`, the websocket of engine processes."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi_offline import FastAPIOffline

from engine.serving import HttpServer
from engine.transports.contract import Inbound, Receipt, Rejected, Sent, StateChanged
from engine.transports.forms import Frame, event_frame, outcome_frame, state_frame
from engine.transports.simulator.network import SimulatedNetwork
from engine.transports.simulator.routes import control_routes
from engine.transports.simulator.wire import Outbox, frames, read_submission


@dataclass(frozen=True, slots=True, eq=False)
class _LinkedLine:
    """The network's line to a device at the far end of a link."""

    number: int
    device_id: int
    name: str
    outbox: Outbox

    def state_changed(self, change: StateChanged) -> None:
        self.outbox.post({"type": "state", "line": self.number, "change": state_frame(change)})

    def received(self, event_id: int, event: Receipt | Inbound) -> None:
        self.outbox.post_soon(
            {"type": "event", "line": self.number, "event": event_id, "content": event_frame(event)}
        )

    def answered(self, request: int, outcome: Sent | Rejected) -> None:
        self.answer(request, outcome_frame(outcome))

    def answer(self, request: int, content: Frame) -> None:
        self.outbox.post({"type": "answer", "line": self.number, "request": request, "content": content})


class _Link:
    """One engine process: its websocket and the lines of its devices."""

    def __init__(self, network: SimulatedNetwork, websocket: WebSocket) -> None:
        self._network = network
        self._websocket = websocket
        self._outbox = Outbox()
        self._lines: dict[int, _LinkedLine] = {}

    async def serve(self) -> None:
        await self._websocket.accept()
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write())
                with suppress(WebSocketDisconnect):
                    while True:
                        self._receive(frames(await self._websocket.receive_text()))
                writer.cancel()
        finally:
            for line in self._lines.values():
                self._network.disconnect(line)

    async def _write(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                await self._websocket.send_text(await self._outbox.packet())

    def _receive(self, batch: list[Frame]) -> None:
        acknowledged: dict[int, list[int]] = defaultdict(list)
        for frame in batch:
            match frame["type"]:
                case "connect":
                    line = _LinkedLine(frame["line"], frame["device"], frame["name"], self._outbox)
                    self._lines[line.number] = line
                    self._network.connect(line)
                case "disconnect":
                    self._network.disconnect(self._lines.pop(frame["line"]))
                case "ack":
                    acknowledged[frame["device"]].append(frame["event"])
                case _:
                    self._answer(self._lines[frame["line"]], frame)
        if acknowledged:
            self._network.acknowledge(acknowledged)

    def _answer(self, line: _LinkedLine, frame: Frame) -> None:
        request = frame["request"]
        match frame["type"]:
            case "send":
                self._network.send(line, request, read_submission(frame["message"]))
            case "revoke":
                revoked = self._network.revoke(line, frame["message_id"], frame["phone"])
                line.answer(request, {"revoked": revoked})
            case "check":
                line.answer(request, {"on_whatsapp": self._network.check_numbers(frame["phones"])})


def link_routes(network: SimulatedNetwork) -> APIRouter:
    router = APIRouter()

    @router.websocket("/link")
    async def link(websocket: WebSocket) -> None:
        await _Link(network, websocket).serve()

    return router


class SimulatorServer(HttpServer):
    """Serves a network on its own port, in the running event loop. The network is the caller's to close."""

    def __init__(self, network: SimulatedNetwork, host: str = "127.0.0.1", port: int = 0) -> None:
        """`port` 0: any that is free."""
        app = FastAPIOffline(redoc_url=None, title="dripdesk: simulated phones")
        app.include_router(control_routes(network))
        app.include_router(link_routes(network))
        super().__init__(app, host, port)
