"""The files that messages carry: stored once by content, and kept at hand while they are being sent."""

import hashlib

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from engine.database import Database
from engine.errors import InvalidInputError
from engine.transactions import Transaction
from engine.transports.contract import MediaFile
from models import Media
from models.enums import ContentKind

MEGABYTE = 1024 * 1024
CACHE = 64 * MEGABYTE
# What WhatsApp takes (developers.facebook.com, Cloud API, "Supported media types").
LIMITS = {
    ContentKind.IMAGE: (5 * MEGABYTE, ("image/jpeg", "image/png")),
    ContentKind.VIDEO: (16 * MEGABYTE, ("video/mp4", "video/3gpp")),
    ContentKind.AUDIO: (16 * MEGABYTE, ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg")),
    ContentKind.DOCUMENT: (100 * MEGABYTE, ()),
}
# Other names for the same types.
_SAME_TYPES = {
    "audio/mp3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/opus": "audio/ogg",
    "image/jpg": "image/jpeg",
}

# A large file on its way over a slow line looks to the server like somebody who fell asleep in a transaction.
UNHURRIED = """
SELECT set_config('idle_in_transaction_session_timeout', '0', true),
       set_config('application_name', 'dripdesk upload', true)
"""
FILE = "SELECT content, sha256, mime_type, file_name FROM media WHERE id = :media_id"


def plain_type(mime_type: str) -> str:
    """Write a type by its usual name, without parameters: `audio/ogg; codecs=opus` is `audio/ogg`."""
    plain = mime_type.partition(";")[0].strip().lower()
    return _SAME_TYPES.get(plain, plain)


def check_media(kind: ContentKind, mime_type: str, size: int) -> None:
    """Raise InvalidInputError if WhatsApp would not take this file as this kind of message."""
    largest, types = LIMITS[kind]
    if types and mime_type not in types:
        names = ", ".join(one.partition("/")[2].upper() for one in types)
        raise InvalidInputError(f"WhatsApp takes {kind}s as {names}, not {mime_type}. Send it as a file instead.")
    if not size:
        raise InvalidInputError("This file is empty.")
    if size > largest:
        otherwise = "a smaller one" if kind is ContentKind.DOCUMENT else "it as a file instead"
        raise InvalidInputError(
            f"This {kind} has {size / MEGABYTE:.1f} MB; WhatsApp takes at most {largest // MEGABYTE} MB. "
            f"Send {otherwise}."
        )


async def store_media(
    database: Database, workspace_id: int, content: bytes, mime_type: str, file_name: str
) -> int:
    """Keep the file, once however often it is sent, and return its id.

    In a transaction of its own: over a slow line it takes longer than anybody may hold a lock.
    """
    values = {
        "workspace_id": workspace_id,
        "sha256": hashlib.sha256(content).hexdigest(),
        "mime_type": mime_type,
        "file_name": file_name,
        "content": content,
    }
    statement = insert(Media).values(values)
    same = statement.on_conflict_do_update(
        index_elements=[Media.workspace_id, Media.sha256], set_={"sha256": statement.excluded.sha256}
    )
    async with database.transaction() as session:
        await session.execute(text(UNHURRIED))
        media_id: int = (await session.execute(same.returning(Media.id))).scalar_one()
    return media_id


class MediaLibrary:
    """A cache by size: the least recently used files go when there is no more room."""

    def __init__(self) -> None:
        self._files: dict[int, MediaFile] = {}
        self._held = 0

    async def get(self, transaction: Transaction, media_id: int | None) -> MediaFile | None:
        if media_id is None:
            return None
        file = self._files.pop(media_id, None)
        if file is None:
            (row,) = await transaction.rows(FILE, {"media_id": media_id})
            file = MediaFile(row.content, row.sha256, row.mime_type, row.file_name)
            self._held += len(file.content)
            while self._files and self._held > CACHE:
                oldest = self._files.pop(next(iter(self._files)))
                self._held -= len(oldest.content)
        self._files[media_id] = file
        return file
