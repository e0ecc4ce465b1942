"""Who this server is: the keys that it proves itself with in the Noise handshake.

The real ones are signed by a key that is built into each client. Ours hang on `ROOT`, which `root_key` puts in the
place of the built-in one.
"""

import time
from functools import cache

from tests.whatsapp_loopback import protobuf
from tests.whatsapp_loopback.xeddsa import KeyPair

ROOT = KeyPair.from_seed("loopback root")
INTERMEDIATE = KeyPair.from_seed("loopback intermediate")
STATIC = KeyPair.from_seed("loopback server")

_VALID_SECONDS = 30 * 24 * 3600


@cache
def certificate() -> bytes:
    """The chain from ROOT to STATIC; signed once, because every login shows it."""
    intermediate = _details(serial=1, issuer=0, key=INTERMEDIATE.public)
    leaf = _details(serial=2, issuer=1, key=STATIC.public)
    return protobuf.encode(
        {1: {1: leaf, 2: INTERMEDIATE.sign(leaf)}, 2: {1: intermediate, 2: ROOT.sign(intermediate)}}
    )


def _details(*, serial: int, issuer: int, key: bytes) -> bytes:
    now = int(time.time())
    return protobuf.encode({1: serial, 2: issuer, 3: key, 4: now - 3600, 5: now + _VALID_SECONDS})
