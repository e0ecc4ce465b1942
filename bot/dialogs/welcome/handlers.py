from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager, StartMode
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.home.states import Home
from bot.dialogs.welcome.answers import read_country, read_quiet_hours, zones_of
from bot.dialogs.welcome.getters import is_changing
from bot.dialogs.welcome.states import Welcome
from engine.contacts.time_zones import read_zone
from engine.workspaces import Workspaces


@inject
async def choose_country(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    country: str,
    workspaces: FromDishka[Workspaces],
) -> None:
    await _save_country(manager, workspaces, country)


@inject
async def type_country(
    _message: Message, _input: Any, manager: DialogManager, text: str, workspaces: FromDishka[Workspaces]
) -> None:
    await _save_country(manager, workspaces, read_country(text))


async def _save_country(manager: DialogManager, workspaces: Workspaces, country: str) -> None:
    """Save it at once, with a time of that country; the next question may correct the time."""
    actor = actor_of(manager)
    zone, zones = (await workspaces.get(actor)).time_zone, zones_of(country)
    await workspaces.set_place(actor, country=country, time_zone=zone if zone in zones else zones[0])
    await manager.switch_to(Welcome.time_zone)


@inject
async def choose_zone(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    zone: str,
    workspaces: FromDishka[Workspaces],
) -> None:
    country = (await workspaces.get(actor_of(manager))).country
    await _save_zone(manager, workspaces, country, zone)


@inject
async def type_zone(
    _message: Message, _input: Any, manager: DialogManager, text: str, workspaces: FromDishka[Workspaces]
) -> None:
    country = (await workspaces.get(actor_of(manager))).country
    await _save_zone(manager, workspaces, country, read_zone(text, country))


async def _save_zone(manager: DialogManager, workspaces: Workspaces, country: str, zone: str) -> None:
    await workspaces.set_place(actor_of(manager), country=country, time_zone=zone)
    if is_changing(manager):
        await manager.done()
    else:
        await manager.switch_to(Welcome.quiet_hours)


@inject
async def choose_quiet_hours(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    hours: str,
    workspaces: FromDishka[Workspaces],
) -> None:
    await _save_quiet_hours(manager, workspaces, hours)


@inject
async def type_quiet_hours(
    _message: Message, _input: Any, manager: DialogManager, text: str, workspaces: FromDishka[Workspaces]
) -> None:
    await _save_quiet_hours(manager, workspaces, text)


async def _save_quiet_hours(manager: DialogManager, workspaces: Workspaces, text: str) -> None:
    start, end = read_quiet_hours(text) or (None, None)
    await workspaces.set_quiet_hours(actor_of(manager), start, end)
    if is_changing(manager):
        await manager.done()
    else:
        await manager.start(Home.main, mode=StartMode.RESET_STACK)
