"""One device's client of the library, with what it must be protected from.

It is one object for as long as the line is open, however often it connects: the library knows clients by the
number of their account, and stops whichever has it when an object of that number is collected.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from engine.transports.neonize.host.gate import Gate
from engine.transports.neonize.host.library import NeonizeError, NewAClient, ProxySettings, address, events
from engine.transports.neonize.host.stored_device import StoredDevice

Hear = Callable[[Any], Coroutine[Any, Any, None]]

KINDS = (
    events.ClientOutdatedEv,
    events.ConnectFailureEv,
    events.ConnectedEv,
    events.DisconnectedEv,
    events.KeepAliveRestoredEv,
    events.KeepAliveTimeoutEv,
    events.LoggedOutEv,
    events.MessageEv,
    events.ReceiptEv,
    events.StreamReplacedEv,
    events.TemporaryBanEv,
)


class Client:
    """Connect and stop only within `Gate.change`."""

    def __init__(self, device: StoredDevice, proxy: str, gate: Gate, hear: Hear) -> None:
        """`hear` is called on a thread of the library's, and what it returns is awaited in the event loop."""
        self._gate = gate
        self._hear = hear
        self._proxy = ProxySettings(proxy) if proxy else None
        self._library = NewAClient(device.library_name, jid=address(device.user, device=device.number))
        # It would stop the client when the object goes, from whatever thread that happens on.
        self._library._stop_finalizer.detach()  # noqa: SLF001
        self._life = 0
        self._connected: asyncio.Task[None] | None = None

    async def connect(self) -> "asyncio.Task[None]":
        """Begin to. The task ends with an error if it does not get as far as logging in."""
        self._life += 1
        for kind in KINDS:
            self._library.event(kind)(self._listener(self._life))
        self._connected = await self._library.connect(self._proxy)
        return self._connected

    async def stop(self) -> None:
        """Waits for a dial or a handshake that is under way. What waits for an answer gets none, at once."""
        connected, self._connected = self._connected, None
        if connected is None:
            return
        self._life += 1
        await self._library.stop()
        await asyncio.gather(connected, return_exceptions=True)

    async def call(self, begin: Callable[[NewAClient], Awaitable[Any]]) -> Any:
        """Ask something of the library. Raises NeonizeError."""
        await self._gate.call()
        if self._connected is None:  # a client that it does not know ends the process
            raise NeonizeError("client is nil")
        return await begin(self._library)

    def _listener(self, life: int) -> Callable[[NewAClient, Any], Coroutine[Any, Any, None]]:
        def heard(_: NewAClient, event: Any) -> Coroutine[Any, Any, None]:
            # A word of the connection before, which only now gets through, would be taken for one of this one.
            outdated = life != self._life and not isinstance(event, events.MessageEv | events.ReceiptEv)
            return _nothing() if outdated else self._hear(event)

        return heard


async def _nothing() -> None: ...
