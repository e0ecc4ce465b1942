"""WhatsApp's own message, as far as the tests write and read it (WAWebProtobufsE2E in the library)."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import ConfigDict

from tests.whatsapp_loopback import protobuf
from tests.whatsapp_loopback.protobuf import Fields, Message

_CONVERSATION, _EXTENDED_TEXT, _PROTOCOL, _DEVICE_SENT = 1, 6, 12, 31
_REVOKE = 0


class Kind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class _Fields:
    """Which number each thing has in a kind's message; 0: it has none."""

    message: int
    url: int
    mimetype: int
    caption: int
    sha256: int
    length: int
    key: int
    encrypted_sha256: int
    direct_path: int
    file_name: int = 0


_FIELDS = {
    Kind.IMAGE: _Fields(3, 1, 2, 3, 4, 5, 8, 9, 11),
    Kind.VIDEO: _Fields(9, 1, 2, 7, 3, 4, 6, 11, 13),
    Kind.AUDIO: _Fields(8, 1, 2, 0, 3, 4, 7, 8, 9),
    Kind.DOCUMENT: _Fields(7, 1, 2, 20, 4, 5, 7, 9, 10, 8),
}


@dataclass(frozen=True, slots=True)
class FileReference:
    """Where an encrypted file lies, and what opens it."""

    __pydantic_config__ = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    kind: Kind
    url: str
    direct_path: str
    key: bytes
    sha256: bytes
    encrypted_sha256: bytes
    length: int


def text(body: str) -> bytes:
    return protobuf.encode({_CONVERSATION: body})


def media(file: FileReference, mimetype: str, caption: str = "", file_name: str = "") -> bytes:
    at = _FIELDS[file.kind]
    message: Message = {
        at.url: file.url,
        at.mimetype: mimetype,
        at.caption: caption or None,
        at.sha256: file.sha256,
        at.length: file.length,
        at.key: file.key,
        at.encrypted_sha256: file.encrypted_sha256,
        at.direct_path: file.direct_path,
        at.file_name: file_name or None,
    }
    return protobuf.encode({at.message: {number: value for number, value in message.items() if number}})


def sent_by_phone(recipient_jid: str, message: bytes) -> bytes:
    """How a phone tells its linked devices what was written on it."""
    return protobuf.encode({_DEVICE_SENT: {1: recipient_jid, 2: message}})


def file_in(message: bytes) -> FileReference | None:
    fields = Fields(message)
    for kind, at in _FIELDS.items():
        if (file := fields.message(at.message)) is not None:
            return FileReference(
                kind=kind,
                url=file.text(at.url) or "",
                direct_path=file.text(at.direct_path) or "",
                key=file.required(at.key),
                sha256=file.required(at.sha256),
                encrypted_sha256=file.required(at.encrypted_sha256),
                length=file.integer(at.length) or 0,
            )
    return None


def body_of(message: bytes) -> str | None:
    """The text, or a file's caption."""
    fields = Fields(message)
    if (conversation := fields.text(_CONVERSATION)) is not None:
        return conversation
    if (extended := fields.message(_EXTENDED_TEXT)) is not None:
        return extended.text(1)
    for at in _FIELDS.values():
        if (file := fields.message(at.message)) is not None:
            return file.text(at.caption) if at.caption else None
    return None


def revoked_id(message: bytes) -> str | None:
    """Which message is deleted for everyone by this one."""
    protocol = Fields(message).message(_PROTOCOL)
    if protocol is None or (protocol.integer(2) or 0) != _REVOKE:
        return None
    key = protocol.message(1)
    return key.text(3) if key else None


def fingerprint(message: bytes) -> str:
    """The same for two messages that a person sees as one: the words, and the file by its own hash."""
    file = file_in(message)
    return f"{body_of(message)!r} {file.sha256.hex() if file else ''}"
