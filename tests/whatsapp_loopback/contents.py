"""What a message says: WhatsApp's `Message` protobuf, read into plain words and written from them.

Only what a test may ask about. The numbers of the fields are those of `waE2E/WAWebProtobufsE2E.proto`.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from tests.whatsapp_loopback import protobuf
from tests.whatsapp_loopback.protobuf import Fields


class Kind(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    POLL = "poll"
    REACTION = "reaction"
    REVOKE = "revoke"
    EDIT = "edit"
    OTHER = "other"
    """Keys for the phone's other devices, a payment …: nothing of it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Where a wrapped file is and how to unwrap it, see media_encryption.py. Checksums are SHA-256."""

    mime_type: str
    url: str
    direct_path: str
    key: bytes = field(repr=False)
    sha256: bytes
    wrapped_sha256: bytes
    length: int
    seconds: int = 0
    file_name: str = ""
    is_voice_note: bool = False
    thumbnail: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    kind: Kind
    text: str = ""
    """Also a caption, a reaction's emoji, the name of a place, and what an edited message says now."""
    attachment: Attachment | None = None
    about_id: str = ""
    """Of the message that is revoked, edited or reacted to."""
    quoted_id: str = ""
    quoted_sender: str = ""
    quoted_text: str = ""
    has_link_preview: bool = False
    sent_to: str = ""
    """In what a phone tells its linked devices that it sent: the address that it went to."""

    @property
    def media_sha256(self) -> str:
        """Of the file as it was before it was wrapped; empty if there is none."""
        return self.attachment.sha256.hex() if self.attachment else ""


@dataclass(frozen=True, slots=True)
class _FileFields:
    """The numbers by which one kind of message with a file says the same as the others."""

    message: int
    mime_type: int = 2
    sha256: int = 4
    length: int = 5
    key: int = 7
    wrapped_sha256: int = 9
    direct_path: int = 10
    caption: int | None = None
    seconds: int | None = None
    file_name: int | None = None
    is_voice_note: int | None = None


_FILES = {
    Kind.IMAGE: _FileFields(3, key=8, direct_path=11, caption=3),
    Kind.DOCUMENT: _FileFields(7, caption=20, file_name=8),
    Kind.AUDIO: _FileFields(8, sha256=3, length=4, wrapped_sha256=8, direct_path=9, seconds=5, is_voice_note=6),
    Kind.VIDEO: _FileFields(9, sha256=3, length=4, key=6, wrapped_sha256=11, direct_path=13, caption=7, seconds=5),
    Kind.STICKER: _FileFields(26, mime_type=5, sha256=2, length=9, key=4, wrapped_sha256=3, direct_path=8),
}
_URL, _THUMBNAIL, _CONTEXT = 1, 16, 17
"""The same in every message with a file; the context is in an extended text, too."""
_NAMED = {Kind.CONTACT: (4, 1), Kind.LOCATION: (5, 3), Kind.POLL: (49, 2)}
"""Messages of which only a name is read: their number, and the name's."""
_CONVERSATION, _EXTENDED_TEXT, _PROTOCOL, _DEVICE_SENT, _REACTION = 1, 6, 12, 31, 46
_WRAPPERS = (37, 40, 53, 55, 58, 59)
"""View once, ephemeral, document with caption, edited: a message within the message, in its field 1."""
_LINK, _LINK_TITLE = 2, 6
_LINK_PREVIEW = (_LINK, 5, _LINK_TITLE, 16, 19)
"""Of an extended text: the link as found, its description, title and picture."""
_REVOKE, _EDIT = 0, 14


def read(message: bytes) -> Content:
    """What it says. Raises NotProtobufError."""
    return _read(Fields(message))


def _read(fields: Fields) -> Content:
    if device_sent := fields.message(_DEVICE_SENT):
        return replace(_within(device_sent, 2), sent_to=device_sent.text(1) or "")
    for number in _WRAPPERS:
        if wrapper := fields.message(number):
            return _within(wrapper, 1)
    for kind, numbers in _FILES.items():
        if file := fields.message(numbers.message):
            return _read_file(kind, numbers, file)
    for kind, (number, name) in _NAMED.items():
        if named := fields.message(number):
            return Content(kind=kind, text=_text(named, name))
    if reaction := fields.message(_REACTION):
        return Content(kind=Kind.REACTION, text=_text(reaction, 2), about_id=_id_in(reaction))
    if protocol := fields.message(_PROTOCOL):
        return _read_protocol(protocol)
    if extended := fields.message(_EXTENDED_TEXT):
        preview = any(number in extended for number in _LINK_PREVIEW)
        return _quoting(extended, Content(kind=Kind.TEXT, text=_text(extended, 1), has_link_preview=preview))
    if _CONVERSATION in fields:
        return Content(kind=Kind.TEXT, text=_text(fields, _CONVERSATION))
    return Content(kind=Kind.OTHER)


def _within(fields: Fields, number: int) -> Content:
    inner = fields.message(number)
    return _read(inner) if inner else Content(kind=Kind.OTHER)


def _read_protocol(protocol: Fields) -> Content:
    match protocol.integer(2):
        case int(kind) if kind == _REVOKE:
            return Content(kind=Kind.REVOKE, about_id=_id_in(protocol))
        case int(kind) if kind == _EDIT:
            return Content(kind=Kind.EDIT, text=_within(protocol, 14).text, about_id=_id_in(protocol))
    return Content(kind=Kind.OTHER)


def _read_file(kind: Kind, numbers: _FileFields, file: Fields) -> Content:
    attachment = Attachment(
        mime_type=_text(file, numbers.mime_type),
        url=_text(file, _URL),
        direct_path=_text(file, numbers.direct_path),
        key=file.required(numbers.key),
        sha256=file.required(numbers.sha256),
        wrapped_sha256=file.required(numbers.wrapped_sha256),
        length=_number(file, numbers.length),
        seconds=_number(file, numbers.seconds),
        file_name=_text(file, numbers.file_name),
        is_voice_note=bool(_number(file, numbers.is_voice_note)),
        thumbnail=file.octets(_THUMBNAIL) or b"",
    )
    return _quoting(file, Content(kind=kind, text=_text(file, numbers.caption), attachment=attachment))


def _quoting(fields: Fields, content: Content) -> Content:
    context = fields.message(_CONTEXT)
    if context is None or 1 not in context:
        return content
    text = _within(context, 3).text
    return replace(content, quoted_id=_text(context, 1), quoted_sender=_text(context, 2), quoted_text=text)


def _id_in(fields: Fields) -> str:
    """In the MessageKey that field 1 is."""
    key = fields.message(1)
    return _text(key, 3) if key else ""


def _text(fields: Fields, number: int | None) -> str:
    return (fields.text(number) or "") if number else ""


def _number(fields: Fields, number: int | None) -> int:
    return (fields.integer(number) or 0) if number else 0


def written(content: Content) -> bytes:
    """The message that says it. A ValueError for Kind.OTHER."""
    message = _message(content)
    if content.sent_to:
        message = {_DEVICE_SENT: {1: content.sent_to, 2: message}}
    return protobuf.encode(message)


def _message(content: Content) -> protobuf.Message:
    if content.kind in _FILES:
        return _file_message(content)
    if content.kind in _NAMED:
        number, name = _NAMED[content.kind]
        return {number: {name: content.text}}
    match content.kind:
        case Kind.TEXT if content.quoted_id or content.has_link_preview:
            preview = {_LINK: content.text, _LINK_TITLE: content.text} if content.has_link_preview else {}
            return {_EXTENDED_TEXT: {1: content.text, **preview, _CONTEXT: _context(content)}}
        case Kind.TEXT:
            return {_CONVERSATION: content.text}
        case Kind.REACTION:
            return {_REACTION: {1: _key(content.about_id, from_me=False), 2: content.text}}
        case Kind.REVOKE:
            return {_PROTOCOL: {1: _key(content.about_id, from_me=True), 2: _REVOKE}}
        case Kind.EDIT:
            now = {_CONVERSATION: content.text}
            return {_PROTOCOL: {1: _key(content.about_id, from_me=True), 2: _EDIT, 14: now}}
    raise ValueError(f"a message of kind {content.kind} cannot be written")


def _file_message(content: Content) -> protobuf.Message:
    numbers, file = _FILES[content.kind], content.attachment
    if file is None:
        raise ValueError(f"a message of kind {content.kind} needs its file")
    optional = {
        numbers.caption: content.text or None,
        numbers.seconds: file.seconds or None,
        numbers.file_name: file.file_name or None,
        numbers.is_voice_note: file.is_voice_note or None,
    }
    fields: dict[int, protobuf.Value | None] = {
        _URL: file.url,
        numbers.mime_type: file.mime_type,
        numbers.direct_path: file.direct_path,
        numbers.key: file.key,
        numbers.sha256: file.sha256,
        numbers.wrapped_sha256: file.wrapped_sha256,
        numbers.length: file.length,
        _THUMBNAIL: file.thumbnail or None,
        _CONTEXT: _context(content),
    }
    fields |= {number: value for number, value in optional.items() if number is not None}
    return {numbers.message: fields}


def _context(content: Content) -> protobuf.Message | None:
    if not content.quoted_id:
        return None
    return {1: content.quoted_id, 2: content.quoted_sender or None, 3: {_CONVERSATION: content.quoted_text}}


def _key(message_id: str, *, from_me: bool) -> protobuf.Message:
    return {2: int(from_me), 3: message_id}
