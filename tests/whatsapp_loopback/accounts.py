"""WhatsApp accounts as the server knows them, by phone number, each with the device that is linked to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from tests.whatsapp_loopback.behaviour import LoginFailure, MediaFault, MessageRules, StreamError
from tests.whatsapp_loopback.device_keys import DeviceKeys
from tests.whatsapp_loopback.nodes import Jid, Node
from tests.whatsapp_loopback.numbers import lid_jid, pn_jid
from tests.whatsapp_loopback.outbox import Outbox, late
from tests.whatsapp_loopback.x3dh import Bundle


class Link(Protocol):
    """A connection that a device is logged in on."""

    async def send(self, node: Node) -> None: ...
    async def farewell(self, last_word: Node) -> None: ...
    def reset(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Registration:
    """What a device says of itself when it asks to be linked."""

    registration_id: int
    identity_key: bytes
    signed_prekey_id: int
    signed_prekey: bytes
    signed_prekey_signature: bytes


@dataclass(slots=True)
class Device:
    number: int
    noise_key: bytes
    """Public; it logs in with it."""
    registration: Registration
    prekeys: dict[int, bytes] = field(default_factory=dict)
    """Public one-time keys that it left here, by id."""

    def bundle(self) -> Bundle:
        """For somebody who writes to it; a one-time key is given out once."""
        prekey_id = next(iter(self.prekeys), None)
        prekey = None if prekey_id is None else self.prekeys.pop(prekey_id)
        left = self.registration
        return Bundle(
            registration_id=left.registration_id,
            identity_key=left.identity_key,
            signed_prekey_id=left.signed_prekey_id,
            signed_prekey=left.signed_prekey,
            signed_prekey_signature=left.signed_prekey_signature,
            prekey_id=prekey_id,
            prekey=prekey,
        )


@dataclass(slots=True)
class Account:
    phone: str
    device: Device | None = None
    """One at a time: to link another takes the first one off."""
    link: Link | None = None
    logins: int = 0
    linked: int = 0
    """How many devices were linked so far."""
    outbox: Outbox = field(default_factory=Outbox)
    rules: MessageRules = field(default_factory=MessageRules)
    refusal: LoginFailure | None = None
    media_fault: MediaFault | None = None
    frozen: bool = False
    """Nothing that the device says is heard."""
    tries: int = 0
    """Messages that its device sent, accepted or not."""
    uploads: int = 0
    delivers: bool | None = None
    """Whether messages are reported as delivered at once; None: as the server does for all."""

    @property
    def jid(self) -> Jid:
        return pn_jid(self.phone, self.device.number if self.device else 0)

    @property
    def lid(self) -> Jid:
        return lid_jid(self.phone, self.device.number if self.device else 0)

    def address(self) -> str:
        """By which name the contacts' sessions know the device, whatever it is addressed by."""
        return str(self.jid)

    async def end(self, error: StreamError) -> None:
        """Ends its connection with a word. LookupError if it is not online."""
        link, self.link = self.link, None
        if link is None:
            raise LookupError(f"{self.phone} is not online")
        await link.farewell(stream_error(error))

    async def unlink(self) -> None:
        """Its owner takes the device off, on the phone."""
        self.device = None
        self.outbox.clear()
        if self.link:
            await self.end(StreamError.DEVICE_REMOVED)

    async def deliver(self, node: Node) -> None:
        """At once, or after the next login; until the device acknowledges it."""
        self.outbox.add(node)
        if self.link:
            await self.link.send(node)

    async def hand_over(self, link: Link) -> None:
        """What waited. The device learns first how much there is, as from the real server."""
        waiting = list(self.outbox)
        counts = {tag: str(self.outbox.counted(tag)) for tag in ("message", "notification", "receipt")}
        preview = Node("offline_preview", {"count": str(len(waiting)), "appdata": "0", **counts})
        await link.send(Node("ib", content=(preview,)))
        for node in waiting:
            await link.send(late(node))
        await link.send(Node("ib", content=(Node("offline", {"count": str(len(waiting))}),)))


class Accounts:
    def __init__(self) -> None:
        self._by_phone: dict[str, Account] = {}

    def __iter__(self) -> Iterator[Account]:
        return iter(list(self._by_phone.values()))

    def get(self, phone: str) -> Account:
        """Every number may have an account; one that is new has no device yet."""
        return self._by_phone.setdefault(phone, Account(phone))

    def seed(self, phone: str) -> Account:
        """As if the device whose keys follow from the number had been linked some day."""
        keys = DeviceKeys.of(phone)
        registration = Registration(
            registration_id=keys.registration_id,
            identity_key=keys.identity.public,
            signed_prekey_id=keys.signed_prekey_id,
            signed_prekey=keys.signed_prekey.public,
            signed_prekey_signature=keys.signed_prekey_signature,
        )
        account = self.get(phone)
        prekeys = {number: key.public for number, key in keys.prekeys.items()}
        account.device = Device(DeviceKeys.NUMBER, keys.noise.public, registration, prekeys)
        account.linked = max(account.linked, DeviceKeys.NUMBER)
        return account

    async def link(self, phone: str, noise_key: bytes, registration: Registration) -> Account:
        account = self.get(phone)
        await account.unlink()
        account.linked += 1
        account.device = Device(account.linked, noise_key, registration)
        return account


def stream_error(error: StreamError) -> Node:
    match error:
        case StreamError.REPLACED:
            return Node("stream:error", content=(Node("conflict", {"type": "replaced"}),))
        case StreamError.DEVICE_REMOVED:
            conflict = Node("conflict", {"type": "device_removed"})
            return Node("stream:error", {"code": "401"}, (conflict,))
    return Node("stream:error", {"code": error.value})
