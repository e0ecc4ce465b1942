from datetime import time
from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.settings.getters import OFF
from bot.dialogs.settings.states import Settings
from engine.contacts.own_stop_words import OwnStopWords
from engine.errors import InvalidInputError
from engine.sequences.pasting import read_time
from engine.workspaces import Workspaces


@inject
async def forget_alerts_group(
    callback: CallbackQuery, _button: Button, manager: DialogManager, workspaces: FromDishka[Workspaces]
) -> None:
    await workspaces.bind_alerts_chat(actor_of(manager), None)
    await callback.answer("Alerts are only at Home now.")


@inject
async def post_replies(
    callback: CallbackQuery, _button: Button, manager: DialogManager, workspaces: FromDishka[Workspaces]
) -> None:
    await workspaces.set_replies_posted(actor_of(manager), posted=True)
    await callback.answer("Replies are posted to the alerts group.")


@inject
async def keep_replies(
    callback: CallbackQuery, _button: Button, manager: DialogManager, workspaces: FromDishka[Workspaces]
) -> None:
    await workspaces.set_replies_posted(actor_of(manager), posted=False)
    await callback.answer("Replies are only at Home now.")


@inject
async def choose_frequency_cap(
    callback: CallbackQuery, _select: Any, manager: DialogManager, most: int, workspaces: FromDishka[Workspaces]
) -> None:
    await workspaces.set_frequency_cap(actor_of(manager), most or None)
    await callback.answer("It counts from the next message on.")


@inject
async def choose_digest(
    _callback: CallbackQuery, _select: Any, manager: DialogManager, at: str, workspaces: FromDishka[Workspaces]
) -> None:
    await workspaces.set_digest(actor_of(manager), None if at == OFF else time.fromisoformat(at))
    await manager.switch_to(Settings.main)


@inject
async def type_digest(
    _message: Message, _input: Any, manager: DialogManager, text: str, workspaces: FromDishka[Workspaces]
) -> None:
    at = read_time(text.strip()) or read_time(f"{text.strip()}:00")
    if at is None:
        raise InvalidInputError("Please type a time of the day, such as 17:30 or 5.30pm.")
    await workspaces.set_digest(actor_of(manager), at)
    await manager.switch_to(Settings.main)


@inject
async def add_stop_word(
    _message: Message, _input: Any, manager: DialogManager, text: str, words: FromDishka[OwnStopWords]
) -> None:
    await words.add(actor_of(manager), text)


@inject
async def remove_stop_word(
    callback: CallbackQuery, _select: Any, manager: DialogManager, number: int, words: FromDishka[OwnStopWords]
) -> None:
    word = manager.dialog_data["words"][number]
    await words.remove(actor_of(manager), word)
    await callback.answer(f"“{word}” stops nobody any more.")
