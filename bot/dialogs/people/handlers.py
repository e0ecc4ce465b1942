from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.formatting import people
from bot.dialogs.joining.states import Joining
from bot.dialogs.people.states import People
from bot.dialogs.person.context import about_person
from bot.dialogs.person.states import Person
from bot.dialogs.sequences.context import about, sequence_of
from engine.sequences.runs import Runs

LONGEST_SEARCH = 100


async def choose_tab(_callback: CallbackQuery, _select: Any, manager: DialogManager, tab: str) -> None:
    manager.dialog_data.update(tab=tab, page=0)


async def search(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    manager.dialog_data.update(search=" ".join(text.split())[:LONGEST_SEARCH], page=0)


async def show_all(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data.update(search="", page=0)


async def older(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["page"] = int(manager.dialog_data.get("page", 0)) + 1


async def newer(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["page"] = max(0, int(manager.dialog_data.get("page", 0)) - 1)


async def open_person(_callback: CallbackQuery, _select: Any, manager: DialogManager, contact_id: int) -> None:
    await manager.start(Person.card, data=about_person(contact_id))


async def add_people(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(Joining.who, data=about(sequence_of(manager)))


@inject
async def resume_replied(
    callback: CallbackQuery, _button: Button, manager: DialogManager, runs: FromDishka[Runs]
) -> None:
    count = await runs.resume_replied(actor_of(manager), sequence_of(manager))
    await callback.answer(f"{people(count)} resumed." if count else "Nobody was paused by a reply.")
    await manager.switch_to(People.list)
