from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaign_text.wording import gets_words, had_words
from bot.dialogs.campaigns.context import campaign_of
from bot.dialogs.campaigns.wording import message_words
from engine.actor import Actor
from engine.campaigns.catalogue import CampaignCatalogue
from engine.campaigns.control import CampaignControl


@inject
async def get_text(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[CampaignCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    return {"card": card, "message": message_words(card, longest=2000), "has_file": card.file_name is not None}


@inject
async def get_look(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[CampaignCatalogue],
    control: FromDishka[CampaignControl],
    **_: Any,
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    figures = await control.stopped(actor, card.id)
    return {
        "card": card,
        "message": message_words(card, longest=2000),
        "samples": [],
        "gets": gets_words(figures.not_yet, all_are_known=card.fanned),
        "had": had_words(figures.got),
        "got": figures.got,
        "continue_label": f"▶️ Continue with {figures.not_yet:,}" if card.fanned else "▶️ Continue",
    }
