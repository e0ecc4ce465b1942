from typing import Any

from aiogram.types import CallbackQuery
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.builder.states import Builder
from bot.dialogs.chat_links.context import links_of_sequence
from bot.dialogs.chat_links.states import ChatLinks
from bot.dialogs.context import actor_of
from bot.dialogs.people.states import People
from bot.dialogs.results.states import Results
from bot.dialogs.sequence_settings.states import SequenceSettings
from bot.dialogs.sequences.context import about, sequence_of
from bot.dialogs.sequences.states import Sequences
from engine.sequences.control import SequenceControl
from engine.sequences.copying import SequenceCopies
from engine.sequences.editor import SequenceEditor


async def choose_tab(_callback: CallbackQuery, _select: Any, manager: DialogManager, tab: str) -> None:
    manager.dialog_data["tab"] = tab


async def open_card(_callback: CallbackQuery, _select: Any, manager: DialogManager, sequence_id: int) -> None:
    manager.dialog_data["sequence_id"] = sequence_id
    await manager.switch_to(Sequences.card)


@inject
async def pause(
    callback: CallbackQuery, _button: Button, manager: DialogManager, control: FromDishka[SequenceControl]
) -> None:
    await control.pause(actor_of(manager), sequence_of(manager))
    await callback.answer("Paused. Nothing of it goes out until you resume.")


@inject
async def delete(
    callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[SequenceEditor]
) -> None:
    kept = await editor.delete(actor_of(manager), sequence_of(manager))
    await callback.answer("Archived; its history is kept." if kept else "Deleted.")
    await manager.switch_to(Sequences.list)


@inject
async def duplicate(
    callback: CallbackQuery, _button: Button, manager: DialogManager, copies: FromDishka[SequenceCopies]
) -> None:
    """Go to the card of the copy."""
    manager.dialog_data["sequence_id"] = await copies.duplicate(actor_of(manager), sequence_of(manager))
    await callback.answer("This is the copy: a draft, with nobody in it.")
    await manager.switch_to(Sequences.card)


async def open_results(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(Results.steps, data=about(sequence_of(manager)))


async def edit_messages(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await edit_messages_of(manager, sequence_of(manager))


async def edit_messages_of(manager: DialogManager, sequence_id: int) -> None:
    await manager.start(Builder.plan, data=about(sequence_id))


async def open_people(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(People.list, data=about(sequence_of(manager)))


async def open_links(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(ChatLinks.all, data=links_of_sequence(sequence_of(manager)))


async def open_settings(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(SequenceSettings.main, data=about(sequence_of(manager)))


async def on_created(_start_data: Data, result: Any, manager: DialogManager) -> None:
    """Go on with the messages of a sequence that was just made."""
    if isinstance(result, dict) and "sequence_id" in result:
        manager.dialog_data["sequence_id"] = result["sequence_id"]
        await manager.switch_to(Sequences.card)
        await edit_messages_of(manager, result["sequence_id"])
