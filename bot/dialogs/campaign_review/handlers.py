from aiogram.types import CallbackQuery
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaign_review.getters import FIRST_ONES, start_of
from bot.dialogs.campaigns.context import campaign_of
from bot.dialogs.context import actor_of
from engine.campaigns.launch import CampaignLaunches


@inject
async def launch(
    callback: CallbackQuery, _button: Button, manager: DialogManager, launches: FromDishka[CampaignLaunches]
) -> None:
    await _launch(callback, manager, launches, None)


@inject
async def launch_first_ones(
    callback: CallbackQuery, _button: Button, manager: DialogManager, launches: FromDishka[CampaignLaunches]
) -> None:
    await _launch(callback, manager, launches, FIRST_ONES)


async def _launch(
    callback: CallbackQuery, manager: DialogManager, launches: CampaignLaunches, first_ones: int | None
) -> None:
    campaign_id = campaign_of(manager)
    await launches.launch(actor_of(manager), campaign_id, at=start_of(manager), first_ones=first_ones)
    await callback.answer("Launched. Until it starts you can take it back.")
    await manager.done({"launched": campaign_id})
