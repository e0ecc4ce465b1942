"""What the network tells those who watch it."""

import asyncio
from collections import deque
from typing import Any
from weakref import WeakSet

from pydantic import TypeAdapter

from engine.transports.contract import Receipt
from engine.transports.simulator.devices import DeviceView
from engine.transports.simulator.phones import PhoneMessage

FeedEvent = dict[str, Any]
_AS_JSON: TypeAdapter[Any] = TypeAdapter(DeviceView | PhoneMessage)


class Subscription:
    """The events since it was made, for one reader.

    It ends when the network closes or when the reader is `limit` events behind: re-read and subscribe anew.
    """

    def __init__(self, limit: int) -> None:
        self._events: deque[FeedEvent] = deque()
        self._limit = limit
        self._ended = False
        self._changed = asyncio.Event()

    def put(self, event: FeedEvent) -> None:
        if len(self._events) >= self._limit:
            self.end()
        if not self._ended:
            self._events.append(event)
            self._changed.set()

    def end(self) -> None:
        self._ended = True
        self._changed.set()

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> FeedEvent:
        while not self._events:
            if self._ended:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()


class Feed:
    def __init__(self) -> None:
        # Weak: a reader that went away needs no goodbye.
        self._subscriptions: WeakSet[Subscription] = WeakSet()

    def subscribe(self, limit: int) -> Subscription:
        subscription = Subscription(limit)
        self._subscriptions.add(subscription)
        return subscription

    def message(self, phone: str, message: PhoneMessage) -> None:
        if self._subscriptions:
            self._publish({"type": "phone", "phone": phone, "message": _as_json(message)})

    def receipt(self, receipt: Receipt) -> None:
        self._publish(
            {
                "type": "receipt",
                "phone": receipt.phone,
                "message_id": receipt.message_id,
                "kind": receipt.kind.value,
            }
        )

    def device(self, view: DeviceView) -> None:
        if self._subscriptions:
            self._publish({"type": "device", "device": _as_json(view)})

    def close(self) -> None:
        for subscription in list(self._subscriptions):
            subscription.end()

    def _publish(self, event: FeedEvent) -> None:
        for subscription in list(self._subscriptions):
            subscription.put(event)


def _as_json(value: DeviceView | PhoneMessage) -> Any:
    return _AS_JSON.dump_python(value, mode="json")
