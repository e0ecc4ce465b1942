"""Files on their way in: what they are, how large the picture is, and where they are kept."""

import mimetypes
import re
import secrets
from dataclasses import dataclass
from pathlib import PurePath

from bot.sandbox.telegram.state import File, MediaKind
from bot.sandbox.telegram.store import Store

MAX_UPLOAD = 50 * 1024 * 1024
MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024

_BYTES = "application/octet-stream"  # what clients say when they do not know
_FOLDERS = {
    MediaKind.PHOTO: "photos",
    MediaKind.DOCUMENT: "documents",
    MediaKind.VIDEO: "videos",
    MediaKind.AUDIO: "music",
    MediaKind.ANIMATION: "animations",
}
# The page shows these kinds in place, so their type must never be one that a browser runs.
_PLAYABLE = {
    MediaKind.VIDEO: ("video/", "video/mp4"),
    MediaKind.AUDIO: ("audio/", "audio/mpeg"),
    MediaKind.ANIMATION: ("video/", "video/mp4"),
}


@dataclass(frozen=True, slots=True)
class Upload:
    file_name: str
    content: bytes
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    mime_type: str
    width: int
    height: int


class NotAPictureError(Exception):
    """The bytes are neither a PNG nor a JPEG."""


async def keep_file(
    store: Store, kind: MediaKind, upload: Upload, *, width: int = 0, height: int = 0, duration: int = 0
) -> File:
    """Store the content and give it a new file id. Raises NotAPictureError for a photo that is none."""
    mime_type = upload.mime_type
    if mime_type in {"", _BYTES}:
        mime_type = mimetypes.guess_type(upload.file_name)[0] or _BYTES
    if kind is MediaKind.PHOTO:
        picture = read_picture(upload.content)
        mime_type, width, height = picture.mime_type, picture.width, picture.height
    elif kind in _PLAYABLE and not mime_type.startswith(_PLAYABLE[kind][0]):
        mime_type = _PLAYABLE[kind][1]
    sha256 = await store.write_content(upload.content)
    suffix = PurePath(upload.file_name).suffix
    safe_suffix = suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,10}", suffix) else ""
    with store.transaction():
        file = File(
            file_id=secrets.token_urlsafe(32),
            unique_id=sha256,
            file_path=f"{_FOLDERS[kind]}/file_{store.next_file_number()}{safe_suffix}",
            kind=kind,
            file_name=upload.file_name,
            mime_type=mime_type,
            size=len(upload.content),
            width=width,
            height=height,
            duration=duration,
        )
        store.save_file(file)
    return file


def read_picture(content: bytes) -> Picture:
    """Type and size in pixels from a PNG's or JPEG's header; raises NotAPictureError."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and len(content) >= 24:
        return Picture("image/png", int.from_bytes(content[16:20]), int.from_bytes(content[20:24]))
    if content.startswith(b"\xff\xd8"):
        return _read_jpeg(content)
    raise NotAPictureError


def _read_jpeg(content: bytes) -> Picture:
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # a frame header
            height, width = int.from_bytes(content[at + 5 : at + 7]), int.from_bytes(content[at + 7 : at + 9])
            return Picture("image/jpeg", width, height)
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4])
    raise NotAPictureError
