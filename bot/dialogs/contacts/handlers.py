import asyncio
from typing import Any, cast

from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram_dialog import Data, DialogManager, ShowMode
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.contacts.getters import file_of
from bot.dialogs.contacts.states import AddToSequence, Import
from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.joining.states import Joining
from bot.dialogs.person.context import about_person
from bot.dialogs.person.states import Person
from bot.dialogs.sequences.context import about
from engine.actor import Actor
from engine.contacts.book import ContactBook
from engine.contacts.import_reports import ImportProgress
from engine.contacts.importing import ContactImports
from engine.devices.registry import check_name
from engine.errors import ConflictError
from models.enums import ConsentSource, ImportStatus

LONGEST_QUERY = 100
LOOK_EVERY = 0.1  # seconds


async def find(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data["query"] = " ".join(text.split())[:LONGEST_QUERY]


async def open_person(_callback: CallbackQuery, _select: Any, manager: DialogManager, contact_id: int) -> None:
    await manager.start(Person.card, data=about_person(contact_id))


@inject
async def add_list_to_sequence(
    _callback: CallbackQuery, _select: Any, manager: DialogManager, list_id: int, book: FromDishka[ContactBook]
) -> None:
    lists = await book.lists(actor_of(manager))
    name = next(found.name for found in lists if found.id == list_id)
    await manager.start(AddToSequence.sequence, data={"list_id": list_id, "list_name": name})


# A dropped file


async def type_interest(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data["niche"] = check_name(text, "interest")
    await manager.switch_to(Import.review)


@inject
async def choose_interest(
    _callback: CallbackQuery, _select: Any, manager: DialogManager, number: int, book: FromDishka[ContactBook]
) -> None:
    niches = await book.niches(actor_of(manager))
    manager.dialog_data["niche"] = niches[number].niche
    await manager.switch_to(Import.review)


async def clear_interest(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["niche"] = None
    await manager.switch_to(Import.review)


@inject
async def run_import(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    source: str,
    imports: FromDishka[ContactImports],
) -> None:
    file = file_of(manager)
    await manager.switch_to(Import.running)
    await manager.show()
    try:
        actor = actor_of(manager)
        await imports.choose(actor, file.import_id, niche=manager.dialog_data.get("niche"))
        await imports.start(actor, file.import_id, None if source == "unknown" else ConsentSource(source))
        result = await _its_end(imports, actor, file.import_id)
    except Exception:
        await manager.switch_to(Import.review)
        await manager.show()
        raise
    manager.dialog_data["result"] = {
        "list_id": result.list_id,
        "list_name": result.list_name,
        "created": result.created,
        "updated": result.updated,
        "opted_out": result.opted_out,
        "without_consent": result.without_consent,
        "by_themselves": [(name, joined) for name, joined in result.by_themselves if joined],
    }
    await manager.switch_to(Import.done)


async def _its_end(imports: ContactImports, actor: Actor, import_id: int) -> ImportProgress:
    while True:
        progress = await imports.progress(actor, import_id)
        if progress.status is ImportStatus.DONE:
            return progress
        if progress.status is not ImportStatus.RUNNING:
            raise ConflictError(progress.failure or "The import did not get to its end.")
        await asyncio.sleep(LOOK_EVERY)


@inject
async def send_rejects(
    callback: CallbackQuery, _button: Button, manager: DialogManager, imports: FromDishka[ContactImports]
) -> None:
    name, rejects = await imports.rejects(actor_of(manager), file_of(manager).import_id)
    await bot_of(manager).send_document(
        callback.from_user.id,
        BufferedInputFile(rejects, name),
        caption="Mend these rows and drop the file here again; the others need not be in it.",
    )
    manager.show_mode = ShowMode.DELETE_AND_SEND  # the menu stays the last message of the chat


# Adding a list to a sequence


async def add_import_to_sequence(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    result = manager.dialog_data["result"]
    data = {"list_id": result["list_id"], "list_name": result["list_name"]}
    await manager.start(AddToSequence.sequence, data=data)


async def choose_sequence(
    _callback: CallbackQuery, _select: Any, manager: DialogManager, sequence_id: int
) -> None:
    list_id = cast(dict[str, Any], manager.start_data)["list_id"]
    await manager.start(Joining.review, data={**about(sequence_id), "who": {"list_id": list_id}})


async def on_joined(_start_data: Data, result: Any, manager: DialogManager) -> None:
    if result is not None:
        await manager.done()
