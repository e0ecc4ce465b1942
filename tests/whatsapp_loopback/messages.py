"""Messages between devices and their contacts, both ways, with their receipts."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tests.whatsapp_loopback import contents, prekeys
from tests.whatsapp_loopback.accounts import Account, Accounts
from tests.whatsapp_loopback.behaviour import MessageRules, OnMessage
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.ledger import Accepted, Ledger, Sent
from tests.whatsapp_loopback.nodes import Attribute, Jid, Node
from tests.whatsapp_loopback.numbers import lid_jid, phone_of, pn_jid
from tests.whatsapp_loopback.peers import Peer
from tests.whatsapp_loopback.signal_wire import UndecryptableError
from tests.whatsapp_loopback.x3dh import Bundle

_IN_CLEAR = {"participants", "enc", "device-identity"}
"""What belongs to every message; any further child is a mark."""
_MOST_RETRIES = 3


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
    _written: "dict[str, _Written]" = field(default_factory=dict)
    _asked_again: dict[str, int] = field(default_factory=dict)

    def rule(self, account: Account) -> OnMessage:
        return account.rules.next() or self.rules.next() or OnMessage()

    def accept(self, account: Account, message: Node) -> Accepted:
        to = message.jid("to")
        recipient = phone_of(to)
        encrypted = _encrypted_for(message, to)
        plaintext, unreadable = self._read(account, recipient, encrypted)
        return self.ledger.accept(
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

    async def ask_again(self, account: Account, message: Node) -> None:
        """The contact's phone could not read it: it asks for it once more, with keys to begin anew."""
        to, message_id = message.jid("to"), message.text("id")
        now = str(int(time.time()))
        asked = self._asked_again.get(message_id, 0) + 1
        if asked > _MOST_RETRIES:
            return
        self._asked_again[message_id] = asked
        keys = prekeys.bundle_nodes(self.peer(phone_of(to)).bundle())
        registration, *further = keys
        retry = Node("retry", {"count": str(asked), "id": message_id, "t": now, "v": "1"})
        attributes: dict[str, Attribute] = {"from": to, "id": message_id, "type": "retry", "t": now}
        await account.deliver(
            Node("receipt", attributes, (retry, registration, Node("keys", content=tuple(further))))
        )

    async def send_again(self, account: Account, receipt: Node) -> None:
        """The device could not read what a contact wrote: the contact's phone begins anew with it."""
        message_id = receipt.text("id")
        written = self._written.get(message_id)
        if written and written.retries < _MOST_RETRIES:
            written.retries += 1
            written.peer.forget(account.address())
            await self._send(account, message_id, written, prekeys.bundle_in(receipt))

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

    async def typed_on_phone(
        self, account: Account, recipient: str, content: Content, *, by_lid: bool = False
    ) -> str:
        """The account's owner writes to a contact on the phone itself. Returns the message's id."""
        attributes: dict[str, Attribute]
        if by_lid:
            chat = lid_jid(recipient)
            attributes = {
                "from": lid_jid(account.phone),
                "recipient": chat,
                "peer_recipient_pn": pn_jid(recipient),
            }
        else:
            chat = pn_jid(recipient)
            attributes = {
                "from": pn_jid(account.phone),
                "recipient": chat,
                "peer_recipient_lid": lid_jid(recipient),
            }
        copied = replace(content, sent_to=str(chat))
        return await self._deliver(account, self.peer(account.phone), copied, attributes)

    async def _deliver(
        self, account: Account, peer: Peer, content: Content, attributes: dict[str, Attribute]
    ) -> str:
        message_id = secrets.token_hex(10).upper()
        self._written[message_id] = _Written(peer, content, attributes)
        await self._send(account, message_id, self._written[message_id])
        return message_id

    async def _send(
        self, account: Account, message_id: str, written: "_Written", bundle: Bundle | None = None
    ) -> None:
        device, peer, content = account.device, written.peer, written.content
        if device is None:
            raise LookupError(f"no device is linked to {account.phone}")
        if bundle is None and not peer.knows(account.address()):
            bundle = device.bundle()
        kind, ciphertext = peer.encrypt(account.address(), bundle, contents.written(content))
        encrypted: dict[str, Attribute] = {"v": "2", "type": kind}
        if content.attachment:
            encrypted["mediatype"] = content.kind.value
        stanza = {
            **written.attributes,
            "id": message_id,
            "type": "media" if content.attachment else "text",
            "t": str(int(time.time())),
        }
        if content.kind is Kind.REVOKE:
            stanza["edit"] = "7"
        await account.deliver(Node("message", stanza, (Node("enc", encrypted, ciphertext),)))


@dataclass(slots=True)
class _Written:
    """A message to a device, kept in case that it has to be encrypted once more."""

    peer: Peer
    content: Content
    attributes: dict[str, Attribute]
    retries: int = 0


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
