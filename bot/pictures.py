"""Pictures that are drawn here and lie in no file, as media of a menu's window."""

import hashlib
from contextlib import suppress

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, ContentType, InputFile, Message
from aiogram_dialog.api.entities import MediaAttachment, OldMessage
from aiogram_dialog.manager.message_manager import MessageManager


class Picture(MediaAttachment):
    """A PNG. Drawn again unchanged, it is not uploaded again: Telegram's id of it is kept by what is in it."""

    def __init__(self, content: bytes, name: str) -> None:
        digest = hashlib.sha256(content).hexdigest()
        super().__init__(ContentType.PHOTO, url=f"drawn:{digest}")
        self.content = content
        self.name = name


class PictureMessages(MessageManager):
    """Sends windows with a `Picture` as well. It is in the chat only as long as its menu is the present one.

    A menu that turns from picture to text is deleted by the library; one that stays behind further up, because
    somebody has typed something, is deleted here and does not only lose its buttons.
    """

    async def get_media_source(self, media: MediaAttachment, bot: Bot) -> InputFile | str:
        if isinstance(media, Picture) and not media.file_id:
            return BufferedInputFile(media.content, media.name)
        return await super().get_media_source(media, bot)

    async def remove_inline_kbd(self, bot: Bot, old_message: OldMessage | None) -> Message | None:
        if old_message is not None and self.had_media(old_message):
            with suppress(TelegramBadRequest):  # too old to be deleted, or deleted by somebody
                await bot.delete_message(old_message.chat.id, old_message.message_id)
                return None
        return await super().remove_inline_kbd(bot, old_message)
