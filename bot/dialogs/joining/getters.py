from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.formatting import counted
from bot.dialogs.sequences.context import sequence_of
from bot.dialogs.sequences.getters import label
from engine.actor import Actor
from engine.contacts.book import ContactBook
from engine.sequences.catalogue import SequenceCatalogue


@inject
async def get_people(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[SequenceCatalogue],
    book: FromDishka[ContactBook],
    **_: Any,
) -> dict[str, Any]:
    card = await catalogue.card(actor, sequence_of(dialog_manager))
    lists = await book.lists(actor)
    return {
        "card": card,
        "lists": [(label(one.name, one.size), one.id) for one in lists[:8]],
        "everyone": counted(await book.count(actor), "contact"),
        "has_contacts": bool(lists),
        "no_contacts": not lists,
        "niche": card.niche or "",
        "has_niche": bool(card.niche),
    }
