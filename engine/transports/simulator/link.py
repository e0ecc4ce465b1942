"""An engine process's one connection to the simulated network, shared by all of its devices."""

import asyncio
import itertools
import random
from typing import Protocol
from urllib.parse import quote

import aiohttp

from engine.transports.contract import Inbound, MediaFile, PhoneSeen, Receipt, StateChanged
from engine.transports.forms import Frame, read_event, read_state
from engine.transports.simulator.wire import Outbox, frames
from models.enums import DeviceState

_HTTP_TIMEOUT = aiohttp.ClientTimeout(total=20)


class NoLineError(ConnectionError):
    """The device has no line: nothing was handed over."""


class LineLostError(ConnectionError):
    """The line went after the request was handed over: nobody knows whether it arrived."""


class LineListener(Protocol):
    def state_changed(self, change: StateChanged) -> None: ...

    def received(self, event_id: int, event: Receipt | Inbound | PhoneSeen) -> None: ...


class DeviceLine:
    """One device on the link.

    Having a number, it wants a line; the number tells the frames of one wish from those of the next. The wish
    outlives outages of the link and ends with a terminal state.
    """

    def __init__(self, link: "SimulatorLink", device_id: int, name: str, listener: LineListener) -> None:
        self.up = False
        self._link = link
        self._device_id = device_id
        self._name = name
        self._listener = listener
        self._number: int | None = None
        self._told: StateChanged | None = None
        self._requests: dict[int, asyncio.Future[Frame]] = {}

    def connect(self) -> None:
        if self._number is None:
            self._told = None
            self._number = self._link.next_number()
            self._link.open(self._number, self)

    def wish(self) -> Frame:
        return {"type": "connect", "line": self._number, "device": self._device_id, "name": self._name}

    async def request(self, frame: Frame) -> Frame:
        """Hand a frame over and wait for its answer, however long that takes.

        Raises NoLineError or LineLostError. When cancelled, a late answer is ignored.
        """
        if not self.up:
            raise NoLineError("the device has no line")
        request = self._link.next_number()
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._requests[request] = answer
        try:
            self._link.post({**frame, "line": self._number, "request": request})
            return await answer
        finally:
            del self._requests[request]

    def acknowledge(self, event_id: int) -> None:
        self._link.post_soon({"type": "ack", "device": self._device_id, "event": event_id})

    def close(self) -> None:
        self._end("the device was closed")

    def receive(self, frame: Frame) -> None:
        match frame["type"]:
            case "state":
                self.change_state(read_state(frame["change"]))
            case "event":
                self._listener.received(frame["event"], read_event(frame["content"]))
            case "answer":
                answer = self._requests.get(frame["request"])
                if answer is not None and not answer.done():
                    answer.set_result(frame["content"])

    def change_state(self, change: StateChanged) -> None:
        if change.state is DeviceState.REACHOUT_LIMITED:  # the line stays what it is
            self._listener.state_changed(change)
            return
        if change.state is DeviceState.ONLINE:
            self.up = True
        elif change.state.is_terminal:
            self._end(change.reason)
        else:
            self._lose(change.reason)
        # Each failed attempt of the link says the same: the listener wants to hear what is new.
        if change != self._told:
            self._told = change
            self._listener.state_changed(change)

    def _end(self, reason: str) -> None:
        if self._number is not None:
            self._link.shut(self._number)
            self._number = None
        self._lose(reason)

    def _lose(self, reason: str) -> None:
        self.up = False
        for answer in self._requests.values():
            if not answer.done():
                answer.set_exception(LineLostError(reason))


class SimulatorLink:
    """Keeps itself connected; `start` once in the event loop, `close` at the end."""

    _LONGEST_WAIT_SECONDS = 5.0

    def __init__(self, url: str) -> None:
        """`url`: where the network is served, such as http://127.0.0.1:8090."""
        self._url = url.rstrip("/")
        self._lines: dict[int, DeviceLine] = {}
        self._numbers = itertools.count(1)
        self._outbox: Outbox | None = None  # none while there is no connection
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._uploaded: set[str] = set()
        self._uploading = asyncio.Lock()

    async def start(self) -> None:
        self._session = aiohttp.ClientSession()
        self._task = asyncio.create_task(self._stay_connected(self._session), name="simulator link")

    async def close(self) -> None:
        task, self._task = self._task, None
        session, self._session = self._session, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if session is not None:
            await session.close()

    def open(self, number: int, line: DeviceLine) -> None:
        """Want a line from now on, over all reconnections, until it is shut."""
        self._lines[number] = line
        self.post(line.wish())

    def shut(self, number: int) -> None:
        del self._lines[number]
        self.post({"type": "disconnect", "line": number})

    def post(self, frame: Frame) -> None:
        """Queue a frame. Without a connection it is dropped: then there is no line that it could concern."""
        if self._outbox is not None:
            self._outbox.post(frame)

    def post_soon(self, frame: Frame) -> None:
        if self._outbox is not None:
            self._outbox.post_soon(frame)

    def next_number(self) -> int:
        return next(self._numbers)

    async def upload(self, media: MediaFile) -> None:
        """See to it that the network has these bytes. Raises aiohttp.ClientError or TimeoutError."""
        if media.sha256 in self._uploaded:
            return
        if self._session is None:
            raise aiohttp.ClientConnectionError("the link is closed")
        address = f"{self._url}/sandbox/media/{quote(media.sha256)}"
        async with self._uploading:
            if media.sha256 in self._uploaded:
                return
            async with self._session.head(address, timeout=_HTTP_TIMEOUT) as found:
                is_there = found.ok
            if not is_there:
                headers = {"Content-Type": media.mime_type}
                async with self._session.put(
                    address, data=media.content, headers=headers, timeout=_HTTP_TIMEOUT
                ) as answer:
                    answer.raise_for_status()
            self._uploaded.add(media.sha256)

    async def _stay_connected(self, session: aiohttp.ClientSession) -> None:
        wait = 0.1
        while True:
            reason = "the simulated network closed the connection"
            try:
                async with session.ws_connect(f"{self._url}/link", heartbeat=20, max_msg_size=0) as socket:
                    wait = 0.1
                    await self._converse(socket)
            except (aiohttp.ClientError, OSError) as error:
                reason = f"the simulated network cannot be reached: {error}"
            finally:
                self._lose(reason)
            await asyncio.sleep(wait * random.uniform(0.5, 1))  # noqa: S311  jitter, not secrets
            wait = min(2 * wait, self._LONGEST_WAIT_SECONDS)

    async def _converse(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._outbox = Outbox()
        for line in self._lines.values():
            self._outbox.post(line.wish())
        writer = asyncio.create_task(_write(socket, self._outbox), name="simulator link writer")
        try:
            async for packet in socket:
                if packet.type is not aiohttp.WSMsgType.TEXT:
                    return
                for frame in frames(packet.data):
                    addressee = self._lines.get(frame["line"])
                    if addressee is not None:
                        addressee.receive(frame)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def _lose(self, reason: str) -> None:
        self._outbox = None
        # The next connection may lead to a network that was started afresh.
        self._uploaded.clear()
        for line in list(self._lines.values()):
            line.change_state(StateChanged(DeviceState.CONNECTING, reason))


async def _write(socket: aiohttp.ClientWebSocketResponse, outbox: Outbox) -> None:
    try:
        while True:
            await socket.send_str(await outbox.packet())
    except ConnectionError:
        return  # the reader sees the end too, and says so
