"""X3DH: two sides agree on a secret though one of them only left prekeys behind (signal.org/docs/specifications/x3dh).

Keys here are raw, 32 bytes; an identity signs its prekey as it goes over the wire, with the curve's byte before it.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.whatsapp_loopback.signal_wire import CURVE
from tests.whatsapp_loopback.xeddsa import KeyPair, verify

_NOT_A_CURVE_POINT = b"\xff" * 32
"""Stands before the secrets, so that they are never mistaken for a key of the signature scheme."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What someone leaves at the server so that others can begin to write to them."""

    registration_id: int
    identity_key: bytes
    signed_prekey_id: int
    signed_prekey: bytes
    signed_prekey_signature: bytes
    prekey_id: int | None
    prekey: bytes | None


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """The first root key, and the key of the first chain of messages."""

    root_key: bytes
    chain_key: bytes


class ForgedBundleError(Exception):
    """The prekey is not signed by the identity beside it."""


def begin(identity: KeyPair, base: KeyPair, bundle: Bundle) -> SharedSecret:
    """For who writes first. `base` is made for this session only."""
    if not verify(bundle.identity_key, CURVE + bundle.signed_prekey, bundle.signed_prekey_signature):
        raise ForgedBundleError(f"signed prekey {bundle.signed_prekey_id}")
    secrets = [
        identity.dh(bundle.signed_prekey),
        base.dh(bundle.identity_key),
        base.dh(bundle.signed_prekey),
    ]
    if bundle.prekey is not None:
        secrets.append(base.dh(bundle.prekey))
    return _derived(secrets)


def join(
    identity: KeyPair, signed_prekey: KeyPair, prekey: KeyPair | None, their_identity: bytes, their_base: bytes
) -> SharedSecret:
    """For who is written to: the same secret from the other halves of the keys."""
    secrets = [
        signed_prekey.dh(their_identity),
        identity.dh(their_base),
        signed_prekey.dh(their_base),
    ]
    if prekey is not None:
        secrets.append(prekey.dh(their_base))
    return _derived(secrets)


def _derived(secrets: list[bytes]) -> SharedSecret:
    keys = hkdf(b"".join([_NOT_A_CURVE_POINT, *secrets]), b"WhisperText", 64)
    return SharedSecret(keys[:32], keys[32:])


def hkdf(secret: bytes, info: bytes, length: int, salt: bytes | None = None) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
