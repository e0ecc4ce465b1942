"""Messages between devices and their contacts, both ways, with their receipts."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tests.whatsapp_loopback import contents
from tests.whatsapp_loopback.accounts import Account, Accounts
from tests.whatsapp_loopback.behaviour import MessageRules, OnMessage
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.ledger import Ledger, Sent
from tests.whatsapp_loopback.nodes import Attribute, Jid, Node
from tests.whatsapp_loopback.numbers import lid_jid, phone_of, pn_jid
from tests.whatsapp_loopback.peers import Peer
from tests.whatsapp_loopback.signal_wire import UndecryptableError

_IN_CLEAR = {"participants", "enc", "device-identity"}
"""What belongs to every message; any further child is a mark."""


class ReceiptKind(StrEnum):
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "server-error"
    """The recipient could not get at a file."""


@dataclass(slots=True)
class Messages:
    accounts: Accounts
    peer: Callable[[str], Peer]
    ledger: Ledger = field(default_factory=Ledger)
    rules: MessageRules = field(default_factory=MessageRules)
    """For those accounts that have none of their own."""
    delivers: bool = True
    """Whether contacts report what they get at once; an account may differ."""

    def rule(self, account: Account) -> OnMessage:
        return account.rules.next() or self.rules.next() or OnMessage()

    def accept(self, account: Account, message: Node) -> None:
        to = message.jid("to")
        recipient = phone_of(to)
        encrypted = _encrypted_for(message, to)
        plaintext, unreadable = self._read(account, recipient, encrypted)
        self.ledger.accept(
            Sent(
                account=account.phone,
                recipient=recipient,
                message_id=message.text("id"),
                stanza_type=message.text("type"),
                media_type=encrypted.text("mediatype") if encrypted else "",
                edit=message.text("edit"),
                marks=tuple(child.tag for child in message.children() if child.tag not in _IN_CLEAR),
                plaintext=plaintext,
                unreadable=unreadable,
            )
        )

    def _read(self, account: Account, recipient: str, encrypted: Node | None) -> tuple[bytes | None, str]:
        if encrypted is None:
            return None, "nothing is encrypted for the recipient"
        try:
            kind, ciphertext = encrypted.text("type"), encrypted.data()
            return self.peer(recipient).decrypt(account.address(), kind, ciphertext), ""
        except UndecryptableError as error:
            return None, str(error)

    async def report(
        self, account: Account, message_id: str, recipient: Jid, kind: ReceiptKind, at: float | None = None
    ) -> None:
        attributes: dict[str, Attribute] = {"from": recipient, "id": message_id, "t": str(int(at or time.time()))}
        if kind is not ReceiptKind.DELIVERED:
            attributes["type"] = kind.value
        await account.deliver(Node("receipt", attributes))

    async def incoming(
        self, account: Account, sender: str, content: Content, *, by_lid: bool = False, name: str = ""
    ) -> str:
        """A contact writes to the account. Returns the message's id."""
        attributes: dict[str, Attribute] = {"notify": name or sender}
        if by_lid:
            attributes |= {"from": lid_jid(sender), "addressing_mode": "lid", "sender_pn": pn_jid(sender)}
        else:
            attributes |= {"from": pn_jid(sender), "sender_lid": lid_jid(sender)}
        return await self._deliver(account, self.peer(sender), content, attributes)

    async def typed_on_phone(self, account: Account, recipient: str, content: Content) -> str:
        """The account's owner writes to a contact on the phone itself. Returns the message's id."""
        attributes: dict[str, Attribute] = {"from": pn_jid(account.phone), "recipient": pn_jid(recipient)}
        copied = replace(content, sent_to=str(pn_jid(recipient)))
        return await self._deliver(account, self.peer(account.phone), copied, attributes)

    async def _deliver(
        self, account: Account, peer: Peer, content: Content, attributes: dict[str, Attribute]
    ) -> str:
        device = account.device
        if device is None:
            raise LookupError(f"no device is linked to {account.phone}")
        bundle = None if peer.knows(account.address()) else device.bundle()
        kind, ciphertext = peer.encrypt(account.address(), bundle, contents.written(content))
        encrypted: dict[str, Attribute] = {"v": "2", "type": kind}
        if content.attachment:
            encrypted["mediatype"] = content.kind.value
        message_id = secrets.token_hex(10).upper()
        stanza = {
            **attributes,
            "id": message_id,
            "type": "media" if content.attachment else "text",
            "t": str(int(time.time())),
        }
        if content.kind is Kind.REVOKE:
            stanza["edit"] = "7"
        await account.deliver(Node("message", stanza, (Node("enc", encrypted, ciphertext),)))
        return message_id


def _encrypted_for(message: Node, recipient: Jid) -> Node | None:
    """The copy for the recipient's phone; there are others for one's own devices."""
    if alone := message.child("enc"):
        return alone
    participants = message.child("participants")
    if participants is None:
        return None
    phone = phone_of(recipient)
    copies = [to for to in participants.children("to") if phone_of(to.jid("jid")) == phone]
    return copies[0].child("enc") if copies else None
