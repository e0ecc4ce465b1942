"""Our values in the JSON shapes of the Bot API."""

from dataclasses import asdict
from typing import Any

from bot.sandbox.telegram.state import Chat, Entity, File, Keyboard, MediaKind, Message, User
from bot.sandbox.telegram.store import Store

Json = dict[str, Any]


def user_shape(user: User) -> Json:
    return _present({**asdict(user), "language_code": None if user.is_bot else "en"})


def bot_shape(bot: User) -> Json:
    """What getMe answers. In this sandbox the bot sees everything that is written in its groups."""
    return {
        **user_shape(bot),
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def chat_shape(store: Store, chat: Chat) -> Json:
    if not chat.is_private:
        return {"id": chat.id, "type": "group", "title": chat.title}
    user = store.user(chat.id)
    username = user.username if user else None
    return _present({"id": chat.id, "type": "private", "first_name": chat.title, "username": username})


def full_chat_shape(store: Store, chat: Chat) -> Json:
    pinned = store.message(chat.id, chat.pinned_message_id) if chat.pinned_message_id else None
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    shape = {
        **chat_shape(store, chat),
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }
    return {**shape, "pinned_message": message_shape(store, pinned)} if pinned else shape


def member_shape(user: User, status: str) -> Json:
    anonymity = {"is_anonymous": False} if status == "creator" else {}
    return {"user": user_shape(user), "status": status, **anonymity}


def file_shape(file: File) -> Json:
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
        "file_path": file.file_path,
    }


def keyboard_shape(keyboard: Keyboard) -> Json:
    return {"inline_keyboard": [[_present(asdict(button)) for button in row] for row in keyboard]}


def message_shape(store: Store, message: Message, *, with_reply: bool = True) -> Json:
    chat = store.chat(message.chat_id)
    sender = store.user(message.sender_id)
    if chat is None or sender is None:
        raise LookupError(f"message {message.message_id} belongs to nobody")
    shape: Json = {
        "message_id": message.message_id,
        "date": message.date,
        "chat": chat_shape(store, chat),
        "from": user_shape(sender),
        "edit_date": message.edit_date,
        "media_group_id": message.media_group_id,
        **_content_shape(store, message),
    }
    if message.keyboard:
        shape["reply_markup"] = keyboard_shape(message.keyboard)
    if with_reply and message.reply_to_message_id:
        answered = store.message(chat.id, message.reply_to_message_id)
        shape["reply_to_message"] = message_shape(store, answered, with_reply=False) if answered else None
    return _present(shape)


def _content_shape(store: Store, message: Message) -> Json:
    entities = [_entity_shape(store, entity) for entity in message.content.entities]
    if message.media is None:
        return {"text": message.content.text or None, "entities": entities or None}
    return {
        **_media_shape(message.media),
        "caption": message.content.text or None,
        "caption_entities": entities or None,
    }


def _entity_shape(store: Store, entity: Entity) -> Json:
    shape = asdict(entity)
    user_id = shape.pop("user_id")
    if user_id is not None:
        shape["user"] = user_shape(store.user(user_id) or User(user_id, f"User {user_id}"))
    return _present(shape)


def _media_shape(file: File) -> Json:
    shape: Json = {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
    }
    if file.kind is MediaKind.PHOTO:
        return {"photo": [{**shape, "width": file.width, "height": file.height}]}
    shape |= {"file_name": file.file_name, "mime_type": file.mime_type}
    if file.kind is MediaKind.DOCUMENT:
        return {"document": shape}
    if file.kind is MediaKind.AUDIO:
        return {"audio": {**shape, "duration": file.duration}}
    moving = {**shape, "width": file.width, "height": file.height, "duration": file.duration}
    if file.kind is MediaKind.ANIMATION:  # Telegram sends it twice, for clients that know no animations
        return {"animation": moving, "document": shape}
    return {"video": moving}


def _present(shape: Json) -> Json:
    return {name: value for name, value in shape.items() if value is not None}
