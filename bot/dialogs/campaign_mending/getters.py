from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaign_mending import wording
from bot.dialogs.campaigns.context import campaign_of
from bot.dialogs.campaigns.wording import message_words
from engine.actor import Actor
from engine.campaigns.catalogue import CampaignCatalogue
from engine.campaigns.retrying import CampaignRetries
from engine.campaigns.revoking import CampaignRevocations


@inject
async def get_revocations(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[CampaignCatalogue],
    revocations: FromDishka[CampaignRevocations],
    **_: Any,
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    found = await revocations.get(actor, card.id)
    return {
        "name": card.name,
        "before": wording.before_revoking(found),
        "progress": wording.while_revoking(found),
        "possible": found.possible > 0,
        "label": f"🗑 Delete {found.possible:,} now",
        "going_on": found.waiting > 0,
    }


@inject
async def get_wrong(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[CampaignCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    return {
        "name": card.name,
        "got": card.progress.sent + card.progress.unknown,
        "message": message_words(card, longest=1000),
    }


@inject
async def get_failed(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[CampaignCatalogue],
    retries: FromDishka[CampaignRetries],
    **_: Any,
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    found = await retries.foresee(actor, card.id)
    return {
        "name": card.name,
        "people": found.people,
        "lines": wording.before_retrying(found),
        "some": found.people > 0,
        "label": f"↻ Try {found.people:,} again",
    }
