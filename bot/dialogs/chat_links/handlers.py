import asyncio
from typing import Any

from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.chat_links.context import link_of, target_of
from bot.dialogs.chat_links.picture import draw
from bot.dialogs.chat_links.states import ChatLinks as Windows
from bot.dialogs.context import actor_of, bot_of
from engine.contacts.click_to_chat import ChatLinks


async def open_link(_callback: CallbackQuery, _select: Any, manager: DialogManager, link_id: int) -> None:
    manager.dialog_data["link_id"] = link_id
    await manager.switch_to(Windows.link)


@inject
async def create(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    device_id: int,
    links: FromDishka[ChatLinks],
) -> None:
    actor, target = actor_of(manager), target_of(manager)
    if target.sequence_id is not None:
        link_id = await links.create_for_sequence(actor, target.sequence_id, device_id)
    else:
        link_id = await links.create_for_campaign(actor, target.campaign_id or 0, device_id)
    manager.dialog_data["link_id"] = link_id
    await manager.switch_to(Windows.link)


@inject
async def send_picture(
    callback: CallbackQuery, _button: Button, manager: DialogManager, links: FromDishka[ChatLinks]
) -> None:
    link = await links.get(actor_of(manager), link_of(manager))
    picture = BufferedInputFile(await asyncio.to_thread(draw, link.url), "chat link.png")
    # Not as a photo: Telegram makes those smaller, and a printer wants every dot.
    await bot_of(manager).send_document(callback.from_user.id, picture, caption=link.url, parse_mode=None)
    manager.show_mode = ShowMode.DELETE_AND_SEND


@inject
async def type_greeting(
    _message: Message, _input: Any, manager: DialogManager, typed: str, links: FromDishka[ChatLinks]
) -> None:
    await links.set_greeting(actor_of(manager), link_of(manager), typed)
    await manager.switch_to(Windows.link)


@inject
async def close(
    callback: CallbackQuery, _button: Button, manager: DialogManager, links: FromDishka[ChatLinks]
) -> None:
    await links.close(actor_of(manager), link_of(manager))
    await callback.answer("Closed. Nobody joins by it any more.")


@inject
async def reopen(
    callback: CallbackQuery, _button: Button, manager: DialogManager, links: FromDishka[ChatLinks]
) -> None:
    await links.reopen(actor_of(manager), link_of(manager))
    await callback.answer("Open again.")
