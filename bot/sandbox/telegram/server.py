"""The server: the bot's calls on one side, people's actions on the other."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.sandbox.telegram.errors import missing, not_found, out_of_turn, refused, unauthorized
from bot.sandbox.telegram.formatting import MAX_CAPTION, MAX_TEXT, split_text, tidy, utf16_length
from bot.sandbox.telegram.media import MAX_UPLOAD, NotAPictureError, Upload, keep_file
from bot.sandbox.telegram.methods import METHODS
from bot.sandbox.telegram.methods.call import Call
from bot.sandbox.telegram.shapes import user_shape
from bot.sandbox.telegram.state import Button, Chat, File, FormattedText, MediaKind, Message, User
from bot.sandbox.telegram.store import Store
from bot.sandbox.telegram.throttle import Throttle
from bot.sandbox.telegram.views import ChatView, MessageView, PressView
from bot.sandbox.telegram.world import OPERATOR, World
from engine.feed import Feed, Subscription


class BotApiServer:
    """One bot, its chats and the people in them, kept in `directory`.

    People's actions raise `HTTPException` with a sentence for the person. With `limits` the bot meets
    Telegram's real rate limits.
    """

    def __init__(
        self,
        directory: Path,
        token: str,
        bot_name: str = "dripdesk",
        bot_username: str = "dripdesk_bot",
        *,
        limits: bool = False,
    ) -> None:
        self._token = token
        self._store = Store(directory)
        bot = User(int(token.partition(":")[0]), bot_name, bot_username, is_bot=True)
        self._world = World(self._store, bot)
        self._throttle = Throttle(enforce=limits)
        self._delivery: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to deliver to the bot's webhook, should it set one."""
        self._delivery = asyncio.create_task(self._world.webhook.run(), name="sandbox webhook delivery")
        self._world.updates.webhook_news.set()

    def release(self) -> None:
        """Let everyone go who waits (polls, presses, pages' feeds), so that the HTTP server can drain."""
        self._world.updates.close()
        self._world.presses.close()
        self._world.feed.close()

    async def close(self) -> None:
        """After the HTTP server has stopped. Idempotent."""
        self.release()
        if self._delivery:
            self._delivery.cancel()
            with suppress(asyncio.CancelledError):
                await self._delivery
            self._delivery = None
        self._store.close()

    # The bot's side

    def check_token(self, token: str) -> None:
        if token != self._token:
            raise unauthorized()

    async def call(self, token: str, method: str, call: Call) -> Any:
        """The `result` of a Bot API method; raises BotApiError."""
        self.check_token(token)
        name = method.lower()
        if name not in METHODS:
            raise not_found()
        self._throttle.check(name, call.chat_id())
        return await METHODS[name](self._world, call)

    def flood(self, method: str | None = None, retry_after: int = 3, times: int = 1) -> None:
        """Answer 429 to the next calls of this method, or of any that names a chat."""
        self._throttle.flood(method, retry_after, times)

    def file_at(self, file_path: str) -> tuple[File, Path] | None:
        """A file by its Bot API path, and where its bytes are."""
        file = self._store.file_at(file_path)
        return (file, self._store.content_path(file)) if file else None

    # People's side

    @property
    def feed(self) -> Feed:
        return self._world.feed

    def subscribe(self) -> Subscription:
        return Subscription(self._world.feed)

    def chats(self) -> list[ChatView]:
        return [self._world.chat_view(chat) for chat in self._store.chats()]

    def messages(self, chat_id: int, limit: int = 100) -> list[MessageView]:
        """The newest `limit` messages, oldest first."""
        self._chat(chat_id)
        return [self._world.view(message) for message in self._store.last_messages(chat_id, limit)]

    def file(self, file_id: str) -> tuple[File, Path]:
        file = self._store.file(file_id)
        if file is None:
            raise missing("There is no such file")
        return file, self._store.content_path(file)

    async def post_text(
        self, chat_id: int, text: str, user_id: int | None = None, reply_to_message_id: int | None = None
    ) -> MessageView:
        """A text longer than 4096 goes out in pieces, as from Telegram's apps; returns the last."""
        if not text.strip():
            raise refused("There is no text to send")
        if reply_to_message_id is not None:
            self._message(chat_id, reply_to_message_id)
        with self._store.transaction():
            chat, sender = self._enter(chat_id, user_id)
            for part in split_text(text.strip()):
                content = tidy(FormattedText(part))
                message = self._world.post(chat, sender, content, reply_to=reply_to_message_id)
                self._tell_bot(chat, "message", message)
        return self._world.view(message)

    async def upload(
        self,
        chat_id: int,
        upload: Upload,
        kind: MediaKind,
        caption: str = "",
        user_id: int | None = None,
        *,
        reply_to_message_id: int | None = None,
    ) -> MessageView:
        if reply_to_message_id is not None:
            self._message(chat_id, reply_to_message_id)
        if not upload.content:
            raise refused("The file is empty")
        if len(upload.content) > MAX_UPLOAD:
            raise refused("The file is larger than 50 MB")
        content = tidy(FormattedText(caption))
        if utf16_length(content.text) > MAX_CAPTION:
            raise refused(f"A caption has at most {MAX_CAPTION} characters")
        self._enter(chat_id, user_id)
        try:
            media = await keep_file(self._store, kind, upload)
        except NotAPictureError:
            raise refused("This is not a PNG or JPEG picture; send it as a document") from None
        with self._store.transaction():
            chat, sender = self._enter(chat_id, user_id)
            message = self._world.post(chat, sender, content, media=media, reply_to=reply_to_message_id)
            self._tell_bot(chat, "message", message)
        return self._world.view(message)

    async def edit(self, chat_id: int, message_id: int, text: str) -> MessageView:
        """A person changes the text or caption of an own message."""
        chat, message = self._chat(chat_id), self._message(chat_id, message_id)
        if message.sender_id == self._world.bot.id or message.service:
            raise out_of_turn("Only messages that people wrote can be edited")
        content = tidy(FormattedText(text))
        maximum = MAX_CAPTION if message.media else MAX_TEXT
        if utf16_length(content.text) > maximum or not (content.text or message.media):
            raise refused(f"A message has 1 to {MAX_TEXT} characters, a caption at most {MAX_CAPTION}")
        if content != message.content:
            with self._store.transaction():
                message = self._world.edit(replace(message, content=content))
                self._tell_bot(chat, "edited_message", message)
        return self._world.view(message)

    async def delete(self, chat_id: int, message_id: int) -> None:
        """Bots are not told of it, as in Telegram."""
        self._world.delete(self._message(chat_id, message_id))

    async def press(
        self,
        chat_id: int,
        message_id: int,
        *,
        button: str | None = None,
        data: str | None = None,
        user_id: int | None = None,
    ) -> PressView:
        """Press the button with this label or callback data; waits for the bot's answer, 10 s at most."""
        message = self._message(chat_id, message_id)
        pressed = _find_button(message, button, data)
        if pressed.url is not None:
            return PressView(answered=True, url=pressed.url)
        chat = self._chat(chat_id)
        if not chat.bot_may_write:
            raise out_of_turn("The bot is not in this group any more")
        sender = self._person(chat_id, user_id)
        press = self._world.presses.begin(chat_id)
        query = {
            "id": press.query_id,
            "from": user_shape(sender),
            "message": self._world.shape(message),
            "chat_instance": str(chat_id),
            "data": pressed.callback_data,
        }
        self._world.updates.put("callback_query", query)
        answer = await self._world.presses.wait(press)
        if answer is None:
            return PressView(answered=False)
        return PressView(answered=True, text=answer.text, show_alert=answer.show_alert, url=answer.url)

    async def set_membership(self, chat_id: int, *, member: bool, user_id: int | None = None) -> ChatView:
        """Someone adds the bot to a group or removes it."""
        chat = self._chat(chat_id)
        if chat.is_private:
            raise refused("The bot can only be added to a group")
        return self._world.chat_view(
            self._world.set_membership(chat, self._person(chat_id, user_id), member=member)
        )

    def _tell_bot(self, chat: Chat, kind: str, message: Message) -> None:
        if chat.bot_may_write:
            self._world.updates.put(kind, self._world.shape(message))

    def _enter(self, chat_id: int, user_id: int | None) -> tuple[Chat, User]:
        """Who writes, and where. The first message of a person opens their private chat with the bot."""
        sender = self._person(chat_id, user_id)
        chat = self._store.chat(chat_id)
        if chat is None and chat_id != sender.id:
            raise missing(f"There is no chat {chat_id}")
        chat = chat or Chat(sender.id, sender.first_name)
        if chat.is_private and not chat.bot_may_write:
            chat = self._world.save_chat(replace(chat, bot_may_write=True))
        return chat, sender

    def _person(self, chat_id: int, user_id: int | None) -> User:
        """In a private chat its user, in a group whoever is named, else the operator; known from now on."""
        named = user_id or (chat_id if chat_id > 0 else OPERATOR.id)
        if named == self._world.bot.id or (chat_id > 0 and named != chat_id):
            raise refused(f"User {named} does not write in chat {chat_id}")
        user = self._store.user(named)
        if user is None:
            user = User(named, f"User {named}")
            self._store.save_user(user)
        return user

    def _chat(self, chat_id: int) -> Chat:
        chat = self._store.chat(chat_id)
        if chat is None:
            raise missing(f"There is no chat {chat_id}")
        return chat

    def _message(self, chat_id: int, message_id: int) -> Message:
        message = self._store.message(chat_id, message_id)
        if message is None:
            raise missing(f"There is no message {message_id} in chat {chat_id}")
        return message


def _find_button(message: Message, label: str | None, data: str | None) -> Button:
    for row in message.keyboard:
        for button in row:
            if (label is not None and button.text == label) or (data is not None and button.callback_data == data):
                return button
    raise missing(f"Message {message.message_id} has no such button")
