from typing import Any

from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.contacts.states import AddToSequence
from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.importing.context import about_import, import_of
from bot.dialogs.importing.states import Import
from bot.dialogs.new_campaign.handlers import open_new_for
from bot.dialogs.permission import source_of
from engine.contacts.entering import clean_evidence
from engine.contacts.importing import ContactImports
from engine.contacts.naming import read_attribute
from engine.devices.registry import check_name
from models.enums import DuplicatePolicy

# What holds for all of it


@inject
async def choose_policy(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    policy: str,
    imports: FromDishka[ContactImports],
) -> None:
    await imports.choose(actor_of(manager), import_of(manager), duplicates=DuplicatePolicy(policy))


@inject
async def type_interest(
    _message: Message, _input: Any, manager: DialogManager, text: str, imports: FromDishka[ContactImports]
) -> None:
    await _set_interest(manager, imports, check_name(text, "interest"))


@inject
async def choose_interest(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    imports: FromDishka[ContactImports],
) -> None:
    await _set_interest(manager, imports, manager.dialog_data["niches"][number])


@inject
async def clear_interest(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    await _set_interest(manager, imports, None)


async def _set_interest(manager: DialogManager, imports: ContactImports, niche: str | None) -> None:
    await imports.choose(actor_of(manager), import_of(manager), niche=niche)
    await manager.switch_to(Import.review)


@inject
async def add_attribute(
    _message: Message, _input: Any, manager: DialogManager, text: str, imports: FromDishka[ContactImports]
) -> None:
    key, value = read_attribute(text)
    actor, import_id = actor_of(manager), import_of(manager)
    review = await imports.review(actor, import_id)
    await imports.choose(actor, import_id, attributes={**review.attributes, key: value})


@inject
async def remove_attribute(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    imports: FromDishka[ContactImports],
) -> None:
    actor, import_id = actor_of(manager), import_of(manager)
    review = await imports.review(actor, import_id)
    kept = {key: value for at, (key, value) in enumerate(review.attributes.items()) if at != number}
    await imports.choose(actor, import_id, attributes=kept)


# The import itself


async def take_evidence(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data["evidence"] = clean_evidence(text)


@inject
async def start(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    pressed: str,
    imports: FromDishka[ContactImports],
) -> None:
    evidence = manager.dialog_data.get("evidence", "")
    await imports.start(actor_of(manager), import_of(manager), source_of(pressed), evidence)
    await manager.switch_to(Import.card)


@inject
async def cancel(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    await imports.cancel(actor_of(manager), import_of(manager))


@inject
async def go_on(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    await imports.go_on(actor_of(manager), import_of(manager))


@inject
async def undo(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    await imports.undo(actor_of(manager), import_of(manager))
    await manager.switch_to(Import.card)


@inject
async def send_rejects(
    callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    name, rejects = await imports.rejects(actor_of(manager), import_of(manager))
    await bot_of(manager).send_document(
        callback.from_user.id,
        BufferedInputFile(rejects, name),
        caption="Mend these rows and drop the file here again; the others need not be in it.",
    )
    manager.show_mode = ShowMode.DELETE_AND_SEND  # the menu stays the last message of the chat


@inject
async def add_to_sequence(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    progress = await imports.progress(actor_of(manager), import_of(manager))
    data = {"list_id": progress.list_id, "list_name": progress.list_name}
    await manager.start(AddToSequence.sequence, data=data)


@inject
async def new_campaign(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    progress = await imports.progress(actor_of(manager), import_of(manager))
    if progress.list_id is not None:
        await open_new_for(manager, progress.list_id, progress.list_name)


async def open_import(_callback: CallbackQuery, _select: Any, manager: DialogManager, import_id: int) -> None:
    await manager.start(Import.card, data=about_import(import_id))
