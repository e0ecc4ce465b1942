from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaign_settings import wording
from bot.dialogs.campaigns.context import campaign_of
from bot.dialogs.campaigns.wording import late_words, span
from engine.actor import Actor
from engine.campaigns.catalogue import CampaignCatalogue


@inject
async def get_settings(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[CampaignCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    return {
        "card": card,
        "pace": wording.write_pace(card.delays),
        "window": wording.write_window(card.window),
        "late": late_words(card.late_policy, card.late_window_minutes),
        "span": span(card.late_window_minutes),
        "pace_options": wording.pace_labels(card.delays),
        "window_options": wording.window_labels(card.window),
        "policy_options": wording.policy_labels(card.late_policy),
        "late_options": wording.late_labels(card.late_window_minutes),
    }
