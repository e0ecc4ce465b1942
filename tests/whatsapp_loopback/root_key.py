"""TEST ONLY. Lets the neonize of THIS process, and of no other, take the loopback server for WhatsApp's.

The library carries the public key that the real server's certificates hang on: 32 bytes of a Go variable. They are
overwritten in this process's memory; the file on disk stays as it was published, and no setting of the product leads
here. Nothing outside of `tests/` may import this module: a test makes sure.
"""

import ctypes
from pathlib import Path

from tests.whatsapp_loopback import identity

BUILT_IN = bytes.fromhex("142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b")
_LIBRARY = "neonize-"


class NoBuiltInKeyError(RuntimeError):
    """The library is not loaded yet, was changed already, or is a version that carries another key."""


def trust_the_loopback_server() -> None:
    """Call it after `import neonize` and before the first connect."""
    places = [start + at for start, memory in _writable_memory() for at in _occurrences(memory)]
    if len(places) != 1:
        raise NoBuiltInKeyError(f"the built-in server key is in {len(places)} places, not in one")
    ctypes.memmove(places[0], identity.ROOT.public, len(BUILT_IN))


def _writable_memory() -> list[tuple[int, bytes]]:
    found = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, rights, *_, name = line.split()
        if "w" in rights and _LIBRARY in name:
            start, end = (int(address, 16) for address in addresses.split("-"))
            found.append((start, ctypes.string_at(start, end - start)))
    return found


def _occurrences(memory: bytes) -> list[int]:
    places = []
    at = memory.find(BUILT_IN)
    while at >= 0:
        places.append(at)
        at = memory.find(BUILT_IN, at + 1)
    return places
