"""What the network tells those who watch it."""

from typing import Any

from pydantic import TypeAdapter

from engine.feed import Feed
from engine.transports.contract import Receipt
from engine.transports.simulator.devices import DeviceView
from engine.transports.simulator.phones import PhoneMessage

_AS_JSON: TypeAdapter[Any] = TypeAdapter(DeviceView | PhoneMessage)


class NetworkFeed(Feed):
    def message(self, phone: str, message: PhoneMessage) -> None:
        if self.subscriptions:
            self.publish("phone", phone=phone, message=_as_json(message))

    def receipt(self, receipt: Receipt) -> None:
        self.publish("receipt", phone=receipt.phone, message_id=receipt.message_id, kind=receipt.kind.value)

    def device(self, view: DeviceView) -> None:
        if self.subscriptions:
            self.publish("device", device=_as_json(view))


def _as_json(value: DeviceView | PhoneMessage) -> Any:
    return _AS_JSON.dump_python(value, mode="json")
