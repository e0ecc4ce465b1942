"""The phones at the other end: they hold the keys that the server of WhatsApp never sees."""

import hashlib
import os
from dataclasses import dataclass

from tests.whatsapp_loopback import x3dh
from tests.whatsapp_loopback.ratchet import RepeatedMessageError, Session
from tests.whatsapp_loopback.signal_wire import CURVE, PreKeySignalMessage, SignalMessage, UndecryptableError
from tests.whatsapp_loopback.x3dh import Bundle
from tests.whatsapp_loopback.xeddsa import KeyPair

SESSIONS_KEPT = 10
_SIGNED_PREKEY_ID = 1


class NoSessionError(UndecryptableError):
    """This peer and the other one never spoke, or this one forgot: who wrote has to begin again."""


@dataclass(frozen=True, slots=True)
class _Introduction:
    """What goes with each message of a session that we began, until the other side answers in it."""

    prekey_id: int | None
    signed_prekey_id: int


class Peer:
    """A contact's phone, or the phone that a device is linked to.

    Its keys follow from its number, so that a server that was started again has the same contacts. Those who write to
    it and whom it writes to go by any name; the name of one device should stay the same, whatever it is addressed by.
    """

    def __init__(self, phone: str) -> None:
        self.phone = phone
        self.identity = KeyPair.from_seed(f"identity of {phone}")
        self.registration_id = int.from_bytes(hashlib.sha256(phone.encode()).digest()[:2], "big") & 0x3FFF | 1
        self._signed_prekey = KeyPair.from_seed(f"signed prekey of {phone}")
        self._signature: bytes | None = None
        self._prekeys_given = 0
        self._prekeys_used: set[int] = set()
        self._sessions: dict[str, tuple[Session, ...]] = {}
        self._introductions: dict[bytes, _Introduction] = {}

    def bundle(self) -> Bundle:
        """With another one-time prekey each time."""
        self._signature = self._signature or self.identity.sign(CURVE + self._signed_prekey.public)
        self._prekeys_given += 1
        return Bundle(
            registration_id=self.registration_id,
            identity_key=self.identity.public,
            signed_prekey_id=_SIGNED_PREKEY_ID,
            signed_prekey=self._signed_prekey.public,
            signed_prekey_signature=self._signature,
            prekey_id=self._prekeys_given,
            prekey=self._prekey(self._prekeys_given).public,
        )

    def knows(self, recipient: str) -> bool:
        """Whether there is a session, and no bundle is needed to write."""
        return recipient in self._sessions

    def forget(self, other: str) -> None:
        """As after a restore from an old backup: the next message to them begins a new session."""
        self._sessions.pop(other, None)

    def decrypt(self, sender: str, kind: str, ciphertext: bytes) -> bytes:
        """The plaintext without its padding. Kind is `pkmsg` or `msg`. Raises UndecryptableError."""
        try:
            if kind == "pkmsg":
                return unpadded(self._opened(sender, PreKeySignalMessage.decoded(ciphertext)))
            if kind == "msg":
                return unpadded(self._read(sender, SignalMessage.decoded(ciphertext)))
        except ValueError as error:  # no protobuf, or a key that no secret can be agreed on with
            raise UndecryptableError(str(error)) from error
        raise UndecryptableError(f"messages of type {kind!r} are not for one person")

    def encrypt(self, recipient: str, bundle: Bundle | None, plaintext: bytes) -> tuple[str, bytes]:
        """Kind and ciphertext. The bundle is used if there is no session with the identity that it names."""
        session = next(iter(self._sessions.get(recipient, ())), None)
        if session is None or (bundle is not None and bundle.identity_key != session.their_identity):
            if bundle is None:
                raise NoSessionError(recipient)
            session = self._begun(bundle)
        session, message = session.encrypted(padded(plaintext))
        self._keep(recipient, session)
        introduction = self._introductions.get(session.base_key)
        if introduction is None:
            return "msg", message
        opening = PreKeySignalMessage(
            registration_id=self.registration_id,
            prekey_id=introduction.prekey_id,
            signed_prekey_id=introduction.signed_prekey_id,
            base_key=session.base_key,
            identity_key=self.identity.public,
            message=message,
        )
        return "pkmsg", opening.encoded()

    def _begun(self, bundle: Bundle) -> Session:
        base = KeyPair.generate()
        self._introductions[base.public] = _Introduction(bundle.prekey_id, bundle.signed_prekey_id)
        return Session.begun(
            base_key=base.public,
            ours=self.identity.public,
            theirs=bundle.identity_key,
            secret=x3dh.begin(self.identity, base, bundle),
            signed_prekey=bundle.signed_prekey,
        )

    def _opened(self, sender: str, opening: PreKeySignalMessage) -> bytes:
        message = SignalMessage.decoded(opening.message)
        if any(session.base_key == opening.base_key for session in self._sessions.get(sender, ())):
            return self._read(sender, message)
        if opening.signed_prekey_id != _SIGNED_PREKEY_ID:
            raise UndecryptableError(f"signed prekey {opening.signed_prekey_id} is none of this peer's")
        if opening.prekey_id in self._prekeys_used:
            raise RepeatedMessageError(f"prekey {opening.prekey_id} was used before")
        prekey = None if opening.prekey_id is None else self._prekey(opening.prekey_id)
        session = Session.joined(
            base_key=opening.base_key,
            ours=self.identity.public,
            theirs=opening.identity_key,
            secret=x3dh.join(self.identity, self._signed_prekey, prekey, opening.identity_key, opening.base_key),
            signed_prekey=self._signed_prekey,
        )
        session, plaintext = session.decrypted(message)
        if opening.prekey_id is not None:
            self._prekeys_used.add(opening.prekey_id)
        self._keep(sender, session)
        return plaintext

    def _read(self, sender: str, message: SignalMessage) -> bytes:
        """By whichever session it belongs to: when both sides begin at once there are two."""
        failure: UndecryptableError = NoSessionError(sender)
        for session in self._sessions.get(sender, ()):
            try:
                following, plaintext = session.decrypted(message)
            except UndecryptableError as error:
                failure = error if not isinstance(failure, RepeatedMessageError) else failure
                continue
            self._introductions.pop(following.base_key, None)
            self._keep(sender, following)
            return plaintext
        raise failure

    def _keep(self, other: str, session: Session) -> None:
        """The session used last comes first, and is the one to write in."""
        others = [each for each in self._sessions.get(other, ()) if each.base_key != session.base_key]
        self._sessions[other] = (session, *others)[:SESSIONS_KEPT]

    def _prekey(self, number: int) -> KeyPair:
        return KeyPair.from_seed(f"prekey {number} of {self.phone}")


def padded(plaintext: bytes) -> bytes:
    """WhatsApp hides the length of a text: 1 to 15 bytes more, each of which is their number."""
    length = os.urandom(1)[0] & 15 or 15
    return plaintext + bytes([length]) * length


def unpadded(plaintext: bytes) -> bytes:
    length = plaintext[-1] if plaintext else 0
    if not 0 < length <= min(len(plaintext), 16) or plaintext[-length:] != bytes([length]) * length:
        raise UndecryptableError("the text is not padded as WhatsApp does")
    return plaintext[:-length]
