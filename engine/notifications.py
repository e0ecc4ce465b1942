"""LISTEN/NOTIFY. A notification only says "look"; after a lost connection everybody is told to look."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from enum import StrEnum

import structlog
from sqlalchemy.engine import URL

from engine.connections import BROKEN, connect

log = structlog.get_logger()

RECONNECT_AFTER = 1.0  # machine seconds
PROBE_EVERY = 4.0  # machine seconds: a listener that hears nothing cannot tell silence from a dead line
PROBE_WITHIN = 4.0
EVERYTHING = ""  # the payload that means: all of it


class Channel(StrEnum):
    QUEUE = "dripdesk_queue"  # messages were added; the payload lists device ids
    CONTROL = "dripdesk_control"  # something was paused, resumed, added or set
    OWNERSHIP = "dripdesk_ownership"  # a device has become free
    ALERTS = "dripdesk_alerts"
    CLOCK = "dripdesk_clock"
    IMPORTS = "dripdesk_imports"  # one is to be taken in or undone


class Notifications:
    """One connection of its own a process, outside of the pool."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._listeners: dict[Channel, list[Callable[[str], None]]] = defaultdict(list)
        self.connected = asyncio.Event()

    def listen(self, channel: Channel, look: Callable[[str], None]) -> None:
        """Call `look(payload)` on each notification. It must be quick: set an event, wake a worker."""
        self._listeners[channel].append(look)

    async def run(self) -> None:
        """Listen until cancelled."""
        silent = False  # said once, not at each attempt
        while True:
            try:
                await self._listen_once()
            except BROKEN as error:
                if self.connected.is_set() or not silent:
                    log.warning("notifications lost, polling goes on", error=str(error) or type(error).__name__)
            silent = True
            self.connected.clear()
            await asyncio.sleep(RECONNECT_AFTER)

    async def _listen_once(self) -> None:
        connection = await connect(self._url)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            for channel in Channel:
                await connection.add_listener(channel, self._tell)
            for channel in Channel:
                self._tell(connection, 0, channel, EVERYTHING)
            self.connected.set()
            while not await _is_set_within(lost, PROBE_EVERY):
                await connection.fetchval("SELECT 1", timeout=PROBE_WITHIN)
        finally:
            connection.terminate()  # a polite goodbye to a dead server would only take time

    def _tell(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        for look in self._listeners[Channel(channel)]:
            look(str(payload))


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
