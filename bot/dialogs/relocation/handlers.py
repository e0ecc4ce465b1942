from typing import Any

from aiogram.types import CallbackQuery
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.relocation.states import Relocation as States
from engine.devices.relocation import Relocation


async def open_relocation(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    """From a device's card."""
    await manager.start(States.choose, data={"device_id": manager.dialog_data["device_id"]})


async def on_start(data: Data, manager: DialogManager) -> None:
    if isinstance(data, dict):
        manager.dialog_data.update(data)


async def choose(_callback: CallbackQuery, _select: Any, manager: DialogManager, device_id: int) -> None:
    manager.dialog_data["to"] = device_id
    await manager.switch_to(States.confirm)


@inject
async def move(
    callback: CallbackQuery, _button: Button, manager: DialogManager, relocation: FromDishka[Relocation]
) -> None:
    chosen = manager.dialog_data
    people = await relocation.move(actor_of(manager), chosen["device_id"], chosen["to"])
    await callback.answer(f"{people:,} moved.")
    await manager.done()


@inject
async def hold(
    callback: CallbackQuery, _button: Button, manager: DialogManager, relocation: FromDishka[Relocation]
) -> None:
    await relocation.hold(actor_of(manager), manager.dialog_data["device_id"])
    await callback.answer("They wait for this device.")
    await manager.done()
