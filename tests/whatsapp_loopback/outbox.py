"""What is on its way to a device: kept until the device has it, however often it goes away meanwhile."""

from collections.abc import Iterator
from dataclasses import replace

from tests.whatsapp_loopback.nodes import Node


class Outbox:
    """Stanzas in order. The real server does the same: what comes late, comes after the next login."""

    def __init__(self) -> None:
        self._waiting: list[Node] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Node]:
        return iter(list(self._waiting))

    def add(self, node: Node) -> None:
        self._waiting.append(node)

    def acknowledged(self, tag: str, stanza_id: str) -> None:
        """One of the stanzas of that id: doubled receipts are acknowledged one by one."""
        for at, node in enumerate(self._waiting):
            if node.tag == tag and node.attributes.get("id") == stanza_id:
                del self._waiting[at]
                return

    def counted(self, tag: str) -> int:
        return sum(node.tag == tag for node in self._waiting)

    def clear(self) -> None:
        self._waiting.clear()


def late(node: Node) -> Node:
    """As it is handed over after a login."""
    return replace(node, attributes={**node.attributes, "offline": "0"})
