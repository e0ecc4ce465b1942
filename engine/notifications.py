"""LISTEN/NOTIFY. A notification only says "look"; after a lost connection everybody is told to look."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable
from enum import StrEnum

import asyncpg
import structlog
from sqlalchemy.engine import URL

log = structlog.get_logger()

RECONNECT_AFTER = 1.0  # machine seconds
EVERYTHING = ""  # the payload that means: all of it


class Channel(StrEnum):
    QUEUE = "dripdesk_queue"  # messages were added; the payload lists device ids
    CONTROL = "dripdesk_control"  # something was paused, resumed, added or set
    ALERTS = "dripdesk_alerts"
    CLOCK = "dripdesk_clock"


class Notifications:
    """One connection of its own a process, outside of the pool."""

    def __init__(self, url: URL) -> None:
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._listeners: dict[Channel, list[Callable[[str], None]]] = defaultdict(list)
        self.connected = asyncio.Event()

    def listen(self, channel: Channel, look: Callable[[str], None]) -> None:
        """Call `look(payload)` on each notification. It must be quick: set an event, wake a worker."""
        self._listeners[channel].append(look)

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen_once()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("notifications lost, polling goes on", error=str(error))
            self.connected.clear()
            await asyncio.sleep(RECONNECT_AFTER)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self._dsn)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            for channel in Channel:
                await connection.add_listener(channel, self._tell)
            for channel in Channel:
                self._tell(connection, 0, channel, EVERYTHING)
            self.connected.set()
            await lost.wait()
        finally:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=1)

    def _tell(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        for look in self._listeners[Channel(channel)]:
            look(str(payload))
