"""What happens right now, for pages that are open: events in memory, with no replay."""

import asyncio
from collections import deque
from typing import Any, Self

Event = dict[str, Any]


class Subscription:
    """The events of some feeds since it was made, for one reader.

    It ends when it or a feed is closed, and when the reader is `limit` events behind: then it is quicker to
    read the snapshot again and to subscribe anew.
    """

    def __init__(self, *feeds: "Feed", limit: int = 1000) -> None:
        self._feeds = feeds
        self._limit = limit
        self._events: deque[Event] = deque()
        self._changed = asyncio.Event()
        self._ended = False
        for feed in feeds:
            feed.subscriptions.add(self)

    def offer(self, event: Event) -> None:
        if len(self._events) >= self._limit:
            self.close()
        else:
            self._events.append(event)
            self._changed.set()

    def close(self) -> None:
        self._ended = True
        self._changed.set()
        for feed in self._feeds:
            feed.subscriptions.discard(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if self._ended:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Feed:
    def __init__(self) -> None:
        self.subscriptions: set[Subscription] = set()

    def publish(self, kind: str, /, **fields: Any) -> None:
        for subscription in tuple(self.subscriptions):
            subscription.offer({"type": kind, **fields})

    def close(self) -> None:
        for subscription in tuple(self.subscriptions):
            subscription.close()
