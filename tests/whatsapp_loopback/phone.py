"""The phone's part in linking a device: what happens behind the camera, and behind the eight characters."""

import base64
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from tests.whatsapp_loopback import protobuf
from tests.whatsapp_loopback.device_keys import SignedIdentity
from tests.whatsapp_loopback.ratchet import hmac
from tests.whatsapp_loopback.xeddsa import KeyPair

_CODE_ITERATIONS = 2 << 16
_WRAPPED_LENGTH = 80


class PairingError(Exception):
    """The phone says no; the text is what its owner reads."""


class UnreadableQrError(PairingError):
    """Not a code of WhatsApp."""


class WrongCodeError(PairingError):
    """The eight characters are not those that the device shows."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """What the picture says: reference,noise key,identity key,secret[,kind of client]."""

    reference: str
    noise_key: bytes
    identity_key: bytes
    adv_secret: bytes

    @classmethod
    def parse(cls, text: str) -> "QrCode":
        try:
            reference, noise_key, identity_key, adv_secret, *_ = text.rpartition("#")[2].split(",")
            keys = [base64.b64decode(key, validate=True) for key in (noise_key, identity_key, adv_secret)]
        except ValueError as error:
            raise UnreadableQrError("This is not a code of WhatsApp") from error
        return cls(reference, *keys)


def device_identity(account: KeyPair, companion_identity: bytes, adv_secret: bytes, number: int) -> bytes:
    """What the phone hands the device: that it belongs to the account, sealed with the secret that only they know."""
    signed = SignedIdentity.sign(account, companion_identity, number).encoded()
    return protobuf.encode({1: signed, 2: hmac(adv_secret, signed)})


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One try to link with a code: `wrapped` goes to the device, whose answer `adv_secret` opens."""

    wrapped: bytes
    account: KeyPair
    _shared: bytes

    @classmethod
    def begin(cls, account: KeyPair, code: str, wrapped_companion_key: bytes) -> "CodeEntry":
        """With the key that the device wrapped with the code that it shows. A wrong code gives a wrong key."""
        code = code.replace("-", "").upper()
        salt, iv, hidden = _unpacked(wrapped_companion_key)
        companion = _hidden(code, salt, iv, hidden)
        ours = KeyPair.generate()
        salt, iv = os.urandom(32), os.urandom(16)
        return cls(salt + iv + _hidden(code, salt, iv, ours.public), account, ours.dh(companion))

    def adv_secret(self, key_bundle: bytes, companion_identity: bytes) -> bytes:
        """The secret that seals the device's identity later. Raises WrongCodeError."""
        salt, nonce, sealed = key_bundle[:32], key_bundle[32:44], key_bundle[44:]
        key = _derived(self._shared, salt, b"link_code_pairing_key_bundle_encryption_key")
        try:
            bundle = AESGCM(key).decrypt(nonce, sealed, None)
        except InvalidTag as error:
            raise WrongCodeError("The code is not the one that the device shows") from error
        if bundle[:64] != companion_identity + self.account.public:
            raise WrongCodeError("The device that answered is another one")
        agreed = self._shared + self.account.dh(companion_identity) + bundle[64:]
        return _derived(agreed, b"", b"adv_secret")


def _unpacked(wrapped: bytes) -> tuple[bytes, bytes, bytes]:
    if len(wrapped) != _WRAPPED_LENGTH:
        raise PairingError("The device sent no key")
    return wrapped[:32], wrapped[32:48], wrapped[48:]


def _hidden(code: str, salt: bytes, iv: bytes, key: bytes) -> bytes:
    """A key behind the code; the same hides and shows."""
    stretched = PBKDF2HMAC(SHA256(), 32, salt, _CODE_ITERATIONS).derive(code.encode())
    return Cipher(AES(stretched), CTR(iv)).encryptor().update(key)


def _derived(secret: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt or None, purpose).derive(secret)
