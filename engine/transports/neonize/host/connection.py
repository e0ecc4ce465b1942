"""Keeps one device connected, from when its line is opened until it is closed or only a person can help.

The library brings a lost line back by itself, but waits two seconds longer each time, without an end; and it
does not try again at all when the first attempt fails. So this takes over once WhatsApp can be reached again:
the client is stopped and connected anew.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.transports.contract import StateChanged
from engine.transports.neonize.host import states
from engine.transports.neonize.host.client import Client
from engine.transports.neonize.host.gate import Gate
from engine.transports.neonize.host.stored_device import is_gone
from engine.transports.neonize.host.timing import Timing
from engine.transports.neonize.host.way import Way
from models.enums import DeviceState

log = logging.getLogger(__name__)

FORGIVEN_PINGS = 1  # unanswered in a row; each takes the library half a minute


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the lines of a host share."""

    gate: Gate
    way: Way
    proxy: str
    timing: Timing


class Connection:
    def __init__(
        self, client: Client, store: Path, around: Surroundings, tell: Callable[[StateChanged], None]
    ) -> None:
        """`tell` hears each state once, when it is new."""
        self.state = states.CONNECTING
        self._client = client
        self._store = store
        self._around = around
        self._tell = tell
        self._news = asyncio.Event()
        self._closing = False
        self._anew = False
        self._told: StateChanged | None = None
        self._telling: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        return self.state.state.may_send and not self._anew

    @property
    def ended(self) -> bool:
        return self.state.state.is_terminal

    def hear(self, event: Any) -> None:
        """Take what the library says of the line."""
        change = states.of_event(event, datetime.now(UTC))
        if change is None or self.ended:
            return
        if change.state is DeviceState.DEGRADED and event.ErrorCount > FORGIVEN_PINGS:
            self.renew()
        self._become(change)

    def renew(self) -> None:
        """Stop the client and connect it anew, which also ends whatever waits for an answer."""
        self._anew = True
        self._stir()

    async def until_up(self, within: float) -> bool:
        """Whether the line is up, or comes up in time."""
        return await self._until(lambda: self.up, within)

    async def until_known(self, within: float) -> StateChanged:
        """How it stands, once the first attempt has come to something or the time is up."""
        await self._until(lambda: self._told is not None, within)
        return self.state

    async def keep(self) -> None:
        """Runs until the line is closed or at its end; then the library has let go of it."""
        try:
            while not self._closing and not self.ended:
                await self._come_up()
                await self._holds()
        finally:
            self._telling = None
            async with self._around.gate.change():
                await self._client.stop()

    def close(self) -> None:
        """Have `keep` come to its end."""
        self._closing = True
        self._stir()

    async def _come_up(self) -> None:
        """Try until it is up, at its end or closed."""
        timing, way = self._around.timing, self._around.way
        refusals = 0
        while not (self._closing or self.ended or self.up):
            if trouble := await way.trouble():
                self._become(StateChanged(DeviceState.CONNECTING, trouble))
                await self._news_or(timing.probe_every)
            elif way.pause:
                await self._news_or(way.pause)
            else:
                async with self._around.gate.change():
                    # While this one waited for its turn another may have found the way to be blocked.
                    if self._closing or way.pause or await self._try():
                        continue
                refusals += 1
                await self._news_or(min(timing.retry_most, timing.retry_first * 2**refusals))

    async def _try(self) -> bool:
        """False: WhatsApp was reached and does not let the device in for now."""
        self._telling = None
        await self._client.stop()
        if is_gone(self._store):
            self._become(states.GONE)
            return True
        self._anew = False
        self._become(states.CONNECTING)
        connecting = await self._client.connect()
        until = _now() + self._around.timing.connect_within
        while self.state is states.CONNECTING and not connecting.done() and (left := until - _now()) > 0:
            await self._news_or(left, connecting)
        if connecting.done():
            self._around.way.failed()
            error = str(connecting.exception() or "")
            self._become(states.of_failed_connect(error, through_proxy=bool(self._around.proxy)))
            return True
        if self.state is states.CONNECTING:
            self._become(StateChanged(DeviceState.CONNECTING, states.NO_ANSWER))
        if self.up or self.ended:
            self._around.way.worked()
            self._telling = connecting
            connecting.add_done_callback(self._fell_silent)
            return True
        await self._client.stop()
        return False

    async def _holds(self) -> None:
        """Wait while it is up, or comes up by itself; until it has to be connected anew, or is at its end."""
        until: float | None = None
        while not (self._closing or self.ended or self._anew):
            if self.up:
                until = None
                await self._news_or(None)
            elif trouble := await self._around.way.trouble():
                until = None
                self._become(StateChanged(DeviceState.CONNECTING, trouble))
                await self._news_or(self._around.timing.probe_every)
            else:
                until = until or _now() + self._around.timing.back_by_itself
                if _now() >= until:
                    return
                await self._news_or(until - _now())

    def _fell_silent(self, telling: "asyncio.Task[None]") -> None:
        """The library stays connected and tells nothing more, once there was an event that it cannot pass on.

        A receipt that says `server-error` is one (measured; "required field neonize.Receipt.Type not set").
        """
        if telling is self._telling:
            log.warning("the library fell silent about a device, which is connected anew")
            self.renew()

    def _become(self, change: StateChanged) -> None:
        if change is not states.CONNECTING and change == self.state:
            return
        another_try = change is states.CONNECTING and self.state.state is DeviceState.CONNECTING
        self.state = change
        if not another_try and change != self._told:  # why the last one failed is of more interest
            self._told = change
            self._tell(change)
        self._stir()

    def _stir(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _news_or(self, seconds: float | None, task: "asyncio.Task[None] | None" = None) -> None:
        """Until something is new, or the task is done, at most for so long."""
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({news, task} if task else {news}, timeout=seconds, return_when="FIRST_COMPLETED")
        finally:
            news.cancel()

    async def _until(self, condition: Callable[[], bool], within: float) -> bool:
        until = _now() + within
        while not condition() and not self.ended and (left := until - _now()) > 0:
            await self._news_or(left)
        return condition()


def _now() -> float:
    return asyncio.get_running_loop().time()
