"""Methods that change or take away messages."""

from dataclasses import replace
from typing import Any

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.methods.call import Call
from bot.sandbox.telegram.methods.sending import input_media
from bot.sandbox.telegram.state import MediaKind, Message
from bot.sandbox.telegram.world import World


async def edit_message_text(world: World, call: Call) -> Any:
    message = _own_message(world, call)
    if message.media:
        raise bad_request("there is no text in the message to edit")
    return _save(world, message, replace(message, content=call.message_text(), keyboard=_keyboard(call)))


async def edit_message_caption(world: World, call: Call) -> Any:
    message = _own_message(world, call)
    if message.media is None:
        raise bad_request("there is no caption in the message to edit")
    return _save(world, message, replace(message, content=call.caption(), keyboard=_keyboard(call)))


async def edit_message_media(world: World, call: Call) -> Any:
    """A text message may become one with media, never the other way round."""
    item = Call(call.object("media"), call.uploads)
    media, caption, keyboard = await input_media(world, item, set(MediaKind)), item.caption(), _keyboard(call)
    message = _own_message(world, call)  # read after the upload: it may have changed meanwhile
    if message.media and message.media.unique_id == media.unique_id:
        media = message.media
    return _save(world, message, replace(message, media=media, content=caption, keyboard=keyboard))


async def edit_message_reply_markup(world: World, call: Call) -> Any:
    message = _own_message(world, call)
    return _save(world, message, replace(message, keyboard=_keyboard(call)))


async def delete_message(world: World, call: Call) -> Any:
    chat = call.chat(world)
    message = world.store.message(chat.id, call.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if not chat.is_private and message.sender_id != world.bot.id:
        raise bad_request("message can't be deleted")
    world.delete(message)
    return True


async def delete_messages(world: World, call: Call) -> Any:
    """Messages that are not there are passed over."""
    chat = call.chat(world)
    for message_id in call.json("message_ids") or []:
        message = world.store.message(chat.id, int(message_id))
        if message and (chat.is_private or message.sender_id == world.bot.id):
            world.delete(message)
    return True


def _own_message(world: World, call: Call) -> Message:
    message = world.store.message(call.chat(world).id, call.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if message.sender_id != world.bot.id or message.service:
        raise bad_request("message can't be edited")
    return message


def _keyboard(call: Call) -> Any:
    return call.keyboard(inline_only=True)


def _save(world: World, message: Message, changed: Message) -> Any:
    if changed == message:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same"
            " as a current content and reply markup of the message"
        )
    return world.shape(world.edit(changed))
