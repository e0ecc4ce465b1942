"""The double ratchet: every message has keys of its own, and none leads back to earlier ones.

https://signal.org/docs/specifications/doubleratchet/ with libsignal's choices: HMAC-SHA256 for the chains, AES-256-CBC
for the text. A session never changes: writing and reading give the session that follows, so that a message that turns
out to be forged leaves nothing behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from tests.whatsapp_loopback.signal_wire import (
    CURVE,
    MAC_LENGTH,
    SignalMessage,
    UndecryptableError,
    signal_message_body,
)
from tests.whatsapp_loopback.x3dh import SharedSecret, hkdf
from tests.whatsapp_loopback.xeddsa import KeyPair

MOST_AHEAD = 2000
"""How many messages of a chain may be missing when a later one comes (libsignal's figure)."""
CHAINS_KEPT = 5
"""How many of the other side's former chains can still be read."""


class RepeatedMessageError(UndecryptableError):
    """The keys of this message were used, or thrown away with its chain."""


@dataclass(frozen=True, slots=True)
class MessageKeys:
    cipher_key: bytes = field(repr=False)
    mac_key: bytes = field(repr=False)
    iv: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """One side's messages between two turns of the conversation; `index` is the number of the next one."""

    key: bytes = field(repr=False)
    index: int = 0

    def message_keys(self) -> MessageKeys:
        keys = hkdf(hmac(self.key, b"\x01"), b"WhisperMessageKeys", 80)
        return MessageKeys(keys[:32], keys[32:64], keys[64:])

    def next(self) -> "Chain":
        return Chain(hmac(self.key, b"\x02"), self.index + 1)


@dataclass(frozen=True, slots=True)
class ReceivingChain:
    ratchet_key: bytes
    chain: Chain
    skipped: Mapping[int, MessageKeys] = field(default_factory=dict, repr=False)

    def keys_of(self, counter: int) -> tuple["ReceivingChain", MessageKeys]:
        if counter < self.chain.index:
            if counter not in self.skipped:
                raise RepeatedMessageError(f"message {counter} was read before")
            rest = {index: keys for index, keys in self.skipped.items() if index != counter}
            return replace(self, skipped=rest), self.skipped[counter]
        if counter - self.chain.index > MOST_AHEAD:
            raise UndecryptableError(f"message {counter} is too far ahead of {self.chain.index}")
        chain, skipped = self.chain, dict(self.skipped)
        while chain.index < counter:
            skipped[chain.index] = chain.message_keys()
            chain = chain.next()
        kept = dict(list(skipped.items())[-MOST_AHEAD:])
        return replace(self, chain=chain.next(), skipped=kept), chain.message_keys()


@dataclass(frozen=True, slots=True)
class Session:
    """What one side knows. `base_key` is the initiator's, and tells sessions of the same two sides apart."""

    base_key: bytes
    our_identity: bytes
    their_identity: bytes
    root_key: bytes = field(repr=False)
    ratchet: KeyPair
    sending: Chain
    previous_counter: int = 0
    receiving: tuple[ReceivingChain, ...] = ()

    @classmethod
    def begun(
        cls, *, base_key: bytes, ours: bytes, theirs: bytes, secret: SharedSecret, signed_prekey: bytes
    ) -> "Session":
        """Of who writes first; the recipient's signed prekey is their first ratchet key."""
        ratchet = KeyPair.generate()
        root_key, sending = _turned(secret.root_key, ratchet.dh(signed_prekey))
        first = ReceivingChain(signed_prekey, Chain(secret.chain_key))
        return cls(base_key, ours, theirs, root_key, ratchet, sending, receiving=(first,))

    @classmethod
    def joined(
        cls, *, base_key: bytes, ours: bytes, theirs: bytes, secret: SharedSecret, signed_prekey: KeyPair
    ) -> "Session":
        """Of who is written to."""
        return cls(base_key, ours, theirs, secret.root_key, signed_prekey, Chain(secret.chain_key))

    def encrypted(self, plaintext: bytes) -> tuple["Session", bytes]:
        keys = self.sending.message_keys()
        padder = PKCS7(AES.block_size).padder()
        encryptor = Cipher(AES(keys.cipher_key), CBC(keys.iv)).encryptor()
        ciphertext = encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()
        body = signal_message_body(self.ratchet.public, self.sending.index, self.previous_counter, ciphertext)
        mac = _mac(keys, self.our_identity, self.their_identity, body)
        return replace(self, sending=self.sending.next()), body + mac

    def decrypted(self, message: SignalMessage) -> tuple["Session", bytes]:
        session, chain = self._hearing(message.ratchet_key)
        heard, keys = chain.keys_of(message.counter)
        if not bytes_eq(message.mac, _mac(keys, self.their_identity, self.our_identity, message.body)):
            raise UndecryptableError("the message's MAC is wrong")
        decryptor = Cipher(AES(keys.cipher_key), CBC(keys.iv)).decryptor()
        unpadder = PKCS7(AES.block_size).unpadder()
        padded = decryptor.update(message.ciphertext) + decryptor.finalize()
        plaintext = unpadder.update(padded) + unpadder.finalize()
        chains = tuple(heard if each is chain else each for each in session.receiving)
        return replace(session, receiving=chains), plaintext

    def _hearing(self, ratchet_key: bytes) -> tuple["Session", ReceivingChain]:
        """With the chain that this ratchet key began; if it is new, our own turn ends with it."""
        for chain in self.receiving:
            if chain.ratchet_key == ratchet_key:
                return self, chain
        root_key, chain_of_theirs = _turned(self.root_key, self.ratchet.dh(ratchet_key))
        ratchet = KeyPair.generate()
        root_key, sending = _turned(root_key, ratchet.dh(ratchet_key))
        chain = ReceivingChain(ratchet_key, chain_of_theirs)
        session = replace(
            self,
            root_key=root_key,
            ratchet=ratchet,
            sending=sending,
            previous_counter=max(self.sending.index - 1, 0),
            receiving=(*self.receiving, chain)[-CHAINS_KEPT:],
        )
        return session, chain


def hmac(key: bytes, data: bytes) -> bytes:
    mac = HMAC(key, SHA256())
    mac.update(data)
    return mac.finalize()


def _turned(root_key: bytes, secret: bytes) -> tuple[bytes, Chain]:
    keys = hkdf(secret, b"WhisperRatchet", 64, salt=root_key)
    return keys[:32], Chain(keys[32:])


def _mac(keys: MessageKeys, sender: bytes, recipient: bytes, body: bytes) -> bytes:
    return hmac(keys.mac_key, CURVE + sender + CURVE + recipient + body)[:MAC_LENGTH]
