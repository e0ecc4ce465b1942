from aiogram.types import CallbackQuery
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from engine.workspaces import Workspaces


@inject
async def forget_alerts_group(
    callback: CallbackQuery, _button: Button, manager: DialogManager, workspaces: FromDishka[Workspaces]
) -> None:
    await workspaces.bind_alerts_chat(actor_of(manager), None)
    await callback.answer("Alerts are only at Home now.")
