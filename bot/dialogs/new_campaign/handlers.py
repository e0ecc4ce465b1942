from dataclasses import replace
from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.input import ManagedTextInput, MessageInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.builder.attachments import read_attachment
from bot.dialogs.builder.texts import text_of
from bot.dialogs.campaign_review.states import CampaignReview
from bot.dialogs.campaigns.context import about_campaign, campaign_of
from bot.dialogs.campaigns.states import Campaigns
from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.new_campaign.context import audience, given, is_alone, leads_chosen
from bot.dialogs.new_campaign.moments import read_moment, tomorrow_morning
from bot.dialogs.new_campaign.states import NewCampaign
from bot.dialogs.new_campaign.wording import LEADS, leads_of, name_for, next_leads
from bot.dialogs.sequences.pool import tick, ticked
from engine.campaigns.audience import Audience
from engine.campaigns.catalogue import CampaignCatalogue, Missing
from engine.campaigns.content import Content
from engine.campaigns.editor import CampaignEditor
from engine.campaigns.files import CampaignFiles
from engine.devices.registry import Devices
from engine.errors import InvalidInputError
from models.enums import ContentKind, DeviceChoice, Role


async def open_new(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    """From the list of campaigns: who may not make one is told before they write its message."""
    actor_of(manager).must_be(Role.OPERATOR)
    await manager.start(NewCampaign.message)


async def open_new_for(manager: DialogManager, list_id: int, list_name: str) -> None:
    """From a list, or from the end of an import: the people are chosen already."""
    actor_of(manager).must_be(Role.OPERATOR)
    await manager.start(NewCampaign.message, data={"whom": {"list_id": list_id}, "whom_name": f"📋 {list_name}"})


async def open_new_for_segment(manager: DialogManager, segment_id: int, name: str) -> None:
    actor_of(manager).must_be(Role.OPERATOR)
    await manager.start(NewCampaign.message, data={"whom": {"segment_id": segment_id}, "whom_name": f"🧩 {name}"})


@inject
async def on_start(
    _data: Data,
    manager: DialogManager,
    catalogue: FromDishka[CampaignCatalogue],
    devices: FromDishka[Devices],
) -> None:
    """Begin with what a draft has already."""
    if not campaign_of(manager):
        return
    card = await catalogue.card(actor_of(manager), campaign_of(manager))
    manager.dialog_data["leads"] = leads_of(card.audience.lead_status)
    if card.devices and card.device_choice is DeviceChoice.POOL:
        await tick(manager, {device.id for device in card.devices})
    else:
        await _tick_those_that_may_send(manager, devices)


# The message


@inject
async def drop_file(
    callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    catalogue: FromDishka[CampaignCatalogue],
    editor: FromDishka[CampaignEditor],
) -> None:
    """Let a draft be text alone."""
    card = await catalogue.card(actor_of(manager), campaign_of(manager))
    await editor.set_content(actor_of(manager), card.id, Content(ContentKind.TEXT, card.content.body))
    await callback.answer("The file is out.")


@inject
async def take_message(
    message: Message,
    _input: MessageInput,
    manager: DialogManager,
    editor: FromDishka[CampaignEditor],
    files: FromDishka[CampaignFiles],
    devices: FromDishka[Devices],
) -> None:
    """Make a draft of it, or change the draft that was made of an earlier one."""
    actor, campaign_id = actor_of(manager), campaign_of(manager)
    attachment = await read_attachment(bot_of(manager), message)
    content = await files.content(actor, text_of(message), attachment, instead_in=campaign_id or None)
    if campaign_id:
        await editor.set_content(actor, campaign_id, content)
    else:
        name = name_for(content.body, content.kind, attachment.file_name if attachment else "")
        campaign_id = await editor.create(actor, name)
        manager.dialog_data["campaign_id"] = campaign_id
        await editor.set_content(actor, campaign_id, content)
    if is_alone(manager):
        await manager.done()
    elif "whom" in given(manager):
        await _take_audience(manager, editor, devices, Audience(**given(manager)["whom"]))
    else:
        await manager.switch_to(NewCampaign.audience)


# Whom it is for


@inject
async def turn_leads(
    _callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    catalogue: FromDishka[CampaignCatalogue],
    editor: FromDishka[CampaignEditor],
) -> None:
    """Prospects, customers or both; for whom it is already, if somebody has said it."""
    leads = next_leads(leads_chosen(manager))
    card = await catalogue.card(actor_of(manager), campaign_of(manager))
    if Missing.AUDIENCE not in card.missing:
        whom = replace(card.audience, lead_status=LEADS[leads][0])
        await editor.set_audience(actor_of(manager), card.id, whom)
    manager.dialog_data["leads"] = leads


@inject
async def choose_quick(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    editor: FromDishka[CampaignEditor],
    devices: FromDishka[Devices],
) -> None:
    whom = audience(manager, **manager.dialog_data["quick"][number])
    await _take_audience(manager, editor, devices, whom)


@inject
async def choose_interest(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    editor: FromDishka[CampaignEditor],
    devices: FromDishka[Devices],
) -> None:
    whom = audience(manager, niche=manager.dialog_data["niches"][number])
    await _take_audience(manager, editor, devices, whom)


@inject
async def choose_list(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    list_id: int,
    editor: FromDishka[CampaignEditor],
    devices: FromDishka[Devices],
) -> None:
    await _take_audience(manager, editor, devices, audience(manager, list_id=list_id))


@inject
async def choose_segment(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    segment_id: int,
    editor: FromDishka[CampaignEditor],
    devices: FromDishka[Devices],
) -> None:
    await _take_audience(manager, editor, devices, audience(manager, segment_id=segment_id))


@inject
async def choose_everybody(
    _callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    editor: FromDishka[CampaignEditor],
    devices: FromDishka[Devices],
) -> None:
    await _take_audience(manager, editor, devices, audience(manager))


async def _take_audience(manager: DialogManager, editor: CampaignEditor, devices: Devices, whom: Audience) -> None:
    """Go on with the devices; a team with one alone is not asked."""
    actor, campaign_id = actor_of(manager), campaign_of(manager)
    await editor.set_audience(actor, campaign_id, whom)
    if is_alone(manager):
        await manager.done()
        return
    known = await devices.list(actor)
    if len(known) == 1:
        await editor.set_devices(actor, campaign_id, [known[0].id])
        manager.dialog_data["only_device"] = known[0].name
        await manager.switch_to(NewCampaign.when)
        return
    if not ticked(manager):
        await _tick_those_that_may_send(manager, devices)
    await manager.switch_to(NewCampaign.devices)


# From which devices


async def _tick_those_that_may_send(manager: DialogManager, devices: Devices) -> None:
    """Choose every device that is not lost for good; one that is away for a while counts as well."""
    known = await devices.list(actor_of(manager))
    await tick(manager, {device.id for device in known if not device.state.is_lost})


@inject
async def use_ticked(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[CampaignEditor]
) -> None:
    if not ticked(manager):
        raise InvalidInputError("Choose at least one device.")
    await editor.set_devices(actor_of(manager), campaign_of(manager), ticked(manager))
    await _go_on_to_when(manager)


@inject
async def use_known(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[CampaignEditor]
) -> None:
    await editor.use_known_devices(actor_of(manager), campaign_of(manager))
    await _go_on_to_when(manager)


async def _go_on_to_when(manager: DialogManager) -> None:
    if is_alone(manager):
        await manager.done()
    else:
        await manager.switch_to(NewCampaign.when)


# When


async def choose_now(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await _review(manager, None)


@inject
async def choose_tomorrow(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, catalogue: FromDishka[CampaignCatalogue]
) -> None:
    card = await catalogue.card(actor_of(manager), campaign_of(manager))
    await _review(manager, tomorrow_morning(card.now, card.time_zone).isoformat())


@inject
async def type_moment(
    _message: Message,
    _input: ManagedTextInput[str],
    manager: DialogManager,
    typed: str,
    catalogue: FromDishka[CampaignCatalogue],
) -> None:
    card = await catalogue.card(actor_of(manager), campaign_of(manager))
    await _review(manager, read_moment(typed, card.now, card.time_zone).isoformat())


async def _review(manager: DialogManager, at: str | None) -> None:
    await manager.start(CampaignReview.review, data=about_campaign(campaign_of(manager), at=at))


async def back_from_when(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    """Back to the devices, if they were asked for."""
    if manager.dialog_data.get("only_device"):
        await manager.switch_to(NewCampaign.audience)
    elif given(manager).get("begins") == "when":
        await manager.done()
    else:
        await manager.switch_to(NewCampaign.devices)


async def leave(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.done()


@inject
async def on_result(_start_data: Data, result: Any, manager: DialogManager, devices: FromDishka[Devices]) -> None:
    """Show the card of what was launched; choose a device that was just added."""
    if isinstance(result, dict) and "launched" in result:
        await show_card(manager, result["launched"])
    elif manager.current_context().state == NewCampaign.devices:
        await _tick_those_that_may_send(manager, devices)


async def show_card(manager: DialogManager, campaign_id: int) -> None:
    """End this menu; wherever it was opened, a campaign's card comes next."""
    await manager.done({"campaign_id": campaign_id})
    if manager.current_context().state.group is not Campaigns:
        await manager.start(Campaigns.card, data=about_campaign(campaign_id))
