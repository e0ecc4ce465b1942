"""Protocol Buffers' wire format, without a schema: enough for the few messages that the server itself reads.

The library's own generated classes cannot be used here: importing them loads the Go library into the process.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Union

Value = Union[int, bytes, str, bool, "Message", Sequence["Value"]]
"""What a field may hold; a sequence is a repeated field."""
Message = Mapping[int, Value | None]
"""Values by number of field; None leaves the field out."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class NotProtobufError(ValueError):
    """The bytes are cut short or use a wire type that nobody sends."""


def encode(message: Message) -> bytes:
    return b"".join(_encoded(number, value) for number, value in message.items() if value is not None)


def _encoded(number: int, value: Value) -> bytes:
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    elif isinstance(value, Mapping):
        value = encode(value)
    if isinstance(value, bytes):
        return varint(number << 3 | BYTES) + varint(len(value)) + value
    return b"".join(_encoded(number, each) for each in value)


def varint(number: int) -> bytes:
    if number < 0:
        raise ValueError("no field of the protocol is negative")
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


class Fields:
    """A decoded message. A field that is not there is None, or what the caller says instead."""

    def __init__(self, data: bytes) -> None:
        self._values: dict[int, list[int | bytes]] = {}
        for number, value in _fields(data):
            self._values.setdefault(number, []).append(value)

    def __contains__(self, number: int) -> bool:
        return number in self._values

    def __iter__(self) -> Iterator[int]:
        return iter(self._values)

    def every(self, number: int) -> list[bytes]:
        return [value for value in self._values.get(number, ()) if isinstance(value, bytes)]

    def octets(self, number: int) -> bytes | None:
        """The last one, as the format rules."""
        found = self.every(number)
        return found[-1] if found else None

    def required(self, number: int) -> bytes:
        found = self.octets(number)
        if found is None:
            raise NotProtobufError(f"field {number} is missing")
        return found

    def integer(self, number: int) -> int | None:
        found = [value for value in self._values.get(number, ()) if isinstance(value, int)]
        return found[-1] if found else None

    def text(self, number: int) -> str | None:
        found = self.octets(number)
        return None if found is None else found.decode()

    def message(self, number: int) -> "Fields | None":
        found = self.octets(number)
        return None if found is None else Fields(found)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _read_varint(data, at)
            yield key >> 3, value
            continue
        if kind == BYTES:
            length, at = _read_varint(data, at)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise NotProtobufError(f"wire type {kind}")
        if at + length > len(data):
            raise NotProtobufError(f"field {key >> 3} is cut short")
        yield key >> 3, data[at : at + length]
        at += length


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(data):
        number |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return number, at
        shift += 7
        if shift > 63:
            break
    raise NotProtobufError("a number is cut short")
