"""Who may do what: nothing answers a stranger, and every press is checked against the presser's role."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Chat, TelegramObject, Update, User
from aiogram_dialog import ChatEvent
from aiogram_dialog.api.entities import Context, DialogUpdate, Stack
from aiogram_dialog.api.protocols import StackAccessValidator

from engine.workspaces import Workspaces

CLAIM = "claim_"  # the payload of a one-time link: /start claim_TOKEN


class AccessMiddleware(BaseMiddleware):
    """Outermost of all: sets `actor` for an operator and drops what anybody else sends.

    Two things of a stranger pass, for their handlers to judge: the first owner's claim, and word that the bot
    was added to a chat or removed from one.
    """

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        user: User | None = data.get("event_from_user")
        actor = await self._workspaces.actor_for(user.id) if user is not None else None
        if actor is None and not _passes(event):
            return None
        data["actor"] = actor
        return await handler(event, data)


def _passes(event: TelegramObject) -> bool:
    if not isinstance(event, Update) or isinstance(event, DialogUpdate):
        return False
    message = event.message
    claims = message is not None and (message.text or "").startswith(f"/start {CLAIM}")
    return claims or event.my_chat_member is not None


class PrivateMenusOnly(StackAccessValidator):
    """Menus live in private chats; in a group no button of a menu does anything."""

    async def is_allowed(
        self,
        stack: Stack,  # noqa: ARG002 (the signature is the protocol's)
        context: Context | None,  # noqa: ARG002
        event: ChatEvent,  # noqa: ARG002
        data: dict[str, Any],
    ) -> bool:
        chat: Chat | None = data.get("event_chat")
        return chat is not None and chat.id > 0  # a group's is negative; a chat that we name ourselves has no type
