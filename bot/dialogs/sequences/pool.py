"""Choosing the devices that a sequence sends from: the ticks that a new one and the settings share."""

from typing import Any

from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import ManagedMultiselect
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.navigation import ticks
from engine.actor import Actor
from engine.devices.registry import Devices

device_ticks = ticks("devices")


@inject
async def get_devices(actor: Actor, devices: FromDishka[Devices], **_: Any) -> dict[str, Any]:
    known = await devices.list(actor)
    return {
        "devices": [(device.name, device.id) for device in known],
        "has_devices": bool(known),
        "no_devices": not known,
    }


def ticked(manager: DialogManager) -> list[int]:
    pool: ManagedMultiselect[int] | None = manager.find("devices")
    return pool.get_checked() if pool is not None else []


async def tick(manager: DialogManager, device_ids: set[int]) -> None:
    """Tick these devices and no others."""
    pool: ManagedMultiselect[int] | None = manager.find("devices")
    if pool is not None:
        for device_id in device_ids.symmetric_difference(pool.get_checked()):
            await pool.set_checked(device_id, checked=device_id in device_ids)
