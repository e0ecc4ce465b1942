from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaign_mending.states import CampaignMending
from bot.dialogs.campaign_settings.states import CampaignSettings
from bot.dialogs.campaign_text.states import CampaignText
from bot.dialogs.campaigns.context import about_campaign, campaign_of
from bot.dialogs.campaigns.getters import ON_A_PAGE
from bot.dialogs.campaigns.states import Campaigns
from bot.dialogs.campaigns.wording import first_missing
from bot.dialogs.chat_links.context import links_of_campaign
from bot.dialogs.chat_links.states import ChatLinks
from bot.dialogs.context import actor_of
from bot.dialogs.new_campaign.states import NewCampaign
from engine.campaigns.catalogue import CampaignCatalogue, Missing
from engine.campaigns.control import CampaignControl
from engine.campaigns.editor import CampaignEditor
from engine.campaigns.launch import CampaignLaunches

ASKED_AT = {
    Missing.MESSAGE: NewCampaign.message,
    Missing.AUDIENCE: NewCampaign.audience,
    Missing.DEVICES: NewCampaign.devices,
}


async def choose_tab(_callback: CallbackQuery, _select: Any, manager: DialogManager, tab: str) -> None:
    manager.dialog_data.update(tab=tab, first=0)


async def turn_on(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["first"] = manager.dialog_data.get("first", 0) + ON_A_PAGE


async def turn_back(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["first"] = max(0, manager.dialog_data.get("first", 0) - ON_A_PAGE)


async def open_card(_callback: CallbackQuery, _select: Any, manager: DialogManager, campaign_id: int) -> None:
    manager.dialog_data["campaign_id"] = campaign_id
    await manager.switch_to(Campaigns.card)


# While it runs


@inject
async def undo(
    callback: CallbackQuery, _button: Button, manager: DialogManager, launches: FromDishka[CampaignLaunches]
) -> None:
    await launches.undo(actor_of(manager), campaign_of(manager))
    await callback.answer("Taken back: it is a draft again, and nobody got it.")


@inject
async def pause(
    callback: CallbackQuery, _button: Button, manager: DialogManager, control: FromDishka[CampaignControl]
) -> None:
    await control.pause(actor_of(manager), campaign_of(manager))
    await callback.answer("Paused. Nothing of it goes out until you resume.")


@inject
async def stop(
    callback: CallbackQuery, _button: Button, manager: DialogManager, control: FromDishka[CampaignControl]
) -> None:
    """Stop it without a question: what is done about it comes after."""
    await control.stop(actor_of(manager), campaign_of(manager))
    await callback.answer("Stopped.")


@inject
async def resume(
    callback: CallbackQuery, _button: Button, manager: DialogManager, control: FromDishka[CampaignControl]
) -> None:
    await control.resume(actor_of(manager), campaign_of(manager))
    await callback.answer("It goes on. Nobody gets it twice.")


async def fix_text(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(CampaignText.text, data=about_campaign(campaign_of(manager)))


@inject
async def cancel_rest(
    callback: CallbackQuery, _button: Button, manager: DialogManager, control: FromDishka[CampaignControl]
) -> None:
    await control.cancel_rest(actor_of(manager), campaign_of(manager))
    # No figure: a message that the queue holds at this moment is ended a little later. The card counts them.
    await callback.answer("Cancelled: nobody else gets it.")
    await manager.switch_to(Campaigns.card)


async def open_revoking(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(CampaignMending.revoke, data=about_campaign(campaign_of(manager)))


async def open_correcting(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(CampaignMending.correct, data=about_campaign(campaign_of(manager)))


async def open_retrying(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(CampaignMending.retry, data=about_campaign(campaign_of(manager)))


async def open_results(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.switch_to(Campaigns.results)


# A draft


@inject
async def go_on(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, catalogue: FromDishka[CampaignCatalogue]
) -> None:
    """Ask for what it still needs; then when, and the review."""
    card = await catalogue.card(actor_of(manager), campaign_of(manager))
    missing = first_missing(card)
    data = about_campaign(card.id, begins="when") if missing is None else about_campaign(card.id)
    await manager.start(NewCampaign.when if missing is None else ASKED_AT[missing], data=data)


async def change_message(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(NewCampaign.message, data=about_campaign(campaign_of(manager), alone=True))


async def change_audience(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(NewCampaign.audience, data=about_campaign(campaign_of(manager), alone=True))


async def change_devices(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(NewCampaign.devices, data=about_campaign(campaign_of(manager), alone=True))


async def open_settings(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(CampaignSettings.main, data=about_campaign(campaign_of(manager)))


async def open_links(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(ChatLinks.all, data=links_of_campaign(campaign_of(manager)))


@inject
async def rename(
    _message: Message, _input: Any, manager: DialogManager, typed: str, editor: FromDishka[CampaignEditor]
) -> None:
    await editor.rename(actor_of(manager), campaign_of(manager), typed)
    await manager.switch_to(Campaigns.card)


@inject
async def clone(
    callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[CampaignEditor]
) -> None:
    """Go to the card of the clone."""
    manager.dialog_data["campaign_id"] = await editor.clone(actor_of(manager), campaign_of(manager))
    await callback.answer("This is the clone: a draft that nobody has got.")
    await manager.switch_to(Campaigns.card)


@inject
async def delete(
    callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[CampaignEditor]
) -> None:
    await editor.delete(actor_of(manager), campaign_of(manager))
    await callback.answer("Deleted.")
    await manager.switch_to(Campaigns.list)


async def on_result(_start_data: Data, result: Any, manager: DialogManager) -> None:
    """Show the card of what was made or launched."""
    if isinstance(result, dict) and "campaign_id" in result:
        manager.dialog_data["campaign_id"] = result["campaign_id"]
        await manager.switch_to(Campaigns.card)
