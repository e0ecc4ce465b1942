from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.formatting import counted
from bot.dialogs.permission import source_of
from bot.dialogs.person.context import DELETED, person_of
from bot.dialogs.person_edit.states import PersonEdit
from engine.contacts.deleting import ContactDeletion
from engine.contacts.editing import ContactEditor
from engine.contacts.entering import clean_evidence
from engine.contacts.leads import Leads
from engine.sequences.intake import JoinedByItself


@inject
async def rename(
    _message: Message, _input: Any, manager: DialogManager, text: str, editor: FromDishka[ContactEditor]
) -> None:
    await editor.rename(actor_of(manager), person_of(manager), text)
    await manager.switch_to(PersonEdit.main)


# Interests


async def open_interest(_callback: CallbackQuery, _select: Any, manager: DialogManager, number: int) -> None:
    manager.dialog_data["niche"] = manager.dialog_data["niches"][number]
    await manager.switch_to(PersonEdit.interest)


@inject
async def add_known_interest(
    callback: CallbackQuery, _select: Any, manager: DialogManager, number: int, leads: FromDishka[Leads]
) -> None:
    niche = manager.dialog_data["others"][number]
    joined = await leads.add(actor_of(manager), person_of(manager), niche)
    if told := _told(joined):
        await callback.answer(told)


@inject
async def add_interest(
    message: Message, _input: Any, manager: DialogManager, text: str, leads: FromDishka[Leads]
) -> None:
    joined = await leads.add(actor_of(manager), person_of(manager), text)
    if told := _told(joined):
        await message.answer(told, parse_mode=None)


def _told(joined: tuple[JoinedByItself, ...]) -> str:
    names = ", ".join(one.name for one in joined if one.joined)
    return f"They have joined {names} by themselves."[:200] if names else ""


@inject
async def become_customer(
    callback: CallbackQuery, _button: Button, manager: DialogManager, leads: FromDishka[Leads]
) -> None:
    ended = await leads.become_customer(actor_of(manager), person_of(manager), manager.dialog_data["niche"])
    left = f" They have left {counted(ended, 'sequence')}." if ended else ""
    await callback.answer(f"🤝 Noted.{left}")


@inject
async def become_prospect(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, leads: FromDishka[Leads]
) -> None:
    await leads.become_prospect(actor_of(manager), person_of(manager), manager.dialog_data["niche"])


@inject
async def remove_interest(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, leads: FromDishka[Leads]
) -> None:
    await leads.remove(actor_of(manager), person_of(manager), manager.dialog_data["niche"])
    await manager.switch_to(PersonEdit.interests)


# Attributes


async def open_attribute(_callback: CallbackQuery, _select: Any, manager: DialogManager, number: int) -> None:
    manager.dialog_data["key"] = manager.dialog_data["keys"][number]
    await manager.switch_to(PersonEdit.attribute)


@inject
async def set_attribute(
    _message: Message, _input: Any, manager: DialogManager, text: str, editor: FromDishka[ContactEditor]
) -> None:
    await editor.set_attribute(actor_of(manager), person_of(manager), text)


@inject
async def set_value(
    _message: Message, _input: Any, manager: DialogManager, text: str, editor: FromDishka[ContactEditor]
) -> None:
    await editor.set_attribute(actor_of(manager), person_of(manager), f"{manager.dialog_data['key']} = {text}")
    await manager.switch_to(PersonEdit.attributes)


@inject
async def remove_attribute(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[ContactEditor]
) -> None:
    await editor.remove_attribute(actor_of(manager), person_of(manager), manager.dialog_data["key"])
    await manager.switch_to(PersonEdit.attributes)


# Permission, and the end


async def take_evidence(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data["evidence"] = clean_evidence(text)


@inject
async def note_permission(
    callback: CallbackQuery, _select: Any, manager: DialogManager, pressed: str, editor: FromDishka[ContactEditor]
) -> None:
    source = source_of(pressed)
    if source is not None:
        evidence = manager.dialog_data.get("evidence", "")
        await editor.note_permission(actor_of(manager), person_of(manager), source, evidence)
        await callback.answer("Noted. They can be sent to.")
    await manager.switch_to(PersonEdit.main)


@inject
async def delete(
    callback: CallbackQuery, _button: Button, manager: DialogManager, deletion: FromDishka[ContactDeletion]
) -> None:
    await deletion.delete(actor_of(manager), person_of(manager))
    await callback.answer("Deleted.")
    await manager.done(DELETED)
