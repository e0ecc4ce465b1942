from typing import Any

from aiogram.types import CallbackQuery
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.home.states import Home
from bot.dialogs.person.context import about_person
from bot.dialogs.person.states import Person
from engine.alerts import Alerts
from engine.workspaces import Workspaces


@inject
async def stop_everything(
    callback: CallbackQuery, _button: Button, manager: DialogManager, workspaces: FromDishka[Workspaces]
) -> None:
    await workspaces.stop_everything(actor_of(manager))
    await callback.answer("Everything is stopped.")
    await manager.switch_to(Home.main)


@inject
async def resume_everything(
    callback: CallbackQuery, _button: Button, manager: DialogManager, workspaces: FromDishka[Workspaces]
) -> None:
    await workspaces.resume_everything(actor_of(manager))
    await callback.answer("Sending goes on.")


@inject
async def acknowledge(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    alert_id: int,
    alerts: FromDishka[Alerts],
) -> None:
    await alerts.acknowledge(actor_of(manager), alert_id)
    await callback.answer("Seen by you.")


async def open_person(_callback: CallbackQuery, _select: Any, manager: DialogManager, contact_id: int) -> None:
    """Open the card of somebody who seems to ask to stop: there it is decided."""
    await manager.start(Person.card, data=about_person(contact_id))
