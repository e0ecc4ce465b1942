"""How WhatsApp wraps files: what lies on its media servers is of use only to who has the key from the message.

From the media key HKDF gives an initial vector, a key for AES-256-CBC and one for the MAC; each kind of file has its
own word for that. Ten bytes of the MAC stand behind the ciphertext. (Seen in whatsmeow, `download.go` and `upload.go`.)
"""

import hashlib
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.padding import PKCS7

from tests.whatsapp_loopback.contents import Kind
from tests.whatsapp_loopback.ratchet import hmac
from tests.whatsapp_loopback.x3dh import hkdf

MAC_LENGTH = 10
_WORDS = {
    Kind.IMAGE: b"WhatsApp Image Keys",
    Kind.STICKER: b"WhatsApp Image Keys",
    Kind.VIDEO: b"WhatsApp Video Keys",
    Kind.AUDIO: b"WhatsApp Audio Keys",
    Kind.DOCUMENT: b"WhatsApp Document Keys",
}


class DamagedMediaError(Exception):
    """The file is not what was wrapped with this key, or was wrapped as another kind."""


@dataclass(frozen=True, slots=True)
class WrappedFile:
    """What goes to the media server, and what the message has to say of it. Checksums are SHA-256."""

    data: bytes = field(repr=False)
    key: bytes = field(repr=False)
    sha256: bytes
    wrapped_sha256: bytes
    length: int


def wrapped(kind: Kind, file: bytes) -> WrappedFile:
    key = os.urandom(32)
    iv, cipher_key, mac_key = _keys(kind, key)
    padder = PKCS7(AES.block_size).padder()
    encryptor = Cipher(AES(cipher_key), CBC(iv)).encryptor()
    ciphertext = encryptor.update(padder.update(file) + padder.finalize()) + encryptor.finalize()
    data = ciphertext + hmac(mac_key, iv + ciphertext)[:MAC_LENGTH]
    return WrappedFile(data, key, hashlib.sha256(file).digest(), hashlib.sha256(data).digest(), len(file))


def unwrapped(kind: Kind, key: bytes, data: bytes) -> bytes:
    iv, cipher_key, mac_key = _keys(kind, key)
    ciphertext, mac = data[:-MAC_LENGTH], data[-MAC_LENGTH:]
    if not bytes_eq(mac, hmac(mac_key, iv + ciphertext)[:MAC_LENGTH]):
        raise DamagedMediaError(f"the MAC of this {kind} is wrong")
    decryptor = Cipher(AES(cipher_key), CBC(iv)).decryptor()
    unpadder = PKCS7(AES.block_size).unpadder()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()


def _keys(kind: Kind, key: bytes) -> tuple[bytes, bytes, bytes]:
    if kind not in _WORDS:
        raise ValueError(f"a {kind} has no file")
    keys = hkdf(key, _WORDS[kind], 112)
    return keys[:16], keys[16:48], keys[48:80]
