"""What happens in the chats, for pages that are open now. Nothing is replayed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

Event = dict[str, Any]

_BACKLOG = 500  # events; whoever is further behind is quicker with a new snapshot


class Subscription(AsyncIterator[Event]):
    """Ends when closed, and when its reader fell so far behind that it must read the snapshot again."""

    def __init__(self, feed: "Feed") -> None:
        self._feed = feed
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._ended = False

    def offer(self, event: Event) -> None:
        if self._events.qsize() < _BACKLOG:
            self._events.put_nowait(event)
        else:
            self.close()

    def close(self) -> None:
        self._feed.forget(self)
        self._events.put_nowait(None)

    async def __anext__(self) -> Event:
        event = None if self._ended else await self._events.get()
        if event is None:
            self._ended = True
            raise StopAsyncIteration
        return event

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Feed:
    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def subscribe(self) -> Subscription:
        """Counts from this call on, not from the first event read."""
        subscription = Subscription(self)
        self._subscriptions.add(subscription)
        return subscription

    def publish(self, kind: str, **fields: Any) -> None:
        for subscription in tuple(self._subscriptions):
            subscription.offer({"type": kind, **fields})

    def forget(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    def close(self) -> None:
        for subscription in tuple(self._subscriptions):
            subscription.close()
