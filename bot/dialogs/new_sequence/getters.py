from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.sequences.getters import label
from engine.actor import Actor
from engine.contacts.book import ContactBook


async def get_name(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    data = dialog_manager.dialog_data
    return {"name": data.get("name", ""), "only_device": data.get("only_device")}


@inject
async def get_niches(
    dialog_manager: DialogManager, actor: Actor, book: FromDishka[ContactBook], **_: Any
) -> dict[str, Any]:
    niches = await book.niches(actor)
    dialog_manager.dialog_data["niches"] = [one.niche for one in niches]  # what a press on one of them means
    return {"niches": [(label(one.niche, one.contacts), number) for number, one in enumerate(niches[:8])]}
