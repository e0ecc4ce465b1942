from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from engine.actor import Actor
from engine.devices.relocation import Relocation


@inject
async def get_waiting(
    dialog_manager: DialogManager, actor: Actor, relocation: FromDishka[Relocation], **_: Any
) -> dict[str, Any]:
    waiting = await relocation.waiting(actor, dialog_manager.dialog_data["device_id"])
    target = dict(waiting.devices).get(dialog_manager.dialog_data.get("to", 0), "")
    return {
        "waiting": waiting,
        "people": f"{waiting.people:,} {'person' if waiting.people == 1 else 'people'}",
        "labels": [(f"→ {name}", device_id) for device_id, name in waiting.devices] if waiting.people else [],
        "asked": waiting.asked,
        "target": target,
    }
