from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.contact_list.context import list_of
from bot.dialogs.contact_list.states import OneList
from bot.dialogs.contacts.export import send_export
from bot.dialogs.contacts.states import AddToSequence
from bot.dialogs.context import actor_of
from bot.dialogs.importing.context import about_import
from bot.dialogs.importing.states import Import
from bot.dialogs.new_campaign.handlers import open_new_for
from engine.contacts.exporting import ContactExports
from engine.contacts.lists import ContactLists


@inject
async def add_to_sequence(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, lists: FromDishka[ContactLists]
) -> None:
    card = await lists.card(actor_of(manager), list_of(manager))
    await manager.start(AddToSequence.sequence, data={"list_id": card.id, "list_name": card.name})


@inject
async def new_campaign(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, lists: FromDishka[ContactLists]
) -> None:
    card = await lists.card(actor_of(manager), list_of(manager))
    await open_new_for(manager, card.id, card.name)


@inject
async def export(
    callback: CallbackQuery, _button: Button, manager: DialogManager, exports: FromDishka[ContactExports]
) -> None:
    await send_export(callback, manager, await exports.prepare(actor_of(manager), list_of(manager)))


@inject
async def open_import(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, lists: FromDishka[ContactLists]
) -> None:
    card = await lists.card(actor_of(manager), list_of(manager))
    if card.import_id is not None:
        await manager.start(Import.card, data=about_import(card.import_id))


@inject
async def rename(
    _message: Message, _input: Any, manager: DialogManager, text: str, lists: FromDishka[ContactLists]
) -> None:
    await lists.rename(actor_of(manager), list_of(manager), text)
    await manager.switch_to(OneList.card)


@inject
async def delete(
    callback: CallbackQuery, _button: Button, manager: DialogManager, lists: FromDishka[ContactLists]
) -> None:
    await lists.delete(actor_of(manager), list_of(manager))
    await callback.answer("The list is gone. Its people are still in your contacts.")
    await manager.done()
