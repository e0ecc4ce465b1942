from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaigns.context import campaign_of
from bot.dialogs.campaigns.wording import message_words
from bot.dialogs.formatting import people
from bot.dialogs.navigation import when
from bot.dialogs.new_campaign.context import is_alone, leads_chosen
from bot.dialogs.new_campaign.wording import LEADS, device_label
from bot.dialogs.sequences.getters import label
from engine.actor import Actor
from engine.campaigns.catalogue import CampaignCatalogue
from engine.contacts.book import ContactBook
from engine.contacts.segmenting import Segments
from engine.contacts.time_zones import city_of
from engine.devices.registry import Devices
from models.enums import DeviceChoice

QUICK_LISTS = 3  # the newest
QUICK_INTERESTS = 4  # of most people


@inject
async def get_name(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[CampaignCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    alone = is_alone(dialog_manager)
    known = card.device_choice is DeviceChoice.KNOWN
    return {
        "name": card.name,
        "known_label": f"{'✓ ' if known else ''}📱 The device each already knows",
        "alone": alone,
        "in_turn": not alone,
    }


@inject
async def get_message(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[CampaignCatalogue], **_: Any
) -> dict[str, Any]:
    """What is to be written, or what has been written already."""
    campaign_id, given = campaign_of(dialog_manager), dialog_manager.start_data
    card = await catalogue.card(actor, campaign_id) if campaign_id else None
    return {
        "name": card.name if card else "",
        "now": message_words(card) if card else "",
        "has_file": card is not None and card.file_name is not None,
        "whom_name": given.get("whom_name") if isinstance(given, dict) else None,
    }


@inject
async def get_audience(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[CampaignCatalogue],
    book: FromDishka[ContactBook],
    **_: Any,
) -> dict[str, Any]:
    """The newest lists and the largest interests are one tap away."""
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    lists, niches, everybody = await book.lists(actor), await book.niches(actor), await book.count(actor)
    largest = sorted(niches, key=lambda one: -one.contacts)[:QUICK_INTERESTS]
    dialog_manager.dialog_data["quick"] = [  # what a press on one of them means
        *({"list_id": one.id} for one in lists[:QUICK_LISTS]),
        *({"niche": one.niche} for one in largest),
    ]
    labels = [
        *(f"📋 {label(one.name, one.size)}" for one in lists[:QUICK_LISTS]),
        *(f"🏷 {label(one.niche, one.contacts)}" for one in largest),
    ]
    alone = is_alone(dialog_manager)
    return {
        "name": card.name,
        "quick": [(text, number) for number, text in enumerate(labels)],
        "everybody": people(everybody),
        "somebody": everybody > 0,
        "nobody": everybody == 0,
        "whom": card.audience_words,
        "leads": LEADS[leads_chosen(dialog_manager)][1],
        "alone": alone,
        "in_turn": not alone,
    }


@inject
async def get_interests(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[CampaignCatalogue],
    book: FromDishka[ContactBook],
    **_: Any,
) -> dict[str, Any]:
    card, niches = await catalogue.card(actor, campaign_of(dialog_manager)), await book.niches(actor)
    dialog_manager.dialog_data["niches"] = [one.niche for one in niches]  # what a press on one of them means
    return {
        "name": card.name,
        "niches": [(label(one.niche, one.contacts), number) for number, one in enumerate(niches)],
    }


@inject
async def get_lists(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[CampaignCatalogue],
    book: FromDishka[ContactBook],
    **_: Any,
) -> dict[str, Any]:
    card, lists = await catalogue.card(actor, campaign_of(dialog_manager)), await book.lists(actor)
    return {"name": card.name, "lists": [(label(one.name, one.size), one.id) for one in lists]}


@inject
async def get_segments(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[CampaignCatalogue],
    segments: FromDishka[Segments],
    **_: Any,
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    return {"name": card.name, "segments": [(one.name[:40], one.id) for one in await segments.all(actor)]}


@inject
async def get_pool(actor: Actor, devices: FromDishka[Devices], **_: Any) -> dict[str, Any]:
    known = await devices.list(actor)
    return {
        "devices": [(device_label(device), device.id) for device in known],
        "has_devices": bool(known),
        "no_devices": not known,
    }


@inject
async def get_moments(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[CampaignCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    return {
        "name": card.name,
        "city": city_of(card.time_zone),
        "now": when(card.now, card.now, card.time_zone).removeprefix("today "),
        "only_device": dialog_manager.dialog_data.get("only_device"),
    }
