from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.sequences.context import sequence_of
from engine.actor import Actor
from engine.sequences.catalogue import SequenceCatalogue


@inject
async def get_settings(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, sequence_of(dialog_manager))
    return {"card": card, "skips": card.skip_weekends, "sends_daily": not card.skip_weekends}
