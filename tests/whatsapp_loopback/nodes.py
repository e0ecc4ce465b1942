"""Stanzas, and the binary form in which they travel."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from tests.whatsapp_loopback.tokens import DOUBLE, ENCODED, FIRST_PAGE, SINGLE

LIST_EMPTY, AD_JID, LIST_8, LIST_16, JID_PAIR, HEX_8, BINARY_8, BINARY_20, BINARY_32, NIBBLE_8 = (
    0, 247, 248, 249, 250, 251, 252, 253, 254, 255
)  # fmt: skip
PACKED_MAX = 127
COMPRESSED = 2
"""The bit in a stanza's first byte that says so."""
DEEPEST = 20

PHONES, LIDS = "s.whatsapp.net", "lid"
_DOMAINS = {PHONES: 0, LIDS: 1, "hosted": 128, "hosted.lid": 129}
_SERVERS = {number: server for server, number in _DOMAINS.items()}
_PACKS = {NIBBLE_8: "0123456789-.", HEX_8: "0123456789ABCDEF"}


class NotANodeError(ValueError):
    """The bytes, or the stanza that they are, are not what was expected."""


@dataclass(frozen=True, slots=True)
class Jid:
    user: str
    server: str = PHONES
    device: int = 0

    @classmethod
    def parse(cls, text: str) -> "Jid":
        name, _, server = text.rpartition("@")
        user, _, device = name.partition(":")
        return cls(user, server, int(device or 0))

    def __str__(self) -> str:
        return f"{self.user}{f':{self.device}' if self.device else ''}@{self.server}"


SERVER = Jid("")

Attribute = str | Jid


@dataclass(frozen=True, slots=True)
class Node:
    tag: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    content: "bytes | tuple[Node, ...] | None" = None

    def children(self, tag: str | None = None) -> Iterator["Node"]:
        if isinstance(self.content, tuple):
            yield from (child for child in self.content if tag in (None, child.tag))

    def child(self, *path: str) -> "Node | None":
        """The first one at the end of the path."""
        node: Node | None = self
        for tag in path:
            node = next(node.children(tag), None) if node else None
        return node

    def data(self, *path: str) -> bytes:
        node = self.child(*path)
        if node is None or not isinstance(node.content, bytes):
            raise NotANodeError(f"<{self.tag}> has no bytes at {'/'.join(path)}")
        return node.content

    def text(self, name: str) -> str:
        value = self.attributes.get(name, "")
        return value if isinstance(value, str) else str(value)

    def jid(self, name: str) -> Jid:
        value = self.attributes.get(name)
        if not isinstance(value, Jid):
            raise NotANodeError(f"<{self.tag}> has no address {name}")
        return value


def encode(node: Node) -> bytes:
    """As one frame's plaintext, uncompressed."""
    out = bytearray(1)
    _write_node(out, node)
    return bytes(out)


def decode(frame: bytes) -> Node:
    if not frame:
        raise NotANodeError("an empty frame")
    try:
        body = zlib.decompress(frame[1:]) if frame[0] & COMPRESSED else frame[1:]
    except zlib.error as error:
        raise NotANodeError(str(error)) from error
    reader = _Reader(body)
    node = reader.node()
    if reader.at != len(body):
        raise NotANodeError("something follows the stanza")
    return node


def _write_node(out: bytearray, node: Node) -> None:
    out += _list_start(1 + 2 * len(node.attributes) + bool(node.content))
    out += _text(node.tag)
    for name, value in node.attributes.items():
        out += _text(name)
        out += _address(value) if isinstance(value, Jid) else _text(value)
    if not node.content:
        return
    if isinstance(node.content, bytes):
        out += _binary(node.content)
        return
    out += _list_start(len(node.content))
    for child in node.content:
        _write_node(out, child)


def _list_start(length: int) -> bytes:
    return bytes((LIST_8, length)) if length < 256 else bytes((LIST_16,)) + length.to_bytes(2, "big")


def _address(jid: Jid) -> bytes:
    if jid.device and jid.server in _DOMAINS:
        return bytes((AD_JID, _DOMAINS[jid.server], jid.device)) + _text(jid.user)
    return bytes((JID_PAIR,)) + (_text(jid.user) if jid.user else bytes((LIST_EMPTY,))) + _text(jid.server)


@lru_cache(maxsize=4096)
def _text(text: str) -> bytes:
    if word := ENCODED.get(text):
        return word
    for kind, digits in _PACKS.items():
        if 0 < len(text) <= PACKED_MAX and all(character in digits for character in text):
            return _packed(kind, digits, text)
    return _binary(text.encode())


def _packed(kind: int, digits: str, text: str) -> bytes:
    """Two characters a byte; an odd number is filled up, and says so in its highest bit."""
    halves = [digits.index(character) for character in text] + [15] * (len(text) % 2)
    pairs = bytes(high << 4 | low for high, low in zip(halves[::2], halves[1::2], strict=True))
    return bytes((kind, len(pairs) | len(text) % 2 << 7)) + pairs


def _binary(data: bytes) -> bytes:
    if len(data) < 1 << 8:
        return bytes((BINARY_8, len(data))) + data
    if len(data) < 1 << 20:
        return bytes((BINARY_20,)) + len(data).to_bytes(3, "big") + data
    return bytes((BINARY_32,)) + len(data).to_bytes(4, "big") + data


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def node(self, depth: int = 0) -> Node:
        length = self._list_length(self._byte())
        if not length or depth > DEEPEST:
            raise NotANodeError("not a stanza")
        tag = self._word()
        attributes: dict[str, Attribute] = {}
        for _ in range((length - 1) // 2):
            name = self._word()
            attributes[name] = self._value(self._byte())
        return Node(tag, attributes, None if length % 2 else self._content(depth))

    def _content(self, depth: int) -> "bytes | tuple[Node, ...] | None":
        kind = self._byte()
        if kind in (LIST_8, LIST_16):
            return tuple(self.node(depth + 1) for _ in range(self._list_length(kind)))
        if kind == LIST_EMPTY:
            return None
        if (length := self._binary_length(kind)) is not None:
            return self._take(length)
        return str(self._value(kind)).encode()

    def _value(self, kind: int) -> Attribute:
        if kind == JID_PAIR:
            user = self._byte()
            return Jid("" if user == LIST_EMPTY else str(self._value(user)), self._word())
        if kind == AD_JID:
            domain, device = self._byte(), self._byte()
            if domain not in _SERVERS:
                raise NotANodeError(f"an address of domain {domain}")
            return Jid(self._word(), _SERVERS[domain], device)
        if (length := self._binary_length(kind)) is not None:
            try:
                return self._take(length).decode()
            except UnicodeDecodeError as error:
                raise NotANodeError(str(error)) from error
        if kind in _PACKS:
            return self._unpacked(_PACKS[kind])
        if 0 < kind < FIRST_PAGE:
            return SINGLE[kind]
        if FIRST_PAGE <= kind < FIRST_PAGE + len(DOUBLE):
            return DOUBLE[kind - FIRST_PAGE][self._byte()]
        raise NotANodeError(f"no value begins with {kind}")

    def _word(self) -> str:
        value = self._value(self._byte())
        if not isinstance(value, str):
            raise NotANodeError(f"{value} is not a word")
        return value

    def _unpacked(self, digits: str) -> str:
        start = self._byte()
        halves = [half for byte in self._take(start & PACKED_MAX) for half in (byte >> 4, byte & 15)]
        if start > PACKED_MAX:
            halves = halves[:-1]
        if any(half >= len(digits) for half in halves):
            raise NotANodeError("not a digit")
        return "".join(digits[half] for half in halves)

    def _list_length(self, kind: int) -> int:
        if kind not in (LIST_8, LIST_16):
            raise NotANodeError(f"{kind} does not begin a list")
        return int.from_bytes(self._take(1 if kind == LIST_8 else 2), "big")

    def _binary_length(self, kind: int) -> int | None:
        size = {BINARY_8: 1, BINARY_20: 3, BINARY_32: 4}.get(kind)
        return None if size is None else int.from_bytes(self._take(size), "big")

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, length: int) -> bytes:
        taken = self.data[self.at : self.at + length]
        if len(taken) != length:
            raise NotANodeError("cut short")
        self.at += length
        return taken
