"""What a test can ask the server and have it do: the same methods here and, over HTTP, in `remote.py`.

Phone numbers are E.164 without the plus, as in the protocol. Where a phone may be left out, all accounts are meant.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.whatsapp_loopback.accounts import Account
from tests.whatsapp_loopback.behaviour import (
    Handshake,
    LoginFailure,
    MediaFault,
    MessageRules,
    OnMessage,
    Proxy,
    StreamError,
)
from tests.whatsapp_loopback.contents import Attachment, Content, Kind
from tests.whatsapp_loopback.iq import RefusedError
from tests.whatsapp_loopback.ledger import Accepted
from tests.whatsapp_loopback.messages import ReceiptKind
from tests.whatsapp_loopback.network import DeviceReceipt, Network
from tests.whatsapp_loopback.numbers import lid_jid, lid_of, pn_jid
from tests.whatsapp_loopback.pairing import Refusal

SECONDS = 10.0
"""How long is waited for what should come about."""


@dataclass(frozen=True, slots=True)
class AccountState:
    phone: str
    jid: str | None
    """Of the linked device."""
    online: bool
    logins: int
    unacknowledged: int
    """Stanzas on their way to the device."""
    prekeys: int
    """One-time keys left here by the device."""
    uploads: int


class Controls:
    proxy_url: str
    """For `ProxySettings`: every connection through it ends at this server."""

    def __init__(self, network: Network, ca_file: Path) -> None:
        self._network = network
        self.ca_file = ca_file

    # Accounts

    async def seed(self, *phones: str) -> None:
        """Lets the devices log in whose stores `seeding.write_store` writes."""
        for phone in phones:
            self._network.accounts.seed(phone)

    async def account(self, phone: str) -> AccountState:
        account = self._account(phone)
        device = account.device
        return AccountState(
            phone=phone,
            jid=str(account.jid) if device else None,
            online=account.link is not None,
            logins=account.logins,
            unacknowledged=len(account.outbox),
            prekeys=len(device.prekeys) if device else 0,
            uploads=account.uploads,
        )

    async def online(self, phone: str) -> bool:
        return self._account(phone).link is not None

    async def until_online(self, phone: str, logins: int = 1, seconds: float = SECONDS) -> bool:
        """Whether it is online in time, having logged in at least so often."""
        account = self._account(phone)
        return await self._network.until(lambda: account.link is not None and account.logins >= logins, seconds)

    async def until_offline(self, phone: str, seconds: float = SECONDS) -> bool:
        account = self._account(phone)
        return await self._network.until(lambda: account.link is None, seconds)

    async def until_acknowledged(self, phone: str, seconds: float = SECONDS) -> bool:
        """Whether the device has acknowledged everything that it was sent, in time."""
        account = self._account(phone)
        return await self._network.until(lambda: len(account.outbox) == 0, seconds)

    # Connections

    async def set_proxy(self, proxy: Proxy) -> None:
        """For connections that begin from now on."""
        self._network.entrance.set(proxy)

    async def until_swallowed(self, count: int, seconds: float = SECONDS) -> bool:
        """Whether so many connections stand in the way in, in time."""
        return await self._network.until(lambda: len(self._network.entrance.outside) >= count, seconds)

    async def refuse_upgrades(self, status: int | None) -> None:
        """With this HTTP status, until it is None again."""
        self._network.upgrade_status = status

    async def set_handshake(self, handshake: Handshake) -> None:
        """For connections that begin from now on."""
        self._network.handshake = handshake

    async def drop(self, phone: str | None = None) -> int:
        """Resets the connections; returns how many."""
        if phone is None:
            connections = list(self._network.connections)
            for connection in connections:
                connection.reset()
            return len(connections)
        link = self._account(phone).link
        if link:
            link.reset()
        return int(link is not None)

    async def freeze(self, phone: str, frozen: bool = True) -> None:
        """Its connection stays, but nothing that it says is heard any more; a later connection is as frozen."""
        self._account(phone).frozen = frozen

    async def begin_outage(self, proxy: Proxy = Proxy.REFUSES) -> int:
        """Nobody is connected and nobody gets in, until `set_proxy(Proxy.OPEN)`."""
        await self.set_proxy(proxy)
        return await self.drop()

    async def fail_logins(self, failure: LoginFailure | None, phone: str | None = None) -> None:
        if phone is None:
            self._network.login_failure = failure
        else:
            self._account(phone).refusal = failure

    async def end_stream(self, phone: str, error: StreamError) -> None:
        """LookupError if it is not online."""
        await self._account(phone).end(error)

    async def remove_device(self, phone: str) -> None:
        """The owner takes it off on the phone: logged out."""
        await self._account(phone).unlink()

    # What devices send

    async def on_messages(self, rule: OnMessage | None, phone: str | None = None) -> None:
        """From now on."""
        self._rules(phone).standing = rule

    async def on_next_messages(self, *rules: OnMessage, phone: str | None = None) -> None:
        """One rule a message, then as before."""
        self._rules(phone).coming.extend(rules)

    async def until_asked(self, phone: str, count: int, seconds: float = SECONDS) -> bool:
        """Whether the device tried to send so many messages in time, accepted or not."""
        account = self._account(phone)
        return await self._network.until(lambda: account.tries >= count, seconds)

    async def accepted(self, account: str | None = None, recipient: str | None = None) -> list[Accepted]:
        return list(self._network.messages.ledger.find(account, recipient))

    async def until_accepted(
        self, count: int, account: str | None = None, recipient: str | None = None, seconds: float = SECONDS
    ) -> list[Accepted]:
        """As soon as there are so many, or what there is after that time."""
        ledger = self._network.messages.ledger
        await self._network.until(lambda: len(list(ledger.find(account, recipient))) >= count, seconds)
        return await self.accepted(account, recipient)

    async def duplicates(self, account: str | None = None, recipient: str | None = None) -> list[list[Accepted]]:
        """What a person got twice under different ids; the same id twice is one message."""
        return self._network.messages.ledger.duplicates(account, recipient)

    # Receipts

    async def deliver_at_once(self, delivers: bool | None, phone: str | None = None) -> None:
        """Whether contacts report what they get. For an account, None is as for all."""
        if phone is None:
            self._network.messages.delivers = bool(delivers)
        else:
            self._account(phone).delivers = delivers

    async def report(
        self, message_id: str, *kinds: ReceiptKind, by_lid: bool = False, at: float | None = None
    ) -> None:
        """Receipts from the recipient, in this order, also twice the same. KeyError if nothing has that id.

        A device that is offline gets them after its next login.
        """
        sent = self._network.messages.ledger.by_id(message_id).sent
        account = self._network.accounts.get(sent.account)
        recipient = lid_jid(sent.recipient) if by_lid else pn_jid(sent.recipient)
        for kind in kinds:
            await self._network.messages.report(account, message_id, recipient, kind, at)

    # Numbers

    async def take_off_whatsapp(self, *phones: str) -> None:
        self._network.numbers.absent.update(phones)

    async def put_on_whatsapp(self, *phones: str) -> None:
        self._network.numbers.absent.difference_update(phones)

    async def lid(self, phone: str) -> str:
        """The hidden identity that a number goes by."""
        return lid_of(phone)

    # What devices get

    async def incoming(
        self, phone: str, sender: str, content: Content, by_lid: bool = False, name: str = ""
    ) -> str:
        """A contact writes to the account. The message's id."""
        account = self._account(phone)
        return await self._network.messages.incoming(account, sender, content, by_lid=by_lid, name=name)

    async def typed_on_phone(self, phone: str, recipient: str, content: Content, by_lid: bool = False) -> str:
        """The account's owner writes on the phone itself. The message's id."""
        account = self._account(phone)
        return await self._network.messages.typed_on_phone(account, recipient, content, by_lid=by_lid)

    async def lose_session(self, phone: str, contact: str) -> None:
        """The contact's phone knows nothing of earlier messages with the account: it was restored, say."""
        self._network.peer(contact).forget(self._account(phone).address())

    async def receipts_of_devices(self) -> list[DeviceReceipt]:
        return self._network.receipts

    async def until_received(self, message_id: str, seconds: float = SECONDS) -> bool:
        """Whether a device reported in time that it has the message."""
        receipts = self._network.receipts
        return await self._network.until(lambda: any(each.message_id == message_id for each in receipts), seconds)

    # Files

    async def offer_file(self, kind: Kind, file: bytes, mime_type: str, file_name: str = "") -> Attachment:
        """For a Content that a contact sends."""
        return self._network.media.offer(kind, file, mime_type, file_name)

    async def uploaded_file(self, message_id: str) -> bytes:
        """What the recipient of this message sees. KeyError if it was never uploaded."""
        content = self._network.messages.ledger.by_id(message_id).sent.content
        if content.attachment is None:
            raise KeyError(f"message {message_id} has no file")
        return self._network.media.opened(content.kind, content.attachment)

    async def fail_media(self, fault: MediaFault | None, phone: str | None = None) -> None:
        if phone is None:
            self._network.media.fault = fault
        else:
            self._account(phone).media_fault = fault

    # Pairing

    async def scan(self, code: str, phone: str) -> None:
        """The phone reads a picture's text and links the device. PairingError says what its owner reads."""
        await self._network.pairings.scan(code, phone, self._network.peer(phone))

    async def enter_code(self, phone: str, code: str) -> None:
        """The phone's owner types the characters that the device shows. PairingError as above."""
        await self._network.pairings.enter_code(phone, code, self._network.peer(phone))

    async def refuse_linking(self, phone: str, refusal: Refusal | None) -> None:
        if refusal is None:
            self._network.pairings.refusals.pop(phone, None)
        else:
            self._network.pairings.refusals[phone] = refusal

    async def refuse_codes(self, code: int | None, text: str = "") -> None:
        """Devices that ask for a code of characters get this error: 429 rate-overlimit, 400 bad-request …"""
        self._network.pairings.code_error = None if code is None else RefusedError(code, text)

    async def spare_prekeys(self, spares: bool) -> None:
        """Whether devices that were just linked are told that enough one-time keys are here: it saves them seconds."""
        self._network.spares_prekeys = spares

    async def expire_codes(self) -> int:
        """As after 160 seconds; returns how many devices waited."""
        return await self._network.pairings.expire()

    def _account(self, phone: str) -> Account:
        return self._network.accounts.get(phone)

    def _rules(self, phone: str | None) -> MessageRules:
        return self._network.messages.rules if phone is None else self._account(phone).rules
