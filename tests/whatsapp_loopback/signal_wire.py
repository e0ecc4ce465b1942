"""Signal's two messages as they look on the wire, version 3: a version byte, a protobuf, and for one of them a MAC.

https://signal.org/docs/specifications/doubleratchet/ gives the idea, libsignal's `WhisperTextProtocol.proto` the
numbers of the fields. Public keys have one byte before them that names the curve.
"""

from dataclasses import dataclass

from tests.whatsapp_loopback import protobuf

CURVE = b"\x05"
MAC_LENGTH = 8
_VERSION = b"\x33"
"""What is used and what is known at most: both 3."""


class UndecryptableError(Exception):
    """The message is no message for this peer, or no longer whole."""


@dataclass(frozen=True, slots=True)
class SignalMessage:
    """A message of a session that both sides have. The MAC proves `body`, which is all that stands before it."""

    ratchet_key: bytes
    counter: int
    ciphertext: bytes
    body: bytes
    mac: bytes

    @classmethod
    def decoded(cls, data: bytes) -> "SignalMessage":
        body, mac = data[:-MAC_LENGTH], data[-MAC_LENGTH:]
        fields = _fields(body)
        return cls(_public(fields.required(1)), _number(fields, 2), fields.required(4), body, mac)


def signal_message_body(ratchet_key: bytes, counter: int, previous_counter: int, ciphertext: bytes) -> bytes:
    """A SignalMessage as it is before its MAC."""
    return _VERSION + protobuf.encode({1: CURVE + ratchet_key, 2: counter, 3: previous_counter, 4: ciphertext})


@dataclass(frozen=True, slots=True)
class PreKeySignalMessage:
    """A message that begins a session: which prekeys of the recipient it was made with, and the first message."""

    registration_id: int
    prekey_id: int | None
    signed_prekey_id: int
    base_key: bytes
    identity_key: bytes
    message: bytes

    def encoded(self) -> bytes:
        return _VERSION + protobuf.encode(
            {
                5: self.registration_id,
                1: self.prekey_id,
                6: self.signed_prekey_id,
                2: CURVE + self.base_key,
                3: CURVE + self.identity_key,
                4: self.message,
            }
        )

    @classmethod
    def decoded(cls, data: bytes) -> "PreKeySignalMessage":
        fields = _fields(data)
        return cls(
            registration_id=_number(fields, 5),
            prekey_id=fields.integer(1),
            signed_prekey_id=_number(fields, 6),
            base_key=_public(fields.required(2)),
            identity_key=_public(fields.required(3)),
            message=fields.required(4),
        )


def _fields(data: bytes) -> protobuf.Fields:
    if data[:1] != _VERSION:
        raise UndecryptableError(f"version {data[:1].hex()} of the protocol")
    return protobuf.Fields(data[1:])


def _number(fields: protobuf.Fields, number: int) -> int:
    found = fields.integer(number)
    if found is None:
        raise UndecryptableError(f"field {number} is missing")
    return found


def _public(key: bytes) -> bytes:
    if len(key) != 33 or key[:1] != CURVE:
        raise UndecryptableError("a public key of another curve")
    return key[1:]
