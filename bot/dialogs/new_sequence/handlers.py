from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.input import ManagedTextInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.new_sequence.states import NewSequence
from bot.dialogs.sequences.handlers import edit_messages_of
from bot.dialogs.sequences.pool import tick, ticked
from bot.dialogs.sequences.states import Sequences
from engine.devices.registry import Devices, check_name
from engine.errors import InvalidInputError
from engine.sequences.editor import SequenceEditor
from engine.sequences.pasting import read_header


@inject
async def take_name(
    _message: Message,
    _input: ManagedTextInput[str],
    manager: DialogManager,
    name: str,
    devices: FromDishka[Devices],
) -> None:
    if any(read_header(line) for line in name.splitlines()):
        raise InvalidInputError(
            "That looks like the messages. First type a short name; you paste them after these questions."
        )
    manager.dialog_data["name"] = check_name(name, "sequence")
    only = await _tick_the_only_device(manager, devices)
    manager.dialog_data["only_device"] = only
    await manager.switch_to(NewSequence.niche if only else NewSequence.device)


@inject
async def on_device_added(
    _start_data: Data, _result: Any, manager: DialogManager, devices: FromDishka[Devices]
) -> None:
    """Go on with the question for the devices, for which there was none to choose."""
    await _tick_the_only_device(manager, devices)


async def _tick_the_only_device(manager: DialogManager, devices: Devices) -> str | None:
    """Choose the device where there is no choice; its name."""
    known = await devices.list(actor_of(manager))
    if len(known) != 1:
        return None
    await tick(manager, {known[0].id})
    return known[0].name


async def take_devices(callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    if not ticked(manager):
        await callback.answer("Choose at least one device.", show_alert=True)
        return
    await manager.switch_to(NewSequence.niche)


async def take_niche(_message: Message, _input: ManagedTextInput[str], manager: DialogManager, niche: str) -> None:
    manager.dialog_data["niche"] = niche
    await manager.switch_to(NewSequence.weekends)


async def no_niche(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["niche"] = None
    await manager.switch_to(NewSequence.weekends)


async def choose_niche(_callback: CallbackQuery, _select: Any, manager: DialogManager, number: int) -> None:
    manager.dialog_data["niche"] = manager.dialog_data["niches"][number]
    await manager.switch_to(NewSequence.weekends)


@inject
async def create(
    _callback: CallbackQuery, button: Button, manager: DialogManager, editor: FromDishka[SequenceEditor]
) -> None:
    sequence_id = await editor.create(
        actor_of(manager),
        name=manager.dialog_data["name"],
        device_ids=ticked(manager),
        niche=manager.dialog_data.get("niche"),
        skip_weekends=button.widget_id == "skip",
    )
    await manager.done(result={"sequence_id": sequence_id})


async def open_created(_start_data: Data, result: Any, manager: DialogManager) -> None:
    """The same, when the questions were asked from Home."""
    if isinstance(result, dict) and "sequence_id" in result:
        await manager.start(Sequences.card, data=result)
        await edit_messages_of(manager, result["sequence_id"])
