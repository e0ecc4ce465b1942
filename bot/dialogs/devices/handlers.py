from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.devices.caps import read_cap, read_ramp
from bot.dialogs.devices.delays import read_delays
from bot.dialogs.devices.getters import suggest_name
from bot.dialogs.devices.states import Devices as States
from engine.devices.limits import DeviceLimits
from engine.devices.registry import Devices


async def on_start(_data: Data, manager: DialogManager) -> None:
    """Another menu that lacks a device opens us at the question for its name, and goes on afterwards."""
    manager.dialog_data["only_adding"] = manager.current_context().state == States.add


async def open_card(_callback: CallbackQuery, _select: Any, manager: DialogManager, device_id: int) -> None:
    manager.dialog_data["device_id"] = device_id
    await manager.switch_to(States.card)


@inject
async def add_suggested(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, devices: FromDishka[Devices]
) -> None:
    name = suggest_name(await devices.list(actor_of(manager)))
    await _add(manager, devices, name)


@inject
async def add_named(
    _message: Message, _input: Any, manager: DialogManager, name: str, devices: FromDishka[Devices]
) -> None:
    await _add(manager, devices, name)


async def _add(manager: DialogManager, devices: Devices, name: str) -> None:
    manager.dialog_data["device_id"] = await devices.add_simulated(actor_of(manager), name)
    if manager.dialog_data["only_adding"]:
        await manager.done()
    else:
        await manager.switch_to(States.card)


async def leave_add(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    if manager.dialog_data["only_adding"]:
        await manager.done()
    else:
        await manager.switch_to(States.list)


@inject
async def pause(
    callback: CallbackQuery, _button: Button, manager: DialogManager, devices: FromDishka[Devices]
) -> None:
    await devices.pause(actor_of(manager), manager.dialog_data["device_id"])
    await callback.answer("Paused. It starts no message until you resume.")


@inject
async def resume(
    callback: CallbackQuery, _button: Button, manager: DialogManager, devices: FromDishka[Devices]
) -> None:
    await devices.resume(actor_of(manager), manager.dialog_data["device_id"])
    await callback.answer("It goes on sending.")


@inject
async def restart(
    callback: CallbackQuery, _button: Button, manager: DialogManager, devices: FromDishka[Devices]
) -> None:
    await devices.restart(actor_of(manager), manager.dialog_data["device_id"])
    await callback.answer("Restarting. Refresh in a few seconds.")


# What is tapped is read like what is typed.


@inject
async def set_delays(
    _event: CallbackQuery | Message,
    _widget: Any,
    manager: DialogManager,
    text: str,
    limits: FromDishka[DeviceLimits],
) -> None:
    shortest, longest = read_delays(text)
    await limits.set_delays(actor_of(manager), manager.dialog_data["device_id"], shortest, longest)
    await manager.switch_to(States.card)


@inject
async def set_hourly_cap(
    _event: CallbackQuery | Message,
    _widget: Any,
    manager: DialogManager,
    text: str,
    limits: FromDishka[DeviceLimits],
) -> None:
    await limits.set_hourly_cap(actor_of(manager), manager.dialog_data["device_id"], read_cap(text))
    await manager.switch_to(States.delays)


@inject
async def set_daily_cap(
    _event: CallbackQuery | Message,
    _widget: Any,
    manager: DialogManager,
    text: str,
    limits: FromDishka[DeviceLimits],
) -> None:
    await limits.set_daily_cap(actor_of(manager), manager.dialog_data["device_id"], read_cap(text))
    await manager.switch_to(States.delays)


@inject
async def set_ramp(
    _event: CallbackQuery | Message,
    _widget: Any,
    manager: DialogManager,
    text: str,
    limits: FromDishka[DeviceLimits],
) -> None:
    actor, device_id, ramp = actor_of(manager), manager.dialog_data["device_id"], read_ramp(text)
    if ramp is None:
        await limits.end_ramp(actor, device_id)
    else:
        await limits.set_ramp(actor, device_id, *ramp)
    await manager.switch_to(States.delays)


@inject
async def remove(
    callback: CallbackQuery, _button: Button, manager: DialogManager, devices: FromDishka[Devices]
) -> None:
    await devices.remove(actor_of(manager), manager.dialog_data["device_id"])
    await callback.answer("Removed.")
    await manager.switch_to(States.list)
