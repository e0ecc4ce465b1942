import asyncio
from pathlib import Path

import pytest

from engine.transports.contract import StateChanged
from engine.transports.neonize.host import connection, states
from engine.transports.neonize.host.connection import Connection, Surroundings
from engine.transports.neonize.host.gate import Gate
from engine.transports.neonize.host.library import events
from engine.transports.neonize.host.timing import Timing
from models.enums import DeviceState

SHORT = Timing(connect_within=0.05, back_by_itself=0.05, probe_every=0.01, retry_first=0.01, retry_most=0.02)
REFUSED = "failed to dial whatsapp web websocket: connect: connection refused"
ONLINE = StateChanged(DeviceState.ONLINE)
UP, LOST = events.ConnectedEv(status=True), events.DisconnectedEv(status=True)


class Way:
    """Free, or as a test says."""

    pause = 0.0
    words = ""

    async def trouble(self) -> str:
        return self.words

    def failed(self) -> None: ...

    def worked(self) -> None: ...


class Client:
    """Says what comes of each connect: an event, an error, or nothing."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.connects = 0
        self.hear = None
        self.telling = None

    async def connect(self):
        answer = self.answers.pop(0) if self.answers else UP
        self.connects += 1
        self.telling = asyncio.get_running_loop().create_future()
        if isinstance(answer, str):
            self.telling.set_exception(RuntimeError(answer))
        elif answer is not None:
            asyncio.get_running_loop().call_soon(self.hear, answer)
        return self.telling

    async def stop(self) -> None:
        if self.telling is not None and not self.telling.done():
            self.telling.set_result(None)


class Line:
    """A connection over a client that is none, kept until the end of the block."""

    def __init__(self, *answers) -> None:
        self.client = Client(*answers)
        self.way = Way()
        self.told: list[StateChanged] = []
        around = Surroundings(Gate(), self.way, "", SHORT)
        self.connection = Connection(self.client, Path("session.sqlite"), around, self.told.append)
        self.client.hear = self.connection.hear

    async def __aenter__(self):
        self.keeping = asyncio.create_task(self.connection.keep())
        return self

    async def __aexit__(self, *_) -> None:
        self.connection.close()
        async with asyncio.timeout(2):
            await self.keeping

    async def until(self, condition) -> None:
        async with asyncio.timeout(2):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def stores_are_whole(monkeypatch):
    monkeypatch.setattr(connection, "is_gone", lambda store: False)


async def test_what_fails_at_first_is_tried_again_and_told_once():
    async with Line(REFUSED, REFUSED, None, LOST) as line:
        await line.until(lambda: line.connection.up)
    refused = StateChanged(DeviceState.CONNECTING, "WhatsApp refuses the connection")
    silent = StateChanged(DeviceState.CONNECTING, states.NO_ANSWER)
    lost = StateChanged(DeviceState.CONNECTING, states.LOST)
    assert line.told == [refused, silent, lost, ONLINE]
    assert line.client.connects == 5


async def test_while_there_is_no_way_the_library_is_not_asked():
    line = Line()
    line.way.words = "no network"
    async with line:
        await line.until(lambda: line.told == [StateChanged(DeviceState.CONNECTING, "no network")])
        assert line.client.connects == 0
        line.way.words = ""
        await line.until(lambda: line.connection.up)


async def test_the_library_may_bring_a_lost_line_back_itself():
    async with Line() as line:
        await line.until(lambda: line.connection.up)
        line.connection.hear(LOST)
        assert not line.connection.up
        line.connection.hear(UP)
        assert line.connection.up
        assert line.client.connects == 1


async def test_what_it_does_not_bring_back_is_connected_anew():
    async with Line() as line:
        await line.until(lambda: line.connection.up)
        line.connection.hear(LOST)
        await line.until(lambda: line.client.connects == 2 and line.connection.up)


@pytest.mark.parametrize(
    "end", [events.StreamReplacedEv(), events.ClientOutdatedEv(), events.TemporaryBanEv(Expire=1)]
)
async def test_an_end_is_an_end_whatever_is_said_afterwards(end):
    async with Line() as line:
        await line.until(lambda: line.connection.up)
        line.connection.hear(end)
        line.connection.hear(LOST)
        line.connection.hear(UP)
        await line.until(line.keeping.done)
    assert line.connection.ended
    assert line.client.connects == 1
    assert len(line.told) == 2


async def test_two_unanswered_pings_are_too_many():
    async with Line() as line:
        await line.until(lambda: line.connection.up)
        line.connection.hear(events.KeepAliveTimeoutEv(ErrorCount=1, LastSuccess=0))
        assert line.connection.up
        line.connection.hear(events.KeepAliveTimeoutEv(ErrorCount=2, LastSuccess=0))
        assert not line.connection.up
        await line.until(lambda: line.client.connects == 2 and line.connection.up)


async def test_a_library_that_falls_silent_is_connected_anew():
    async with Line() as line:
        await line.until(lambda: line.connection.up)
        line.client.telling.set_exception(RuntimeError("proto: required field neonize.Receipt.Type not set"))
        await line.until(lambda: line.client.connects == 2 and line.connection.up)


async def test_a_session_that_the_library_has_deleted_is_not_connected(monkeypatch):
    monkeypatch.setattr(connection, "is_gone", lambda store: True)
    async with Line() as line:
        await line.until(line.keeping.done)
    assert line.told == [states.GONE]
    assert line.client.connects == 0


async def test_a_line_can_be_closed_at_any_time():
    async with Line(*[None] * 9) as line:
        await line.until(lambda: line.client.connects == 1)
    assert line.keeping.done()
