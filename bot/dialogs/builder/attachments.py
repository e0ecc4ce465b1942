"""Files between Telegram and the engine: what somebody sent, and what a preview sends back."""

import io

from aiogram import Bot
from aiogram.types import Audio, BufferedInputFile, Document, Message, PhotoSize, Video

from engine.errors import InvalidInputError
from engine.sequences.catalogue import StoredFile
from engine.sequences.steps import Attachment
from models.enums import ContentKind

LARGEST_DOWNLOAD = 20 * 1024 * 1024  # bytes; what a bot may fetch from Telegram
LARGEST_TEXT = 2 * 1024 * 1024  # bytes; a hundred of the longest messages are less


async def read_attachment(bot: Bot, message: Message) -> Attachment | None:
    """Download the file of a message. Raises InvalidInputError for kinds that WhatsApp does not take."""
    file: PhotoSize | Video | Audio | Document
    if message.photo:
        photo = message.photo[-1]
        kind, file, mime_type, name = ContentKind.IMAGE, photo, "image/jpeg", "photo.jpg"
    elif message.video:
        video = message.video
        kind, file = ContentKind.VIDEO, video
        mime_type, name = video.mime_type or "video/mp4", video.file_name or "video.mp4"
    elif message.audio:
        audio = message.audio
        kind, file = ContentKind.AUDIO, audio
        mime_type, name = audio.mime_type or "audio/mpeg", audio.file_name or "audio.mp3"
    elif message.document:
        document = message.document
        kind, file = ContentKind.DOCUMENT, document
        mime_type = document.mime_type or "application/octet-stream"
        name = document.file_name or "file"
    elif message.text:
        return None
    else:
        raise InvalidInputError("A message can be text, a photo, a video, a sound file or any other file.")
    if (file.file_size or 0) > LARGEST_DOWNLOAD:
        raise InvalidInputError("Telegram lets me fetch files of up to 20 MB. Please send a smaller one.")
    content = io.BytesIO()
    await bot.download(file, destination=content)
    return Attachment(kind, content.getvalue(), mime_type, name)


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
    file = message.photo[-1] if message.photo else message.video or message.audio or message.document
    return file.file_unique_id if file is not None else None


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
