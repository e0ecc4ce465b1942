from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.devices.caps import read_cap, read_ramp
from bot.dialogs.devices.delays import read_delays
from bot.dialogs.devices.states import Devices as States
from bot.dialogs.pairing.states import PaceByAge, Pairing
from engine.devices.limits import DeviceLimits
from engine.devices.registry import Devices
from engine.devices.unlinking import Unlinked, Unlinking


async def on_device(_start_data: Data, result: Any, manager: DialogManager) -> None:
    """From adding or pairing one: its card."""
    if isinstance(result, dict) and "device_id" in result:
        manager.dialog_data["device_id"] = result["device_id"]
        await manager.switch_to(States.card)


async def open_card(_callback: CallbackQuery, _select: Any, manager: DialogManager, device_id: int) -> None:
    manager.dialog_data["device_id"] = device_id
    await manager.switch_to(States.card)


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


async def pace_by_age(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(PaceByAge.age, data={"device_id": manager.dialog_data["device_id"]})


# Its link to a phone


@inject
async def pair_again(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, devices: FromDishka[Devices]
) -> None:
    await manager.start(Pairing.method, data=await _about_pairing(manager, devices))


@inject
async def go_on_pairing(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, devices: FromDishka[Devices]
) -> None:
    await manager.start(Pairing.progress, data=await _about_pairing(manager, devices))


async def _about_pairing(manager: DialogManager, devices: Devices) -> dict[str, Any]:
    device_id = manager.dialog_data["device_id"]
    card = await devices.card(actor_of(manager), device_id)
    return {"device_id": device_id, "name": card.name, "again": card.phone is not None}


@inject
async def log_out(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, unlinking: FromDishka[Unlinking]
) -> None:
    await unlinking.log_out(actor_of(manager), manager.dialog_data["device_id"])
    await manager.switch_to(States.unlinking)


@inject
async def remove(
    callback: CallbackQuery, _button: Button, manager: DialogManager, unlinking: FromDishka[Unlinking]
) -> None:
    """What has still to be said to WhatsApp, or on the phone, is on a screen of its own."""
    actor, device_id = actor_of(manager), manager.dialog_data["device_id"]
    await unlinking.remove(actor, device_id)
    await callback.answer("Removed.")
    linked = (await unlinking.status(actor, device_id)).outcome is not Unlinked.NOT_LINKED
    await manager.switch_to(States.unlinking if linked else States.list)
