"""One message by buttons: its day, its time, then what it says."""

from datetime import time
from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.input import ManagedTextInput, MessageInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.builder.attachments import file_name_of, read_attachment
from bot.dialogs.builder.pending import Pending, propose
from bot.dialogs.builder.states import Builder
from bot.dialogs.builder.texts import text_of
from bot.dialogs.context import actor_of, bot_of
from engine.errors import InvalidInputError
from engine.sequences.editor import SequenceEditor
from engine.sequences.pastes import Paste, Pastes
from engine.sequences.pasting import read_header, read_plan, read_time, starts_with_header
from engine.sequences.steps import NewStep


async def choose_day(_callback: CallbackQuery, _select: Any, manager: DialogManager, day: int) -> None:
    manager.dialog_data["day"] = day
    await manager.switch_to(Builder.add_time)


async def type_day(_message: Message, _input: ManagedTextInput[str], manager: DialogManager, typed: str) -> None:
    header = read_header(typed if not typed.strip().isdigit() else f"Day {typed}")
    if header is None:
        raise InvalidInputError("Write the number of a day, for example 3.")
    manager.dialog_data["day"] = header.day
    await manager.switch_to(Builder.add_time)


async def choose_time(_callback: CallbackQuery, _select: Any, manager: DialogManager, at: str) -> None:
    await _take_time(manager, time.fromisoformat(at))


async def type_time(_message: Message, _input: ManagedTextInput[str], manager: DialogManager, typed: str) -> None:
    at = read_time(typed)
    if at is None:
        raise InvalidInputError("Write a time such as 14:30 or 2.30pm.")
    await _take_time(manager, at)


async def choose_joining(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["time"] = None
    manager.dialog_data["time_label"] = "right after joining"
    await manager.switch_to(Builder.add_content)


async def _take_time(manager: DialogManager, at: time) -> None:
    manager.dialog_data["time"] = manager.dialog_data["time_label"] = f"{at:%H:%M}"
    await manager.switch_to(Builder.add_content)


@inject
async def add(
    message: Message,
    _input: MessageInput,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
) -> None:
    at, day, body = manager.dialog_data["time"], manager.dialog_data["day"], text_of(message)
    step = NewStep(
        day=day,
        send_time=time.fromisoformat(at) if at else None,
        after_join_minutes=None if at else 0,
        body=body,
        attachment=await read_attachment(bot_of(manager), message),
    )
    edit = await editor.additions(actor_of(manager), [step])
    pending = Pending(edit)
    if len(read_plan(body, next_day=day)) <= 1 and not starts_with_header(body):
        paste = Paste(message.chat.id, message.message_id, body, day, (-1,), file_name_of(message))
        pending = Pending(edit, pastes=(paste,))
    await propose(manager, editor, pastes, pending)
