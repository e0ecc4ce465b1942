"""Methods that put new messages into a chat."""

import secrets
from typing import Any

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.methods.call import Call
from bot.sandbox.telegram.methods.files import media_file
from bot.sandbox.telegram.state import MediaKind
from bot.sandbox.telegram.world import World

_ALBUM_KINDS = {MediaKind.PHOTO, MediaKind.VIDEO, MediaKind.DOCUMENT, MediaKind.AUDIO}
_MAX_ALBUM = 10


async def send_message(world: World, call: Call) -> Any:
    chat = call.chat(world)
    with world.store.transaction():
        message = world.post(
            chat,
            world.bot,
            call.message_text(),
            keyboard=call.keyboard(),
            reply_to=call.reply_to(world, chat),
        )
    return world.shape(message)


async def send_photo(world: World, call: Call) -> Any:
    return await _send_media(world, call, MediaKind.PHOTO)


async def send_document(world: World, call: Call) -> Any:
    return await _send_media(world, call, MediaKind.DOCUMENT)


async def send_video(world: World, call: Call) -> Any:
    return await _send_media(world, call, MediaKind.VIDEO)


async def send_audio(world: World, call: Call) -> Any:
    return await _send_media(world, call, MediaKind.AUDIO)


async def send_animation(world: World, call: Call) -> Any:
    return await _send_media(world, call, MediaKind.ANIMATION)


async def _send_media(world: World, call: Call, kind: MediaKind) -> Any:
    chat = call.chat(world)
    caption, keyboard, reply_to = call.caption(), call.keyboard(), call.reply_to(world, chat)
    media = await media_file(world, call, kind, field=kind)
    with world.store.transaction():
        message = world.post(chat, world.bot, caption, media=media, keyboard=keyboard, reply_to=reply_to)
    return world.shape(message)


async def send_media_group(world: World, call: Call) -> Any:
    chat = call.chat(world)
    reply_to = call.reply_to(world, chat)
    items = [Call(item, call.uploads) for item in call.objects("media")]
    if not items:
        raise bad_request("there are no messages to send")
    if len(items) > _MAX_ALBUM:
        raise bad_request("too many messages to send as an album")
    contents = [(await input_media(world, item, _ALBUM_KINDS), item.caption()) for item in items]
    album = str(secrets.randbits(62))
    with world.store.transaction():
        messages = [
            world.post(chat, world.bot, caption, media=media, reply_to=reply_to, media_group_id=album)
            for media, caption in contents
        ]
    return [world.shape(message) for message in messages]


async def input_media(world: World, item: Call, kinds: set[MediaKind]) -> Any:
    """The file of an InputMedia object."""
    kind = item.text("type")
    if kind not in kinds:
        raise bad_request("can't parse InputMedia: wrong type specified")
    return await media_file(world, item, MediaKind(kind), field="media")


async def copy_message(world: World, call: Call) -> Any:
    chat = call.chat(world)
    original = world.store.message(call.integer("from_chat_id"), call.integer("message_id"))
    if original is None:
        raise bad_request("message to copy not found")
    if original.service:
        raise bad_request("message can't be copied")
    replaces_caption = original.media is not None and call.parameters.get("caption") is not None
    content = call.caption() if replaces_caption else original.content
    with world.store.transaction():
        copy = world.post(
            chat,
            world.bot,
            content,
            media=original.media,
            keyboard=call.keyboard(),
            reply_to=call.reply_to(world, chat),
        )
    return {"message_id": copy.message_id}


async def send_chat_action(world: World, call: Call) -> Any:
    world.feed.publish("typing", chat_id=call.chat(world).id)
    return True
