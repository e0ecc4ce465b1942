"""The packets between an engine process and a device host: a JSON object and, where there is one, a file's bytes.

The two talk over a Unix socket that has no path: nobody else can connect to it, and its end is seen at once.
"""

import asyncio
import json
import struct
from dataclasses import dataclass

from engine.transports.forms import Frame

_LENGTHS = struct.Struct(">II")
_MOST_HEADER = 16 * 1024 * 1024
_MOST_BLOB = 256 * 1024 * 1024  # the largest file that WhatsApp takes has 100 MB


class WireError(ValueError):
    """What came over the socket is no packet: the two sides no longer understand each other."""


@dataclass(frozen=True, slots=True)
class Packet:
    header: Frame
    blob: bytes = b""


def pack(packet: Packet) -> bytes:
    """Raises WireError for what the other side would not take."""
    header = json.dumps(packet.header, ensure_ascii=False).encode()
    _check(len(header), len(packet.blob))
    return b"".join((_LENGTHS.pack(len(header), len(packet.blob)), header, packet.blob))


async def read_packet(reader: asyncio.StreamReader) -> Packet | None:
    """The next packet; nothing when the other side is gone, even in the middle of one. Raises WireError."""
    try:
        header_length, blob_length = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
        _check(header_length, blob_length)
        header = await reader.readexactly(header_length)
        blob = await reader.readexactly(blob_length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Packet(_read_header(header), blob)


def _check(header_length: int, blob_length: int) -> None:
    if header_length > _MOST_HEADER or blob_length > _MOST_BLOB:
        raise WireError(f"a packet of {header_length} + {blob_length} bytes is too long")


def _read_header(encoded: bytes) -> Frame:
    try:
        header = json.loads(encoded)
    except ValueError:
        raise WireError("a packet's header is not JSON") from None
    if not isinstance(header, dict):
        raise WireError("a packet's header is not an object")
    return header
