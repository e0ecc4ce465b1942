"""Methods about the bot itself: its updates, its webhook, its commands, its answers to presses."""

import json
from typing import Any

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.methods.call import Call
from bot.sandbox.telegram.presses import Answer
from bot.sandbox.telegram.shapes import bot_shape
from bot.sandbox.telegram.state import Webhook
from bot.sandbox.telegram.world import World

_MAX_POLL_SECONDS = 50
_MAX_ANSWER = 200


async def get_me(world: World, _: Call) -> Any:
    return bot_shape(world.bot)


async def get_updates(world: World, call: Call) -> Any:
    return await world.updates.poll(
        call.integer("offset"),
        min(max(call.integer("limit", 100), 1), 100),
        min(call.integer("timeout"), _MAX_POLL_SECONDS),
        call.strings("allowed_updates"),
    )


async def set_webhook(world: World, call: Call) -> Any:
    """Real webhooks need HTTPS; a local server, as here, takes plain HTTP as well."""
    url = call.text("url")
    if url and not url.startswith(("http://", "https://")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    world.updates.set_webhook(
        Webhook(url, call.text("secret_token")) if url else None,
        call.strings("allowed_updates"),
        drop_pending=call.flag("drop_pending_updates"),
    )
    world.webhook.last_error = None
    return True


async def delete_webhook(world: World, call: Call) -> Any:
    world.updates.set_webhook(None, None, drop_pending=call.flag("drop_pending_updates"))
    return True


async def get_webhook_info(world: World, _: Call) -> Any:
    webhook = world.updates.webhook
    info: dict[str, Any] = {
        "url": webhook.url if webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": world.store.count_updates(),
    }
    if world.updates.allowed:
        info["allowed_updates"] = world.updates.allowed
    if webhook and world.webhook.last_error:
        info["last_error_date"], info["last_error_message"] = world.webhook.last_error
    return info


async def set_my_commands(world: World, call: Call) -> Any:
    commands = [{name: item.get(name) for name in ("command", "description")} for item in call.objects("commands")]
    world.store.save_setting(_commands_key(call), commands)
    return True


async def get_my_commands(world: World, call: Call) -> Any:
    return world.store.setting(_commands_key(call)) or []


async def delete_my_commands(world: World, call: Call) -> Any:
    world.store.delete_setting(_commands_key(call))
    return True


async def answer_callback_query(world: World, call: Call) -> Any:
    answer = Answer(call.text("text"), call.flag("show_alert"), call.text("url"))
    if len(answer.text) > _MAX_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    chat_id = world.presses.answer(call.text("callback_query_id"), answer)
    if answer.text:
        world.feed.publish("toast", chat_id=chat_id, text=answer.text, show_alert=answer.show_alert)
    return True


async def close(_world: World, _call: Call) -> Any:
    """`close` and `logOut` move a bot between servers; here is only one."""
    return True


def _commands_key(call: Call) -> str:
    scope = call.object("scope") or {"type": "default"}
    return f"commands {json.dumps(scope, sort_keys=True)} {call.text('language_code')}"
