"""The secrets of a device that was never paired: both sides work them out from its number.

So that a store can be written for a device in one process, and its login be accepted in another.
"""

import time
from dataclasses import dataclass
from typing import ClassVar

from tests.whatsapp_loopback import protobuf
from tests.whatsapp_loopback.signal_wire import CURVE
from tests.whatsapp_loopback.xeddsa import KeyPair

ACCOUNT_SIGNS, DEVICE_SIGNS = b"\x06\x00", b"\x06\x01"


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    NUMBER: ClassVar[int] = 1
    """Which device of its account it is."""
    PREKEYS: ClassVar[int] = 10
    """One-time keys left at the server. With fewer than 5 the library first makes 812, which takes it seconds."""

    registration_id: int
    noise: KeyPair
    identity: KeyPair
    signed_prekey_id: int
    signed_prekey: KeyPair
    signed_prekey_signature: bytes
    adv_secret: bytes
    prekeys: dict[int, KeyPair]
    """By id."""

    @classmethod
    def of(cls, phone: str) -> "DeviceKeys":
        identity = KeyPair.from_seed(f"device of {phone}: identity")
        signed_prekey = KeyPair.from_seed(f"device of {phone}: signed prekey")
        return cls(
            registration_id=int(phone[-4:]) + 1,
            noise=KeyPair.from_seed(f"device of {phone}: noise"),
            identity=identity,
            signed_prekey_id=1,
            signed_prekey=signed_prekey,
            signed_prekey_signature=identity.sign(CURVE + signed_prekey.public),
            adv_secret=KeyPair.from_seed(f"device of {phone}: adv").private,
            prekeys={
                number: KeyPair.from_seed(f"device of {phone}: prekey {number}")
                for number in range(1, cls.PREKEYS + 1)
            },
        )


@dataclass(frozen=True, slots=True)
class SignedIdentity:
    """The account's word that a device is its own: what the phone hands over at the end of pairing."""

    details: bytes
    account_key: bytes
    account_signature: bytes

    @classmethod
    def sign(cls, account: KeyPair, device_identity: bytes, number: int) -> "SignedIdentity":
        details = protobuf.encode({1: number, 2: int(time.time()), 3: number})
        return cls(details, account.public, account.sign(ACCOUNT_SIGNS + details + device_identity))

    def encoded(self) -> bytes:
        return protobuf.encode({1: self.details, 2: self.account_key, 3: self.account_signature})

    def device_signs(self, device_identity: bytes) -> bytes:
        """What the device signs in its turn."""
        return DEVICE_SIGNS + self.details + device_identity + self.account_key
