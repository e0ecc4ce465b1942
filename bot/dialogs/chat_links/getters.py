from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.chat_links.context import Target, link_of, target_of
from engine.actor import Actor
from engine.contacts.click_to_chat import ChatLinks, ChatLinkView
from engine.devices.registry import Devices
from models.enums import Role


@inject
async def get_all(
    dialog_manager: DialogManager, actor: Actor, links: FromDishka[ChatLinks], **_: Any
) -> dict[str, Any]:
    found = await links_of(links, actor, target_of(dialog_manager))
    return {
        "links": [
            (f"{'🔗' if link.closed_at is None else '🔒'} {link.device} · {link.joined:,}", link.id)
            for link in found
        ],
        "may_change": actor.role is not Role.VIEWER,
    }


async def links_of(links: ChatLinks, actor: Actor, target: Target) -> list[ChatLinkView]:
    if target.sequence_id is not None:
        return await links.of_sequence(actor, target.sequence_id)
    return await links.of_campaign(actor, target.campaign_id or 0)


@inject
async def get_devices(actor: Actor, devices: FromDishka[Devices], **_: Any) -> dict[str, Any]:
    return {"devices": [(device.name, device.id) for device in await devices.list(actor)]}


@inject
async def get_link(
    dialog_manager: DialogManager, actor: Actor, links: FromDishka[ChatLinks], **_: Any
) -> dict[str, Any]:
    link = await links.get(actor, link_of(dialog_manager))
    may_change = actor.role is not Role.VIEWER
    return {
        "link": link,
        "open": link.closed_at is None,
        "may_close": may_change and link.closed_at is None,
        "may_reopen": may_change and link.closed_at is not None,
        "may_change": may_change,
    }
