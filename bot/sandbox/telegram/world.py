"""The chats and who is in them: every change is stored, told to the open pages, and returned."""

import time
from dataclasses import replace

from bot.sandbox.telegram.presses import PendingPresses
from bot.sandbox.telegram.shapes import chat_shape, member_shape, message_shape, user_shape
from bot.sandbox.telegram.state import Chat, File, FormattedText, Keyboard, Message, Service, User
from bot.sandbox.telegram.store import Json, Store
from bot.sandbox.telegram.updates import UpdateQueue
from bot.sandbox.telegram.views import ChatView, MessageView, chat_view, message_view
from bot.sandbox.telegram.webhook import WebhookDelivery
from engine.feed import Feed

OPERATOR = User(1001, "Aisyah", "aisyah")
ALERTS_GROUP = Chat(-1001, "Alerts")


class World:
    def __init__(self, store: Store, bot: User) -> None:
        self.store = store
        self.bot = bot
        self.feed = Feed()
        self.presses = PendingPresses()
        self.updates = UpdateQueue(store)
        self.webhook = WebhookDelivery(store, self.updates)
        with store.transaction():
            store.save_user(bot)
            if store.user(OPERATOR.id) is None:
                store.save_user(OPERATOR)
                store.save_chat(Chat(OPERATOR.id, OPERATOR.first_name))
                store.save_chat(ALERTS_GROUP)

    def view(self, message: Message) -> MessageView:
        return message_view(self.store, self.bot, message)

    def shape(self, message: Message) -> Json:
        return message_shape(self.store, message)

    def chat_view(self, chat: Chat) -> ChatView:
        return chat_view(self.store, chat)

    def save_chat(self, chat: Chat) -> Chat:
        self.store.save_chat(chat)
        self.feed.publish("chat", chat=self.chat_view(chat).model_dump(mode="json"))
        return chat

    def post(
        self,
        chat: Chat,
        sender: User,
        content: FormattedText = FormattedText(),  # noqa: B008  # a frozen value
        *,
        media: File | None = None,
        keyboard: Keyboard = (),
        reply_to: int | None = None,
        media_group_id: str | None = None,
        service: Service | None = None,
    ) -> Message:
        message = Message(
            message_id=self.store.next_message_id(),
            chat_id=chat.id,
            sender_id=sender.id,
            date=int(time.time()),
            content=content,
            media=media,
            keyboard=keyboard,
            reply_to_message_id=reply_to,
            media_group_id=media_group_id,
            service=service,
        )
        self.store.save_message(message)
        self._publish("message", message)
        return message

    def edit(self, message: Message) -> Message:
        """Store the changed message as edited now."""
        edited = replace(message, edit_date=int(time.time()))
        self.store.save_message(edited)
        self._publish("edited", edited)
        return edited

    def delete(self, message: Message) -> None:
        self.store.delete_message(message)
        self.feed.publish("deleted", chat_id=message.chat_id, message_id=message.message_id)

    def set_membership(self, chat: Chat, actor: User, *, member: bool) -> Chat:
        """The bot joins or leaves the group; nothing happens if it is so already."""
        if chat.bot_may_write == member:
            return chat
        now = ("left", "member") if member else ("member", "left")
        with self.store.transaction():
            chat = self.save_chat(replace(chat, bot_may_write=member))
            self.updates.put(
                "my_chat_member",
                {
                    "chat": chat_shape(self.store, chat),
                    "from": user_shape(actor),
                    "date": int(time.time()),
                    "old_chat_member": member_shape(self.bot, now[0]),
                    "new_chat_member": member_shape(self.bot, now[1]),
                },
            )
            message = self.post(chat, actor, service="joined" if member else "left")
            if member:
                joined = {"new_chat_members": [user_shape(self.bot)]}
                self.updates.put("message", {**self.shape(message), **joined})
        return chat

    def _publish(self, kind: str, message: Message) -> None:
        self.feed.publish(kind, message=self.view(message).model_dump(mode="json"))
