from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.contact_list.context import list_of
from bot.dialogs.navigation import when
from engine.actor import Actor
from engine.contacts.lists import ContactLists


@inject
async def get_list(
    dialog_manager: DialogManager, actor: Actor, lists: FromDishka[ContactLists], **_: Any
) -> dict[str, Any]:
    card = await lists.card(actor, list_of(dialog_manager))
    return {
        "list": card,
        "made": when(card.created_at, card.now, card.time_zone),
        "has_people": card.people > 0,
        "imported": card.import_id is not None,
    }
