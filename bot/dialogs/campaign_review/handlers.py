import asyncio

from aiogram.types import BufferedInputFile, CallbackQuery
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaign_review.getters import FIRST_ONES, start_of
from bot.dialogs.campaign_review.picture import draw
from bot.dialogs.campaigns.context import campaign_of
from bot.dialogs.context import actor_of, bot_of
from engine.campaigns.launch import CampaignLaunches
from engine.campaigns.review import CampaignReviews


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


@inject
async def send_chart(
    callback: CallbackQuery, _button: Button, manager: DialogManager, reviews: FromDishka[CampaignReviews]
) -> None:
    review = await reviews.review(actor_of(manager), campaign_of(manager), at=start_of(manager))
    picture = await asyncio.to_thread(draw, review)
    if picture is not None:
        await bot_of(manager).send_photo(callback.from_user.id, BufferedInputFile(picture, "campaign.png"))
    manager.show_mode = ShowMode.DELETE_AND_SEND  # the menu stays the last message of the chat
