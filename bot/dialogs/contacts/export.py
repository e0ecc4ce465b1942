"""Contacts sent into the chat as a file, which is read from the database while it is sent."""

from collections.abc import AsyncGenerator

from aiogram import Bot
from aiogram.types import CallbackQuery, InputFile
from aiogram_dialog import DialogManager, ShowMode

from bot.dialogs.context import bot_of
from bot.dialogs.formatting import people
from engine.contacts.exporting import ContactExport, Part


class ExportFile(InputFile):
    """One part of an export. It can be read again, when Telegram asks to send it a second time."""

    def __init__(self, export: ContactExport, part: Part, filename: str) -> None:
        super().__init__(filename=filename)
        self._export = export
        self._part = part

    async def read(self, bot: Bot) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 (the signature is the library's)
        async for chunk in self._export.read(self._part):
            yield chunk


async def send_export(callback: CallbackQuery, manager: DialogManager, export: ContactExport) -> None:
    """Send all parts; the menu stays the last message of the chat."""
    bot, parts = bot_of(manager), len(export.parts)
    for number, part in enumerate(export.parts, start=1):
        name = f"{export.name}.csv" if parts == 1 else f"{export.name} {number} of {parts}.csv"
        caption = people(export.people) if parts == 1 else f"{number} of {parts}, {people(export.people)} in all"
        await bot.send_document(callback.from_user.id, ExportFile(export, part, name), caption=caption)
    manager.show_mode = ShowMode.DELETE_AND_SEND
