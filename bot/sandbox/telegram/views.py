"""Our values as the page and the `/sandbox` routes show them."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.sandbox.telegram.rendering import to_html
from bot.sandbox.telegram.state import Button, Chat, MediaKind, Message, User
from bot.sandbox.telegram.store import Store


class ChatView(BaseModel):
    id: int
    type: Literal["private", "group"]
    title: str
    bot_is_member: bool = Field(description="The bot may write here; in a private chat: the user wrote first")
    last_message_id: int | None


class SenderView(BaseModel):
    id: int
    name: str
    is_bot: bool


class MediaView(BaseModel):
    kind: MediaKind
    file_id: str
    file_name: str
    mime_type: str
    size: int
    width: int | None
    height: int | None


class ButtonView(BaseModel):
    label: str
    kind: Literal["callback", "url"]
    data: str | None = None
    url: str | None = None


class MessageView(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True)

    message_id: int
    chat_id: int
    sender: SenderView = Field(serialization_alias="from")
    date: datetime
    edited: bool
    html: str = Field(description="The text or caption as safe HTML; line breaks are line breaks")
    text: str
    media: MediaView | None
    buttons: list[list[ButtonView]]
    reply_to_message_id: int | None
    service: str | None


class PressView(BaseModel):
    """`answered`: the bot answered the press in time; a url button needs no answer."""

    answered: bool
    text: str = ""
    show_alert: bool = False
    url: str = ""


def chat_view(store: Store, chat: Chat) -> ChatView:
    return ChatView(
        id=chat.id,
        type="private" if chat.is_private else "group",
        title=chat.title,
        bot_is_member=chat.bot_may_write,
        last_message_id=store.last_message_id(chat.id),
    )


def message_view(store: Store, bot: User, message: Message) -> MessageView:
    sender = store.user(message.sender_id) or bot
    return MessageView(
        message_id=message.message_id,
        chat_id=message.chat_id,
        sender=SenderView(id=sender.id, name=sender.first_name, is_bot=sender.is_bot),
        date=datetime.fromtimestamp(message.date, UTC),
        edited=message.edit_date is not None,
        html=to_html(message.content),
        text=message.content.text,
        media=_media_view(message),
        buttons=[[_button_view(button) for button in row] for row in message.keyboard],
        reply_to_message_id=message.reply_to_message_id,
        service=_service_text(bot, sender, message),
    )


def _media_view(message: Message) -> MediaView | None:
    file = message.media
    if file is None:
        return None
    return MediaView(
        kind=file.kind,
        file_id=file.file_id,
        file_name=file.file_name,
        mime_type=file.mime_type,
        size=file.size,
        width=file.width or None,
        height=file.height or None,
    )


def _button_view(button: Button) -> ButtonView:
    if button.url is not None:
        return ButtonView(label=button.text, kind="url", url=button.url)
    return ButtonView(label=button.text, kind="callback", data=button.callback_data)


def _service_text(bot: User, sender: User, message: Message) -> str | None:
    match message.service:
        case "joined":
            return f"{bot.first_name} joined the group"
        case "left":
            return f"{bot.first_name} left the group"
        case "pinned":
            return f"{sender.first_name} pinned a message"
        case None:
            return None
