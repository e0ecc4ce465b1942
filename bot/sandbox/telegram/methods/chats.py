"""Methods about chats and who is in them."""

from dataclasses import replace
from typing import Any

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.methods.call import Call
from bot.sandbox.telegram.shapes import full_chat_shape, member_shape
from bot.sandbox.telegram.world import OPERATOR, World


async def get_chat(world: World, call: Call) -> Any:
    return full_chat_shape(world.store, call.chat(world))


async def get_chat_member(world: World, call: Call) -> Any:
    """The operator made the group; whoever else is known may be in it."""
    chat = call.chat(world)
    user = world.store.user(call.integer("user_id"))
    if user is None or (chat.is_private and user.id not in {chat.id, world.bot.id}):
        raise bad_request("member not found")
    created_it = user.id == OPERATOR.id and not chat.is_private
    return member_shape(user, "creator" if created_it else "member")


async def get_chat_administrators(world: World, call: Call) -> Any:
    if call.chat(world).is_private:
        raise bad_request("there are no administrators in the private chat")
    return [member_shape(OPERATOR, "creator")]


async def leave_chat(world: World, call: Call) -> Any:
    chat = call.chat(world)
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    world.set_membership(chat, world.bot, member=False)
    return True


async def pin_chat_message(world: World, call: Call) -> Any:
    chat = call.chat(world)
    message = world.store.message(chat.id, call.integer("message_id"))
    if message is None:
        raise bad_request("message to pin not found")
    if chat.pinned_message_id != message.message_id:
        with world.store.transaction():
            chat = world.save_chat(replace(chat, pinned_message_id=message.message_id))
            world.post(chat, world.bot, reply_to=message.message_id, service="pinned")
    return True


async def unpin_chat_message(world: World, call: Call) -> Any:
    chat = call.chat(world)
    message_id = call.integer("message_id") or chat.pinned_message_id
    if message_id is None or message_id != chat.pinned_message_id:
        raise bad_request("message to unpin not found")
    world.save_chat(replace(chat, pinned_message_id=None))
    return True


async def unpin_all_chat_messages(world: World, call: Call) -> Any:
    world.save_chat(replace(call.chat(world), pinned_message_id=None))
    return True
