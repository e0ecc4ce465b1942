"""Curve25519 key pairs that agree on secrets and sign: XEdDSA, as Signal specifies it.

https://signal.org/docs/specifications/xeddsa/ (section 2.3, curve25519). Verifying is plain Ed25519 after the public
key is carried over to the Edwards curve, so `cryptography` does it. Signing needs a scalar that no seed leads to,
which no library offers: a few lines of arithmetic, with a table of the base point's multiples that makes it fast.
"""

import hashlib
import os
from dataclasses import dataclass, field
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

SIGNATURE_LENGTH = 64

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_BASE_Y = 4 * pow(5, -1, _P) % _P
_BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_HASH_1 = b"\xfe" + b"\xff" * 31

_Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T: x = X/Z, y = Y/Z, xy = T/Z."""
_NEUTRAL: _Point = (0, 1, 1, 0)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Raw 32-byte keys; the private one is clamped."""

    private: bytes = field(repr=False)
    public: bytes

    @classmethod
    def generate(cls) -> "KeyPair":
        return cls.from_private(os.urandom(32))

    @classmethod
    def from_private(cls, private: bytes) -> "KeyPair":
        clamped = bytearray(private)
        clamped[0] &= 248
        clamped[31] = clamped[31] & 127 | 64
        key = X25519PrivateKey.from_private_bytes(bytes(clamped))
        return cls(bytes(clamped), key.public_key().public_bytes_raw())

    @classmethod
    def from_seed(cls, seed: str) -> "KeyPair":
        """The same pair each time."""
        return cls.from_private(hashlib.sha256(seed.encode()).digest())

    def dh(self, public: bytes) -> bytes:
        key = X25519PrivateKey.from_private_bytes(self.private)
        return key.exchange(X25519PublicKey.from_public_bytes(public))

    def sign(self, message: bytes) -> bytes:
        scalar = int.from_bytes(self.private, "little")
        public = _compressed(_times_base(scalar))
        sign_bit = public[31] & 0x80
        # Signal's own libraries sign with the scalar as it is and say in the signature which of the two points with
        # this u it belongs to; the specification would negate the scalar instead. What is verified is the same.
        nonce = _hashed_scalar(_HASH_1, self.private, message, os.urandom(64))
        commitment = _compressed(_times_base(nonce))
        answer = (nonce + _hashed_scalar(commitment, public, message) * scalar) % _ORDER
        signature = bytearray(commitment + answer.to_bytes(32, "little"))
        signature[63] |= sign_bit
        return bytes(signature)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of this (Curve25519) public key signed the message."""
    if len(signature) != SIGNATURE_LENGTH or len(public) != 32:
        return False
    u = int.from_bytes(public, "little") & ~(1 << 255)
    if (u + 1) % _P == 0:
        return False
    y = (u - 1) * pow(u + 1, -1, _P) % _P
    edwards = bytearray(y.to_bytes(32, "little"))
    edwards[31] |= signature[63] & 0x80
    plain = signature[:63] + bytes([signature[63] & 0x7F])
    try:
        Ed25519PublicKey.from_public_bytes(bytes(edwards)).verify(plain, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _hashed_scalar(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % _ORDER


def _sum(left: _Point, right: _Point) -> _Point:
    a = (left[1] - left[0]) * (right[1] - right[0])
    b = (left[1] + left[0]) * (right[1] + right[0])
    c = 2 * left[3] * right[3] % _P * _D
    d = 2 * left[2] * right[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


@cache
def _multiples() -> tuple[tuple[_Point, ...], ...]:
    """For each of a scalar's 64 half-bytes: the base point's multiples by 0 to 15 at that place."""
    place: _Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)
    table = []
    for _ in range(64):
        row = [_NEUTRAL]
        for _ in range(15):
            row.append(_sum(row[-1], place))
        table.append(tuple(row))
        place = _sum(row[-1], place)
    return tuple(table)


def _times_base(scalar: int) -> _Point:
    result = _NEUTRAL
    for row in _multiples():
        result = _sum(result, row[scalar & 15])
        scalar >>= 4
    return result


def _compressed(point: _Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")
