"""What waits for a device."""

from tests.whatsapp_loopback.accounts import Account
from tests.whatsapp_loopback.nodes import Node
from tests.whatsapp_loopback.outbox import Outbox


class Recorder:
    """A connection that only remembers."""

    def __init__(self) -> None:
        self.sent: list[Node] = []

    async def send(self, node: Node) -> None:
        self.sent.append(node)

    async def farewell(self, last_word: Node) -> None:
        self.sent.append(last_word)

    def reset(self) -> None:
        raise AssertionError("nobody asked for it")


def receipt(number: int) -> Node:
    return Node("receipt", {"id": str(number)})


def test_repeated_receipts_are_acknowledged_one_by_one() -> None:
    outbox = Outbox()
    for _ in range(3):
        outbox.add(receipt(1))

    outbox.acknowledged("receipt", "1")
    assert len(outbox) == 2
    outbox.acknowledged("message", "1")
    assert len(outbox) == 2
    outbox.acknowledged("receipt", "1")
    outbox.acknowledged("receipt", "1")
    assert not list(outbox)


async def test_what_was_not_acknowledged_comes_again_after_each_login() -> None:
    account = Account("1", link=Recorder())
    for number in (1, 2):
        await account.deliver(receipt(number))
    account.link = None
    await account.deliver(receipt(3))
    account.outbox.acknowledged("receipt", "1")

    again = Recorder()
    await account.hand_over(again)

    begin, *handed_over, end = again.sent
    assert begin.child("offline_preview").attributes["receipt"] == "2"  # type: ignore[union-attr]
    assert [node.attributes["id"] for node in handed_over] == ["2", "3"]
    assert all("offline" in node.attributes for node in handed_over)
    assert end.child("offline").attributes["count"] == "2"  # type: ignore[union-attr]
