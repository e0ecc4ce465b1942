from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.permission import SOURCES, UNKNOWN
from bot.dialogs.person.context import person_of
from bot.dialogs.person.getters import name_of
from bot.dialogs.person.wording import attribute_words, interest_words, permission_words, short
from engine.actor import Actor
from engine.contacts.book import ContactBook
from engine.contacts.card import ContactCards
from engine.contacts.deleting import ContactDeletion
from models.enums import LeadStatus

SHOWN_NICHES = 6  # of others


@inject
async def get_person(
    dialog_manager: DialogManager, actor: Actor, cards: FromDishka[ContactCards], **_: Any
) -> dict[str, Any]:
    card = await cards.get(actor, person_of(dialog_manager))
    return {
        "card": card,
        "name": name_of(card),
        "permission": permission_words(card),
        "interests": interest_words(card),
        "attributes": attribute_words(card),
        "needs_permission": card.consent is None and not card.opted_out,
    }


@inject
async def get_interests(
    dialog_manager: DialogManager,
    actor: Actor,
    cards: FromDishka[ContactCards],
    book: FromDishka[ContactBook],
    **_: Any,
) -> dict[str, Any]:
    card = await cards.get(actor, person_of(dialog_manager))
    known = {niche.lower() for niche, _ in card.interests}
    others = [one.niche for one in await book.niches(actor) if one.niche.lower() not in known][:SHOWN_NICHES]
    # What a press on one means.
    dialog_manager.dialog_data.update(niches=[niche for niche, _ in card.interests], others=others)
    return {
        "name": name_of(card),
        "labels": [
            (short(niche, 30) + (" (customer)" if status is LeadStatus.CUSTOMER else ""), number)
            for number, (niche, status) in enumerate(card.interests)
        ],
        "others": [(short(niche, 30), number) for number, niche in enumerate(others)],
    }


@inject
async def get_interest(
    dialog_manager: DialogManager, actor: Actor, cards: FromDishka[ContactCards], **_: Any
) -> dict[str, Any]:
    card, niche = await cards.get(actor, person_of(dialog_manager)), dialog_manager.dialog_data["niche"]
    status = next((status for one, status in card.interests if one.lower() == niche.lower()), None)
    return {
        "name": name_of(card),
        "niche": niche,
        "prospect": status is LeadStatus.PROSPECT,
        "customer": status is LeadStatus.CUSTOMER,
        "theirs": status is not None,
    }


@inject
async def get_attributes(
    dialog_manager: DialogManager, actor: Actor, cards: FromDishka[ContactCards], **_: Any
) -> dict[str, Any]:
    card = await cards.get(actor, person_of(dialog_manager))
    dialog_manager.dialog_data["keys"] = list(card.attributes)  # what a press on one means
    return {
        "name": name_of(card),
        "labels": [
            (f"{short(key, 20)}: {short(str(value), 30)}", number)
            for number, (key, value) in enumerate(card.attributes.items())
        ],
    }


@inject
async def get_attribute(
    dialog_manager: DialogManager, actor: Actor, cards: FromDishka[ContactCards], **_: Any
) -> dict[str, Any]:
    card, key = await cards.get(actor, person_of(dialog_manager)), dialog_manager.dialog_data["key"]
    return {"name": name_of(card), "key": key, "value": short(str(card.attributes.get(key, "")), 500)}


@inject
async def get_permission(
    dialog_manager: DialogManager, actor: Actor, cards: FromDishka[ContactCards], **_: Any
) -> dict[str, Any]:
    card = await cards.get(actor, person_of(dialog_manager))
    return {
        "name": name_of(card),
        "evidence": dialog_manager.dialog_data.get("evidence", ""),
        "sources": [(label, source) for label, source in SOURCES if source != UNKNOWN],
    }


@inject
async def get_deletion(
    dialog_manager: DialogManager,
    actor: Actor,
    cards: FromDishka[ContactCards],
    deletion: FromDishka[ContactDeletion],
    **_: Any,
) -> dict[str, Any]:
    contact_id = person_of(dialog_manager)
    card = await cards.get(actor, contact_id)
    return {"name": name_of(card), "before": await deletion.before(actor, contact_id)}
