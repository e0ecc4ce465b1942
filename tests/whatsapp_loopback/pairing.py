"""Linking devices: the server's part, between a device that shows a code and a phone that reads it."""

import asyncio
import itertools
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tests.whatsapp_loopback.accounts import Account, Accounts, Registration, stream_error
from tests.whatsapp_loopback.behaviour import StreamError
from tests.whatsapp_loopback.device_keys import SignedIdentity
from tests.whatsapp_loopback.iq import RefusedError
from tests.whatsapp_loopback.nodes import SERVER, Node
from tests.whatsapp_loopback.numbers import lid_jid, pn_jid
from tests.whatsapp_loopback.peers import Peer
from tests.whatsapp_loopback.phone import CodeEntry, PairingError, QrCode, WrongCodeError, device_identity
from tests.whatsapp_loopback.protobuf import Fields
from tests.whatsapp_loopback.xeddsa import verify

CODES_SHOWN = 6
"""References given out at once: the device shows the first for 60 seconds and each further one for 20."""
CODES_SECONDS = 60 + (CODES_SHOWN - 1) * 20
MOST_WRONG_CODES = 5
_ANSWER_SECONDS = 20
PLATFORM = "android"


class ExpiredCodeError(PairingError):
    """No device that waits shows this code any more."""


class TooManyTriesError(PairingError):
    """This phone entered too many wrong codes."""


class PhoneRefusedError(PairingError):
    """The phone's own server does not let it link a device now."""


class PasskeyRequiredError(PairingError):
    """The account asks for a passkey, which the device has to show before it is linked."""


class Refusal(StrEnum):
    """Why an account cannot link a device though the code is right."""

    RATE_LIMITED = "rate_limited"
    TOO_MANY_DEVICES = "too_many_devices"
    PASSKEY = "passkey"


REFUSED_WITH = {
    Refusal.RATE_LIMITED: "Can't link new devices right now. Try again later",
    Refusal.TOO_MANY_DEVICES: "You can link up to 4 devices",
}
PASSKEY_OPTIONS = b'{"challenge":"bG9vcGJhY2s","rpId":"whatsapp.com","allowCredentials":[],"timeout":60000}'


class Companion(Protocol):
    """A connection on which nobody is logged in yet."""

    noise_key: bytes

    async def send(self, node: Node) -> None: ...
    async def ask(self, node: Node, seconds: float) -> Node: ...
    async def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class Waiting:
    """A device that shows its codes."""

    companion: Companion
    registration: Registration
    references: frozenset[str]
    code_for: str | None = None
    """The phone that it asked an eight-character code for."""
    code_reference: str = ""
    wrapped_key: bytes = b""
    answered: "asyncio.Future[tuple[bytes, bytes]] | None" = None
    """What the device answers a phone that entered its code with: sealed keys, and its identity."""


@dataclass(slots=True)
class Pairings:
    accounts: Accounts
    refusals: dict[str, Refusal] = field(default_factory=dict)
    """By phone."""
    code_error: RefusedError | None = None
    """What a device gets that asks for an eight-character code."""
    _waiting: list[Waiting] = field(default_factory=list)
    _wrong_codes: dict[str, int] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def offer(self, companion: Companion, registration: Registration) -> Waiting:
        references = [f"2@{secrets.token_urlsafe(48)}" for _ in range(CODES_SHOWN)]
        waiting = Waiting(companion, registration, frozenset(references))
        self._waiting.append(waiting)
        content = tuple(Node("ref", content=reference.encode()) for reference in references)
        await companion.send(self._request(Node("pair-device", content=content)))
        return waiting

    def gone(self, waiting: Waiting) -> None:
        """It was linked, or went away, or its codes ran out."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    async def expire(self) -> int:
        """As after 160 seconds: the codes are worth nothing, and the server hangs up. How many devices waited."""
        expired, self._waiting = self._waiting, []
        for waiting in expired:
            await waiting.companion.close()
        return len(expired)

    async def scan(self, text: str, phone: str, peer: Peer) -> Account:
        """A phone reads the picture. The device is linked when this returns, and about to log in."""
        code = QrCode.parse(text)
        found = [
            waiting
            for waiting in self._waiting
            if code.reference in waiting.references and code.noise_key == waiting.companion.noise_key
        ]
        if not found:
            raise ExpiredCodeError("The code is no longer valid. Show a new one and scan again")
        await self._may_link(found[0], phone)
        return await self._link(found[0], phone, peer, code.adv_secret)

    def ask_for_code(self, waiting: Waiting, question: Node) -> Node:
        """A device wants to be linked by the characters that it shows. Returns what it is answered."""
        if self.code_error:
            raise self.code_error
        hello = question.child("link_code_companion_reg")
        if hello is None:
            raise RefusedError(400, "bad-request")
        waiting.code_for = hello.jid("jid").user
        waiting.wrapped_key = hello.data("link_code_pairing_wrapped_companion_ephemeral_pub")
        waiting.code_reference = secrets.token_urlsafe(24)
        reference = Node("link_code_pairing_ref", content=waiting.code_reference.encode())
        return Node("link_code_companion_reg", {"stage": "companion_hello"}, (reference,))

    def finish_code(self, waiting: Waiting, question: Node) -> None:
        """The device answers the phone that entered its code."""
        finish = question.child("link_code_companion_reg")
        if finish and waiting.answered and not waiting.answered.done():
            bundle = finish.data("link_code_pairing_wrapped_key_bundle")
            waiting.answered.set_result((bundle, finish.data("companion_identity_public")))

    async def enter_code(self, phone: str, code: str, peer: Peer) -> Account:
        """A phone's owner types the characters. The device is linked when this returns, and about to log in."""
        found = [waiting for waiting in self._waiting if waiting.code_for == phone]
        if not found:
            raise ExpiredCodeError("No device waits for a code of this number")
        if self._wrong_codes.get(phone, 0) >= MOST_WRONG_CODES:
            raise TooManyTriesError("Too many wrong codes. Try again later")
        waiting = found[-1]
        await self._may_link(waiting, phone)
        try:
            adv_secret = await self._secret_by_code(waiting, code, peer)
        except WrongCodeError:
            self._wrong_codes[phone] = self._wrong_codes.get(phone, 0) + 1
            raise
        self._wrong_codes.pop(phone, None)
        return await self._link(waiting, phone, peer, adv_secret)

    async def _secret_by_code(self, waiting: Waiting, code: str, peer: Peer) -> bytes:
        entry = await asyncio.to_thread(CodeEntry.begin, peer.identity, code, waiting.wrapped_key)
        waiting.answered = asyncio.get_running_loop().create_future()
        content = (
            Node("link_code_pairing_wrapped_primary_ephemeral_pub", content=entry.wrapped),
            Node("primary_identity_pub", content=peer.identity.public),
            Node("link_code_pairing_ref", content=waiting.code_reference.encode()),
        )
        hello = Node("link_code_companion_reg", {"stage": "primary_hello"}, content)
        await waiting.companion.send(self._notification("link_code_companion_reg", hello))
        async with asyncio.timeout(_ANSWER_SECONDS):
            bundle, identity = await waiting.answered
        return entry.adv_secret(bundle, identity)

    async def _may_link(self, waiting: Waiting, phone: str) -> None:
        refusal = self.refusals.get(phone)
        if refusal is Refusal.PASSKEY:
            options = Node("passkey_request_options", content=PASSKEY_OPTIONS)
            await waiting.companion.send(self._notification("passkey_prologue_request", options))
            raise PasskeyRequiredError("Confirm with your passkey on the device that you are linking")
        if refusal:
            raise PhoneRefusedError(REFUSED_WITH[refusal])

    async def _link(self, waiting: Waiting, phone: str, peer: Peer, adv_secret: bytes) -> Account:
        companion, registration = waiting.companion, waiting.registration
        number = self.accounts.get(phone).linked + 1
        container = device_identity(peer.identity, registration.identity_key, adv_secret, number)
        content = (
            Node("device-identity", content=container),
            Node("device", {"jid": pn_jid(phone, number), "lid": lid_jid(phone, number)}),
            Node("platform", {"name": PLATFORM}),
        )
        answer = await companion.ask(self._request(Node("pair-success", content=content)), _ANSWER_SECONDS)
        if error := answer.child("error"):
            raise PairingError(f"The device would not be linked: {error.text('code')} {error.text('text')}")
        _check_signature(container, registration.identity_key, answer.data("pair-device-sign", "device-identity"))
        account = await self.accounts.link(phone, companion.noise_key, registration)
        self.gone(waiting)
        await companion.send(stream_error(StreamError.RESTART))
        return account

    def _request(self, content: Node) -> Node:
        number = f"pairing-{next(self._numbers)}"
        return Node("iq", {"from": SERVER, "type": "set", "id": number, "xmlns": "md"}, (content,))

    def _notification(self, kind: str, content: Node) -> Node:
        number = f"pairing-{next(self._numbers)}"
        return Node("notification", {"from": SERVER, "type": kind, "id": number, "t": "1"}, (content,))


def _check_signature(container: bytes, device_key: bytes, answered: bytes) -> None:
    signed = Fields(Fields(container).required(1))
    identity = SignedIdentity(signed.required(1), signed.required(2), signed.required(3))
    signature = Fields(answered).octets(4) or b""
    if not verify(device_key, identity.device_signs(device_key), signature):
        raise PairingError("The device did not sign that it belongs to the account")
