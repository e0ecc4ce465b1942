from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.new_person.context import given
from bot.dialogs.permission import SOURCES
from bot.dialogs.person.wording import short
from engine.actor import Actor
from engine.contacts.book import ContactBook

SHOWN_NICHES = 6


async def get_person(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    person = given(dialog_manager)
    return {
        "person": person,
        "sources": SOURCES,
        "opted_out": person["opted_out"],
        "may_opt_in": not person["opted_out"],
        "interest": short(person["niche"] or "none", 30),
    }


@inject
async def get_niches(
    dialog_manager: DialogManager, actor: Actor, book: FromDishka[ContactBook], **_: Any
) -> dict[str, Any]:
    niches = [found.niche for found in (await book.niches(actor))[:SHOWN_NICHES]]
    dialog_manager.dialog_data["niches"] = niches  # what a press on one means
    return {"niches": [(short(niche, 30), number) for number, niche in enumerate(niches)]}
