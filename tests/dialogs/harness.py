"""An operator's private chat with the bot: real menus and use cases behind it, Telegram's part played here."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    GetChat,
    GetFile,
    GetMe,
    SendChatAction,
    SendDocument,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import Chat as TelegramChat
from aiogram.types import (
    ChatFullInfo,
    Document,
    File,
    InlineKeyboardButton,
    InputFile,
    InputMediaPhoto,
    Message,
    PhotoSize,
    Update,
    User,
)
from aiogram_dialog.test_tools import BotClient
from aiogram_dialog.test_tools.keyboard import InlineButtonTextLocator

from bot.sandbox.telegram.formatting import MAX_CAPTION, MAX_TEXT, parse_html
from engine.sequences.pasting import read_plan
from engine.sequences.steps import NewStep

TOKEN = "42424242:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
BOT = User(id=42424242, is_bot=True, first_name="dripdesk", username="dripdesk_bot")


@dataclass(frozen=True)
class Toast:
    text: str
    alert: bool


class FakeTelegram(BaseSession):
    """Keeps messages as Telegram would show them; refuses what it would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[int, Message] = {}
        self.texts_shown: list[str] = []  # every text that was ever on the screen
        self.toasts: list[Toast] = []
        self.sent_files: dict[str, bytes] = {}
        self.files: dict[str, bytes] = {}
        self.groups: dict[int, str] = {}
        self._ids = count(1000)

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:  # noqa: ASYNC109
        match method:
            case GetMe():
                return BOT
            case SendMessage():
                text = self._visible(method, method.text, html=method.parse_mode is not None)
                return self._keep(bot, method, next(self._ids), text=text)
            case EditMessageText():
                text = self._visible(method, method.text, html=True)
                before = self.messages[method.message_id]
                if (before.text, before.reply_markup) == (text, method.reply_markup):
                    raise TelegramBadRequest(method, "Bad Request: message is not modified")
                return self._keep(bot, method, method.message_id, text=text)
            case EditMessageMedia(media=InputMediaPhoto() as media):
                photo, caption = await self._photo(bot, method, media.media, media.caption)
                before = self.messages[method.message_id]
                unchanged = (before.caption, before.reply_markup) == (caption, method.reply_markup)
                if unchanged and before.photo and before.photo[0].file_unique_id == photo[0].file_unique_id:
                    raise TelegramBadRequest(method, "Bad Request: message is not modified")
                return self._keep(bot, method, method.message_id, photo=photo, caption=caption)
            case EditMessageReplyMarkup():
                before = self.messages[method.message_id]
                return self._keep(bot, method, method.message_id, text=before.text)
            case SendDocument():
                document = method.document
                self.sent_files[document.filename] = b"".join([chunk async for chunk in document.read(bot)])
                file = Document(file_id=document.filename, file_unique_id="1", file_name=document.filename)
                return self._keep(bot, method, next(self._ids), document=file, caption=method.caption)
            case SendPhoto():
                photo, caption = await self._photo(bot, method, method.photo, method.caption)
                return self._keep(bot, method, next(self._ids), photo=photo, caption=caption)
            case DeleteMessage():
                return self.messages.pop(method.message_id, None) is not None
            case AnswerCallbackQuery():
                if method.text:
                    self.toasts.append(Toast(method.text, bool(method.show_alert)))
                return True
            case SendChatAction():
                return True
            case GetFile():
                if method.file_id not in self.files:
                    raise TelegramBadRequest(method, "Bad Request: wrong file_id or the file is unavailable")
                return File(file_id=method.file_id, file_unique_id="1", file_path=method.file_id)
            case GetChat():
                if method.chat_id not in self.groups:
                    raise TelegramBadRequest(method, "Bad Request: chat not found")
                return ChatFullInfo.model_construct(id=method.chat_id, title=self.groups[method.chat_id])
        raise AssertionError(f"the menus are not known to call {type(method).__name__}")

    async def stream_content(self, url: str, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        yield self.files[url.rpartition("/")[2]]

    async def close(self) -> None:
        """Nothing is open."""

    async def _photo(
        self, bot: Bot, method: TelegramMethod[Any], photo: InputFile | str, caption: str | None
    ) -> tuple[list[PhotoSize], str | None]:
        """What is uploaded, or was before: then its id is given. Under a window's picture stands its text."""
        if isinstance(photo, InputFile):
            content = b"".join([chunk async for chunk in photo.read(bot)])
            file_id = hashlib.sha256(content).hexdigest()
            self.sent_files[photo.filename or file_id] = self.files[file_id] = content
        else:
            file_id = photo
            assert file_id in self.files
        if caption and getattr(method, "reply_markup", None):
            caption = self._visible(method, caption, html=True)
            assert len(caption) <= MAX_CAPTION
        return [PhotoSize(file_id=file_id, file_unique_id=file_id, width=1, height=1)], caption

    def _visible(self, method: TelegramMethod[Any], text: str, *, html: bool) -> str:
        text = parse_html(text).text.strip() if html else text
        if not text:
            raise TelegramBadRequest(method, "Bad Request: message text is empty")
        assert len(text) <= MAX_TEXT
        assert "Something went wrong on our side" not in text
        self.texts_shown.append(text)
        return text

    def _keep(self, bot: Bot, method: Any, message_id: int, **content: Any) -> Message:
        for row in method.reply_markup.inline_keyboard if method.reply_markup else ():
            assert all(len((button.callback_data or "").encode()) <= 64 and button.text for button in row)
        message = Message(
            message_id=message_id,
            date=datetime.now(UTC),
            chat=TelegramChat(id=method.chat_id, type="private"),
            from_user=BOT,
            reply_markup=method.reply_markup,
            **content,
        ).as_(bot)
        self.messages[message_id] = message
        return message


class Chat(BotClient):
    """What one operator sees and does."""

    def __init__(self, dispatcher: Dispatcher, bot: Bot, telegram: FakeTelegram, user_id: int) -> None:
        super().__init__(dispatcher, user_id=user_id, chat_id=user_id, bot=bot)
        self.telegram = telegram

    @property
    def menu(self) -> Message:
        """The last message that has buttons."""
        return next(message for message in reversed(self._mine) if message.reply_markup is not None)

    @property
    def text(self) -> str:
        return self.menu.text or self.menu.caption or ""

    @property
    def pictures(self) -> list[bytes]:
        """All pictures that are in the chat."""
        return [self.telegram.files[message.photo[0].file_id] for message in self._mine if message.photo]

    @property
    def last(self) -> str:
        """The last message of the chat, with buttons or without."""
        return self._mine[-1].text or ""

    @property
    def answer(self) -> str:
        """What was said besides the menu, which is below it again."""
        *_, said, menu = self._mine
        assert (said.reply_markup, menu) == (None, self.menu), "the menu is not below the answer"
        return said.text or ""

    @property
    def buttons(self) -> list[str]:
        return [button.text for row in self._keyboard for button in row]

    @property
    def toast(self) -> Toast:
        return self.telegram.toasts[-1]

    async def press(self, label: str) -> None:
        await self.press_times(label, 1)

    async def press_times(self, label: str, times: int) -> None:
        """Press a button of the menu as it is now, all presses at once, as an impatient finger does."""
        menu = self.menu
        if label not in self.buttons:
            raise AssertionError(f"no button {label!r} among {self.buttons} below {self.text!r}")
        button = InlineButtonTextLocator(re.escape(label))
        await asyncio.gather(*(self.click(menu, button) for _ in range(times)))

    async def press_on(self, message: Message, label: str) -> None:
        """Press a button of a message as it once was."""
        await self.click(message, InlineButtonTextLocator(re.escape(label)))

    @property
    def texts(self) -> list[str]:
        """Every text that was shown so far."""
        return self.telegram.texts_shown

    async def say(self, text: str) -> None:
        await self.send(text)

    @property
    def said(self) -> int:
        """The id of the last message that this operator wrote."""
        return self.last_message_id

    async def edit(self, message_id: int, text: str) -> None:
        """Change a text message of one's own."""
        await self._change(message_id, text=text)

    async def edit_caption(self, message_id: int, file_name: str, caption: str, *, content: str = "1") -> None:
        """Change the caption of a document of one's own; other `content`: another file in its place."""
        document = Document(file_id=file_name, file_unique_id=content, file_name=file_name)
        await self._change(message_id, document=document, caption=caption)

    async def _change(self, message_id: int, **content: Any) -> None:
        message = Message(
            message_id=message_id,
            date=datetime.now(UTC),
            edit_date=1,
            chat=self.chat,
            from_user=self.user,
            **content,
        )
        await self.dp.feed_update(self.bot, Update(update_id=self._new_update_id(), edited_message=message))

    async def drop(
        self, file_name: str, content: bytes, *, size: int | None = None, caption: str | None = None
    ) -> None:
        """Drop a document into the chat."""
        self.telegram.files[file_name] = content
        document = Document(
            file_id=file_name, file_unique_id="1", file_name=file_name, file_size=size or len(content)
        )
        await self._receive(document=document, caption=caption)

    async def drop_any(self, content: bytes = b"content", **message: Any) -> None:
        """Send a message of any other kind; of its file Telegram has this content."""
        self.telegram.files["file"] = content
        await self._receive(**message)

    async def drop_photo(self, *, caption: str | None = None) -> None:
        photo = PhotoSize(file_id="photo", file_unique_id="AQADBAAD" * 8, width=1, height=1)
        await self._receive(photo=[photo], caption=caption)

    async def _receive(self, **content: Any) -> None:
        message = self._new_message("", None).model_copy(update={"text": None, **content})
        await self.dp.feed_update(self.bot, Update(update_id=self._new_update_id(), message=message))

    @property
    def _mine(self) -> list[Message]:
        return [message for message in self.telegram.messages.values() if message.chat.id == self.chat.id]

    @property
    def _keyboard(self) -> list[list[InlineKeyboardButton]]:
        markup = self.menu.reply_markup
        return markup.inline_keyboard if markup else []


def messages(plan: str) -> list[NewStep]:
    """The messages of a plan in the builder's text format."""
    drafts = read_plan(plan, next_day=1)
    return [NewStep(draft.day, draft.send_time, draft.after_join_minutes, draft.body) for draft in drafts]
