"""Pictures that are drawn here and lie in no file, as media of a menu's window."""

import hashlib

from aiogram import Bot
from aiogram.types import BufferedInputFile, ContentType, InputFile
from aiogram_dialog.api.entities import MediaAttachment
from aiogram_dialog.manager.message_manager import MessageManager


class Picture(MediaAttachment):
    """A PNG. Drawn again unchanged, it is not uploaded again: Telegram's id of it is kept by what is in it."""

    def __init__(self, content: bytes, name: str) -> None:
        digest = hashlib.sha256(content).hexdigest()
        super().__init__(ContentType.PHOTO, url=f"drawn:{digest}")
        self.content = content
        self.name = name


class PictureMessages(MessageManager):
    """Sends windows with a `Picture` as well; one that it leaves for text is deleted by the library."""

    async def get_media_source(self, media: MediaAttachment, bot: Bot) -> InputFile | str:
        if isinstance(media, Picture) and not media.file_id:
            return BufferedInputFile(media.content, media.name)
        return await super().get_media_source(media, bot)
