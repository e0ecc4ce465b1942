from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.input import MessageInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.devices.getters import suggest_name
from bot.dialogs.pairing.states import PaceByAge, Pairing
from engine.devices.limits import DeviceLimits
from engine.devices.pairing import Pairings
from engine.devices.presets import NumberAge
from engine.devices.registry import Devices
from engine.errors import NotFoundError
from engine.operators import Operators


async def on_start(data: Data, manager: DialogManager) -> None:
    """From a device's card: which one, and whether it is paired anew."""
    if isinstance(data, dict) and "device_id" in data:
        manager.dialog_data.update({key: data[key] for key in ("device_id", "name", "again")})


# Its name


@inject
async def take_suggested(
    _callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    devices: FromDishka[Devices],
    pairings: FromDishka[Pairings],
) -> None:
    await _take_name(manager, devices, pairings, suggest_name(await devices.list(actor_of(manager))))


@inject
async def take_name(
    _message: Message,
    _input: Any,
    manager: DialogManager,
    name: str,
    devices: FromDishka[Devices],
    pairings: FromDishka[Pairings],
) -> None:
    await _take_name(manager, devices, pairings, name)


async def _take_name(manager: DialogManager, devices: Devices, pairings: Pairings, name: str) -> None:
    """Where only simulated devices can be added, the name is all that it takes."""
    if pairings.obstacle is not None:
        await _close_with(manager, await devices.add_simulated(actor_of(manager), name))
        return
    name = await pairings.check_name(actor_of(manager), name)
    manager.dialog_data.clear()
    manager.dialog_data["name"] = name
    await manager.switch_to(Pairing.method)


@inject
async def simulate(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, devices: FromDishka[Devices]
) -> None:
    await _close_with(manager, await devices.add_simulated(actor_of(manager), manager.dialog_data["name"]))


async def leave_method(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    if manager.dialog_data.get("again"):
        await manager.done()
    else:
        await manager.switch_to(Pairing.name)


# How it is paired


@inject
async def by_code(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, pairings: FromDishka[Pairings]
) -> None:
    """The number is asked for once."""
    if manager.dialog_data.get("again") or manager.dialog_data.get("phone"):
        await _start_code(manager, pairings, manager.dialog_data.get("phone", ""))
    else:
        await manager.switch_to(Pairing.number)


@inject
async def type_number(
    _message: Message, _input: Any, manager: DialogManager, typed: str, pairings: FromDishka[Pairings]
) -> None:
    await _start_code(manager, pairings, typed)


@inject
async def take_card(
    message: Message, _input: MessageInput, manager: DialogManager, pairings: FromDishka[Pairings]
) -> None:
    if message.contact is not None:
        await _start_code(manager, pairings, f"+{message.contact.phone_number.lstrip('+')}")


@inject
async def take_own(
    _callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    operators: FromDishka[Operators],
    pairings: FromDishka[Pairings],
) -> None:
    await _start_code(manager, pairings, await operators.phone(actor_of(manager)) or "")


@inject
async def by_qr(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, pairings: FromDishka[Pairings]
) -> None:
    await _start_qr(manager, pairings)


@inject
async def again(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, pairings: FromDishka[Pairings]
) -> None:
    """The same way: another code in the place of one, or another attempt after one that was in vain."""
    if manager.dialog_data["by_code"]:
        await _start_code(manager, pairings, manager.dialog_data.get("phone", ""))
    else:
        await _start_qr(manager, pairings)


async def _start_code(manager: DialogManager, pairings: Pairings, phone: str) -> None:
    about, actor = manager.dialog_data, actor_of(manager)
    try:
        device_id = await pairings.start_code(actor, phone, device_id=about.get("device_id"), **_named(manager))
    except NotFoundError:
        device_id = await pairings.start_code(actor, phone, name=_name_of_the_forgotten(about), anew=True)
    _show(manager, device_id, by_code=True)
    about["phone"] = phone
    await manager.switch_to(Pairing.progress)


async def _start_qr(manager: DialogManager, pairings: Pairings) -> None:
    about, actor = manager.dialog_data, actor_of(manager)
    try:
        device_id = await pairings.start_qr(actor, device_id=about.get("device_id"), **_named(manager))
    except NotFoundError:
        device_id = await pairings.start_qr(actor, name=_name_of_the_forgotten(about), anew=True)
    _show(manager, device_id, by_code=False)
    await manager.switch_to(Pairing.progress)


def _named(manager: DialogManager) -> dict[str, Any]:
    """Only a press in the window of the pairing asks for something else than what is under way."""
    anew = manager.current_context().state == Pairing.progress
    return {"name": manager.dialog_data["name"], "anew": anew}


def _name_of_the_forgotten(about: dict[str, Any]) -> str:
    """Of a device that was new, and went away when dripdesk was restarted. Raises NotFoundError for any other."""
    if about.get("again") or "device_id" not in about:
        raise NotFoundError("This device does not exist any more.")
    return str(about["name"])


def _show(manager: DialogManager, device_id: int, *, by_code: bool) -> None:
    manager.dialog_data.update(device_id=device_id, by_code=by_code)
    manager.dialog_data.pop("paced", None)


@inject
async def stop(
    callback: CallbackQuery, _button: Button, manager: DialogManager, pairings: FromDishka[Pairings]
) -> None:
    await pairings.give_up(actor_of(manager), manager.dialog_data["device_id"])
    await callback.answer()


# Once it is paired


async def choose_age(_callback: CallbackQuery, _select: Any, manager: DialogManager, age: str) -> None:
    await manager.start(PaceByAge.pace, data={"device_id": manager.dialog_data["device_id"], "age": age})


async def on_pace(_start_data: Data, result: Any, manager: DialogManager) -> None:
    if isinstance(result, dict) and result.get("paced"):
        manager.dialog_data["paced"] = True


async def pair_another(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data.clear()
    await manager.switch_to(Pairing.name)


async def close(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await _close_with(manager, manager.dialog_data["device_id"])


async def _close_with(manager: DialogManager, device_id: int) -> None:
    await manager.done(result={"device_id": device_id})


# The pace by the number's age


async def on_pace_start(data: Data, manager: DialogManager) -> None:
    if isinstance(data, dict):
        manager.dialog_data.update(data)


async def look_at_pace(_callback: CallbackQuery, _select: Any, manager: DialogManager, age: str) -> None:
    manager.dialog_data["age"] = age
    await manager.switch_to(PaceByAge.pace)


@inject
async def take_pace(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, limits: FromDishka[DeviceLimits]
) -> None:
    about = manager.dialog_data
    await limits.set_by_age(actor_of(manager), about["device_id"], NumberAge(about["age"]))
    await manager.done(result={"paced": True})
