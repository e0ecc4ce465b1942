"""Files between Telegram and the engine: what somebody sent, and what a preview sends back."""

import io

from aiogram import Bot
from aiogram.enums import ContentType
from aiogram.types import (
    Animation,
    Audio,
    BufferedInputFile,
    Document,
    Message,
    PhotoSize,
    Video,
    VideoNote,
    Voice,
)

from engine.broadcast.media import check_media, plain_type
from engine.errors import InvalidInputError
from engine.sequences.catalogue import StoredFile
from engine.sequences.steps import Attachment
from models.enums import ContentKind

LARGEST_DOWNLOAD = 20 * 1024 * 1024  # bytes; what a bot may fetch from Telegram
LARGEST_TEXT = 2 * 1024 * 1024  # bytes; a hundred of the longest messages are less

_File = PhotoSize | Video | Animation | VideoNote | Audio | Voice | Document

_REFUSALS = {
    ContentType.STICKER: "A sticker cannot be a message. Send the picture as a photo.",
    ContentType.CONTACT: "A contact card cannot be a message. Write the name and the number as text.",
    ContentType.LOCATION: "A location cannot be a message. Send a link to the map as text.",
    ContentType.VENUE: "A place cannot be a message. Send its address, or a link to the map, as text.",
    ContentType.POLL: "A poll cannot be a message. Ask as text: who answers is heard.",
}
_OTHERWISE = "A message can be text, a photo, a video, an audio or voice message, or any other file."


async def read_attachment(bot: Bot, message: Message) -> Attachment | None:
    """Download the file of a message, if WhatsApp takes it.

    Raises InvalidInputError for what it does not take, saying what to send instead.
    """
    if message.text:
        return None
    found = _file_of(message)
    if found is None:
        raise InvalidInputError(_REFUSALS.get(ContentType(message.content_type), _OTHERWISE))
    if message.media_group_id and not message.caption:
        raise InvalidInputError(
            "An album is several messages, and only the one with the caption is in. Send each of the others by "
            "itself; in a sequence, with its day in the caption."
        )
    kind, file, mime_type, name = found
    mime_type = plain_type(mime_type)
    if file.file_size is not None:
        check_media(kind, mime_type, file.file_size)
    if (file.file_size or 0) > LARGEST_DOWNLOAD:
        raise InvalidInputError("Telegram lets me fetch files of up to 20 MB. Please send a smaller one.")
    content = io.BytesIO()
    await bot.download(file, destination=content)
    return Attachment(kind, content.getvalue(), mime_type, name)


def _file_of(message: Message) -> tuple[ContentKind, _File, str, str] | None:
    """What it will be on WhatsApp, the file, its type, its name. To Telegram an animation is a document, too."""
    if message.photo:
        return ContentKind.IMAGE, message.photo[-1], "image/jpeg", "photo.jpg"
    if (video := message.video or message.animation) is not None:
        return ContentKind.VIDEO, video, video.mime_type or "video/mp4", video.file_name or "video.mp4"
    if (note := message.video_note) is not None:
        return ContentKind.VIDEO, note, "video/mp4", "video.mp4"
    if (audio := message.audio) is not None:
        return ContentKind.AUDIO, audio, audio.mime_type or "audio/mpeg", audio.file_name or "audio.mp3"
    if (voice := message.voice) is not None:
        return ContentKind.AUDIO, voice, voice.mime_type or "audio/ogg", "voice.ogg"
    if (document := message.document) is not None:
        mime_type = document.mime_type or "application/octet-stream"
        return ContentKind.DOCUMENT, document, mime_type, document.file_name or "file"
    return None


async def send_preview(bot: Bot, chat_id: int, file: StoredFile | None, html: str) -> None:
    """Show a message the way its receiver will see it."""
    if file is None:
        await bot.send_message(chat_id, html, disable_web_page_preview=True)
        return
    upload = BufferedInputFile(file.content, file.file_name)
    match file.kind:
        case ContentKind.IMAGE:
            await bot.send_photo(chat_id, upload, caption=html)
        case ContentKind.VIDEO:
            await bot.send_video(chat_id, upload, caption=html)
        case ContentKind.AUDIO:
            await bot.send_audio(chat_id, upload, caption=html)
        case _:
            await bot.send_document(chat_id, upload, caption=html)


def file_name_of(message: Message) -> str | None:
    """Telegram's lasting name for the content of a message's file: another file has another one."""
    found = _file_of(message)
    return found[1].file_unique_id if found is not None else None


async def read_text_file(bot: Bot, message: Message) -> str:
    """Download a text that was dropped as a file. Raises InvalidInputError."""
    document = message.document
    if document is None or (document.file_size or 0) > LARGEST_TEXT:
        raise InvalidInputError("This file is too large to be a plan. Send the text file that Export gave you.")
    content = io.BytesIO()
    await bot.download(document, destination=content)
    try:
        return content.getvalue().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInputError("This is not a text file. Send the one that Export gave you, as .txt.") from None
