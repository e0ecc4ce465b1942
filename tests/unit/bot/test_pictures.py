"""What becomes of a menu with a picture that is not the present menu any more."""

from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import DeleteMessage
from aiogram.types import Chat, ContentType
from aiogram_dialog.api.entities import OldMessage, ShowMode

from bot.pictures import PictureMessages

CHAT = Chat(id=7, type="private")


class Telegram:
    def __init__(self, refuses: str = "") -> None:
        self.done: list[str] = []
        self._refuses = refuses

    async def delete_message(self, chat_id: int, message_id: int) -> None:
        if self._refuses:
            raise TelegramBadRequest(DeleteMessage(chat_id=chat_id, message_id=message_id), self._refuses)
        self.done.append(f"deleted {message_id}")

    async def edit_message_reply_markup(self, *, message_id: int, **_: Any) -> None:
        self.done.append(f"buttons gone from {message_id}")


def menu(picture: str | None) -> OldMessage:
    kind = ContentType.PHOTO if picture else ContentType.TEXT
    return OldMessage(
        chat=CHAT, message_id=3, media_id=picture, media_uniq_id=picture, text="", has_reply_keyboard=False,
        business_connection_id=None, content_type=kind, has_protected_content=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("picture", "refuses", "done"),
    [
        ("qr", "", "deleted 3"),
        ("qr", "Bad Request: message can't be deleted for everyone", "buttons gone from 3"),
        (None, "", "buttons gone from 3"),
    ],
    ids=["a picture", "too old", "text"],
)
async def test_a_picture_goes_with_its_menu(picture: str | None, refuses: str, done: str) -> None:
    telegram = Telegram(refuses)
    await PictureMessages().remove_kbd(telegram, ShowMode.SEND, menu(picture))  # type: ignore[arg-type]
    assert telegram.done == [done]
