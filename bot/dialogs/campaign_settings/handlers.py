from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaign_settings.wording import WINDOWS, read_span, read_window
from bot.dialogs.campaigns.context import campaign_of
from bot.dialogs.context import actor_of
from bot.dialogs.devices.delays import USUAL_DELAYS, read_delays
from engine.campaigns.catalogue import CampaignCatalogue
from engine.campaigns.editor import CampaignEditor
from models.enums import LatePolicy


@inject
async def choose_pace(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: str,
    editor: FromDishka[CampaignEditor],
) -> None:
    await editor.set_pacing(actor_of(manager), campaign_of(manager), USUAL_DELAYS[int(number)])
    await callback.answer("Saved.")


@inject
async def clear_pace(
    callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[CampaignEditor]
) -> None:
    await editor.set_pacing(actor_of(manager), campaign_of(manager), None)
    await callback.answer("Saved.")


@inject
async def type_pace(
    _message: Message, _input: Any, manager: DialogManager, typed: str, editor: FromDishka[CampaignEditor]
) -> None:
    await editor.set_pacing(actor_of(manager), campaign_of(manager), read_delays(typed))


@inject
async def choose_window(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: str,
    editor: FromDishka[CampaignEditor],
) -> None:
    await editor.set_window(actor_of(manager), campaign_of(manager), WINDOWS[int(number)])
    await callback.answer("Saved.")


@inject
async def clear_window(
    callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[CampaignEditor]
) -> None:
    await editor.set_window(actor_of(manager), campaign_of(manager), None)
    await callback.answer("Saved.")


@inject
async def type_window(
    _message: Message, _input: Any, manager: DialogManager, typed: str, editor: FromDishka[CampaignEditor]
) -> None:
    await editor.set_window(actor_of(manager), campaign_of(manager), read_window(typed))


@inject
async def choose_policy(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    policy: str,
    catalogue: FromDishka[CampaignCatalogue],
    editor: FromDishka[CampaignEditor],
) -> None:
    card = await catalogue.card(actor_of(manager), campaign_of(manager))
    await editor.set_late(actor_of(manager), card.id, LatePolicy(policy), card.late_window_minutes)
    await callback.answer("Saved.")


@inject
async def choose_late(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    hours: str,
    catalogue: FromDishka[CampaignCatalogue],
    editor: FromDishka[CampaignEditor],
) -> None:
    card = await catalogue.card(actor_of(manager), campaign_of(manager))
    await editor.set_late(actor_of(manager), card.id, card.late_policy, int(hours) * 60)
    await callback.answer("Saved.")


@inject
async def type_late(
    _message: Message,
    _input: Any,
    manager: DialogManager,
    typed: str,
    catalogue: FromDishka[CampaignCatalogue],
    editor: FromDishka[CampaignEditor],
) -> None:
    card = await catalogue.card(actor_of(manager), campaign_of(manager))
    await editor.set_late(actor_of(manager), card.id, card.late_policy, read_span(typed))
