from typing import Any

from aiogram.types import CallbackQuery
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.doubts.states import Doubts as States
from engine.broadcast.doubts import Doubts

SETTLED = "This one is settled already."


async def open_doubts(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    """From a device's card: its messages alone."""
    await manager.start(States.list, data={"device_id": manager.dialog_data["device_id"]})


async def on_start(data: Data, manager: DialogManager) -> None:
    if isinstance(data, dict):
        manager.dialog_data.update(data)


async def open_card(_callback: CallbackQuery, _select: Any, manager: DialogManager, message_id: int) -> None:
    manager.dialog_data["message_id"] = message_id
    await manager.switch_to(States.card)


@inject
async def arrived(
    callback: CallbackQuery, _button: Button, manager: DialogManager, doubts: FromDishka[Doubts]
) -> None:
    done = await doubts.arrived(actor_of(manager), manager.dialog_data["message_id"])
    await callback.answer("Counted as sent." if done else SETTLED)
    await manager.switch_to(States.list)


@inject
async def send_again(
    callback: CallbackQuery, _button: Button, manager: DialogManager, doubts: FromDishka[Doubts]
) -> None:
    done = await doubts.send_again(actor_of(manager), manager.dialog_data["message_id"])
    await callback.answer("It goes out once more." if done else SETTLED)
    await manager.switch_to(States.list)


@inject
async def leave(
    callback: CallbackQuery, _button: Button, manager: DialogManager, doubts: FromDishka[Doubts]
) -> None:
    done = await doubts.leave(actor_of(manager), manager.dialog_data["message_id"])
    await callback.answer("Left as it is." if done else SETTLED)
    await manager.switch_to(States.list)
