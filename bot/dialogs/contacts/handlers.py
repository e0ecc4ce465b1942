from contextlib import suppress
from typing import Any, cast

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.contact_list.context import about_list
from bot.dialogs.contact_list.states import OneList
from bot.dialogs.contacts.export import send_export
from bot.dialogs.contacts.states import Contacts
from bot.dialogs.context import actor_of
from bot.dialogs.joining.states import Joining
from bot.dialogs.new_person.handlers import open_typed
from bot.dialogs.person.context import about_person
from bot.dialogs.person.states import Person
from bot.dialogs.sequences.context import about
from engine.contacts.book import ContactBook
from engine.contacts.entering import NewContacts
from engine.contacts.exporting import ContactExports
from engine.contacts.naming import has_number
from engine.errors import InvalidInputError

LONGEST_QUERY = 100


async def find(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data["query"] = _query(text)


def _query(text: str) -> str:
    return " ".join(text.split())[:LONGEST_QUERY]


async def open_person(_callback: CallbackQuery, _select: Any, manager: DialogManager, contact_id: int) -> None:
    await manager.start(Person.card, data=about_person(contact_id))


async def open_list(_callback: CallbackQuery, _select: Any, manager: DialogManager, list_id: int) -> None:
    await manager.start(OneList.card, data=about_list(list_id))


@inject
async def take_words(
    _message: Message,
    _input: Any,
    manager: DialogManager,
    text: str,
    people: FromDishka[NewContacts],
    book: FromDishka[ContactBook],
) -> None:
    """A whole number is somebody to be opened if they are known, else to be added; anything else is looked for.

    So is a number that is a part of a known one: the end of a mobile number may be a landline.
    """
    if has_number(text):
        with suppress(InvalidInputError):
            person = await people.read(actor_of(manager), text)
            if person.contact_id is not None or not await book.find(actor_of(manager), text, limit=1):
                await open_typed(manager, person)
                return
    manager.dialog_data["query"] = _query(text)
    await manager.switch_to(Contacts.find)


@inject
async def add_typed(
    _message: Message, _input: Any, manager: DialogManager, text: str, people: FromDishka[NewContacts]
) -> None:
    await open_typed(manager, await people.read(actor_of(manager), text))


@inject
async def add_found(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, people: FromDishka[NewContacts]
) -> None:
    await open_typed(manager, await people.read(actor_of(manager), manager.dialog_data["query"]))


@inject
async def export(
    callback: CallbackQuery, _button: Button, manager: DialogManager, exports: FromDishka[ContactExports]
) -> None:
    await send_export(callback, manager, await exports.prepare(actor_of(manager)))


# Adding a list to a sequence


async def choose_sequence(
    _callback: CallbackQuery, _select: Any, manager: DialogManager, sequence_id: int
) -> None:
    list_id = cast(dict[str, Any], manager.start_data)["list_id"]
    await manager.start(Joining.review, data={**about(sequence_id), "who": {"list_id": list_id}})


async def on_joined(_start_data: Data, result: Any, manager: DialogManager) -> None:
    if result is not None:
        await manager.done()
