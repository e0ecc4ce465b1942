"""What a transport has heard and its reader has not yet taken."""

import asyncio
from collections import deque

from engine.transports.contract import Receipt, TransportEvent


class Inbox:
    """Above `limit` the oldest receipts go (the other end tells them again); never a state change or a reply.

    Items are pairs of an event and its id at the other end (state changes have none). One reader.
    """

    def __init__(self, limit: int = 1000) -> None:
        self._items: deque[tuple[TransportEvent, int | None]] = deque()
        self._limit = limit
        self._closed = False
        self._changed = asyncio.Event()

    def put(self, event: TransportEvent, event_id: int | None = None) -> None:
        if len(self._items) >= self._limit:
            self._forget_a_receipt()
        self._items.append((event, event_id))
        self._changed.set()

    def close(self) -> None:
        """End the reading, after what is still here."""
        self._closed = True
        self._changed.set()

    def __aiter__(self) -> "Inbox":
        return self

    async def __anext__(self) -> tuple[TransportEvent, int | None]:
        while not self._items:
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._items.popleft()

    def _forget_a_receipt(self) -> None:
        for place, (event, _) in enumerate(self._items):
            if isinstance(event, Receipt):
                del self._items[place]
                return
