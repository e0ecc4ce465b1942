from typing import Any

from aiogram.types import CallbackQuery
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.formatting import people
from bot.dialogs.launch.states import Launch
from bot.dialogs.launch.wording import problems
from bot.dialogs.sequences.context import about, sequence_of
from engine.sequences.control import SequenceControl
from engine.sequences.launch import Launches
from models.enums import SequenceStatus


@inject
async def open_review(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, launch: FromDishka[Launches]
) -> None:
    """Show what starting this sequence does; if it cannot start, say why and stay here."""
    sequence_id = sequence_of(manager)
    await launch.review(actor_of(manager), sequence_id)
    await manager.start(Launch.review, data=about(sequence_id))


@inject
async def start_or_review(
    callback: CallbackQuery,
    button: Button,
    manager: DialogManager,
    launch: FromDishka[Launches],
    control: FromDishka[SequenceControl],
) -> None:
    """Start at once while nobody is in it and nothing is in the way: there is nothing to look at."""
    review = await launch.review(actor_of(manager), sequence_of(manager))
    if review.people or problems(review):
        await open_review(callback, button, manager)
    else:
        await _start(callback, manager, control)
        await manager.done()


async def leave_when_launched(_start_data: Data, result: Any, manager: DialogManager) -> None:
    """Go back to the card: what was started is looked at there."""
    if isinstance(result, dict) and result.get("launched"):
        await manager.done()


@inject
async def start(
    callback: CallbackQuery, _button: Button, manager: DialogManager, control: FromDishka[SequenceControl]
) -> None:
    await _start(callback, manager, control)
    await manager.done({"launched": True})


async def _start(callback: CallbackQuery, manager: DialogManager, control: SequenceControl) -> None:
    report = await control.start(actor_of(manager), sequence_of(manager))
    if report.was is SequenceStatus.DRAFT:
        await callback.answer(f"Started with {people(report.people)}.")
    else:
        await callback.answer("It goes on where it stopped. Nobody gets a message twice.")
