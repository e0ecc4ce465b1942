"""Noise_XX_25519_AESGCM_SHA256, and the encrypted frames that follow it.

https://noiseprotocol.org/noise.html: this is its symmetric state; the prologue is the protocol's header.
"""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.whatsapp_loopback import protobuf
from tests.whatsapp_loopback.protobuf import Fields, NotProtobufError
from tests.whatsapp_loopback.xeddsa import KeyPair

HEADER = b"WA\x06\x03"
PROTOCOL = b"Noise_XX_25519_AESGCM_SHA256".ljust(32, b"\0")


class HandshakeError(Exception):
    """The other side does not speak Noise, or not with us."""


class SymmetricState:
    def __init__(self, prologue: bytes = HEADER) -> None:
        self._hash = self._chaining_key = self._key = PROTOCOL
        self._counter = 0
        self.mix_hash(prologue)

    def mix_hash(self, data: bytes) -> None:
        self._hash = hashlib.sha256(self._hash + data).digest()

    def mix_key(self, secret: bytes) -> None:
        self._chaining_key, self._key = _two_keys(self._chaining_key, secret)
        self._counter = 0

    def encrypt(self, plaintext: bytes) -> bytes:
        ciphertext = AESGCM(self._key).encrypt(_nonce(self._counter), plaintext, self._hash)
        self._counter += 1
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt(self, ciphertext: bytes) -> bytes:
        try:
            plaintext = AESGCM(self._key).decrypt(_nonce(self._counter), ciphertext, self._hash)
        except InvalidTag as error:
            raise HandshakeError("what the other side encrypted is not for this handshake") from error
        self._counter += 1
        self.mix_hash(ciphertext)
        return plaintext

    def split(self) -> tuple["FrameCipher", "FrameCipher"]:
        """For what the side that began sends, and for what it receives."""
        first, second = _two_keys(self._chaining_key, b"")
        return FrameCipher(first), FrameCipher(second)


class FrameCipher:
    """One direction of the connection."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._counter = 0

    def encrypt(self, plaintext: bytes) -> bytes:
        return self._cipher.encrypt(self._next(), plaintext, b"")

    def decrypt(self, ciphertext: bytes) -> bytes:
        try:
            return self._cipher.decrypt(self._next(), ciphertext, b"")
        except InvalidTag as error:
            raise HandshakeError("a frame is not the next one of this connection") from error

    def _next(self) -> bytes:
        self._counter += 1
        return _nonce(self._counter - 1)


@dataclass(frozen=True, slots=True)
class Greeted:
    """What a handshake ends with."""

    client_key: bytes
    payload: bytes
    incoming: FrameCipher
    outgoing: FrameCipher


class Responder:
    """The server's side: `hello` answers the client's first message, `finish` reads its second."""

    def __init__(self, static: KeyPair, certificate: bytes) -> None:
        self._static = static
        self._certificate = certificate
        self._state = SymmetricState()
        self._ephemeral = KeyPair.generate()

    def hello(self, message: bytes) -> bytes:
        state = self._state
        client = _required(message, 2, 1)
        state.mix_hash(client)
        state.mix_hash(self._ephemeral.public)
        state.mix_key(_agreed(self._ephemeral, client))
        static = state.encrypt(self._static.public)
        state.mix_key(_agreed(self._static, client))
        payload = state.encrypt(self._certificate)
        return protobuf.encode({3: {1: self._ephemeral.public, 2: static, 3: payload}})

    def finish(self, message: bytes) -> Greeted:
        state = self._state
        client_key = state.decrypt(_required(message, 4, 1))
        state.mix_key(_agreed(self._ephemeral, client_key))
        payload = state.decrypt(_required(message, 4, 2))
        incoming, outgoing = state.split()
        return Greeted(client_key, payload, incoming, outgoing)


def _required(message: bytes, *path: int) -> bytes:
    try:
        for number in path:
            message = Fields(message).required(number)
    except NotProtobufError as error:
        raise HandshakeError(str(error)) from error
    return message


def _agreed(ours: KeyPair, theirs: bytes) -> bytes:
    try:
        return ours.dh(theirs)
    except ValueError as error:
        raise HandshakeError("not a public key") from error


def _two_keys(salt: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """HKDF with SHA-256, 64 bytes, no info."""
    extracted = hmac.digest(salt, secret, "sha256")
    first = hmac.digest(extracted, b"\1", "sha256")
    return first, hmac.digest(extracted, first + b"\2", "sha256")


def _nonce(counter: int) -> bytes:
    return counter.to_bytes(12, "big")
