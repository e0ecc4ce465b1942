from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.welcome.answers import COUNTRIES, write_quiet_hours
from engine.actor import Actor
from engine.clock import Clock
from engine.settings import Settings
from engine.workspaces import Workspaces


@inject
async def get_settings(
    actor: Actor,
    bot: Bot,
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    settings: FromDishka[Settings],
    **_: Any,
) -> dict[str, Any]:
    workspace = await workspaces.get(actor)
    local = clock.now().astimezone(ZoneInfo(workspace.time_zone))
    chat_id = workspace.alerts_chat_id
    # The sandbox's bot is unknown to Telegram: there is nothing behind a link.
    linked = chat_id is None and not settings.sandbox
    return {
        "team": workspace.name,
        "country": COUNTRIES[workspace.country],
        "time_zone": workspace.time_zone,
        "local_time": f"{local:%a} {local.day} {local:%b} {local:%H:%M}",
        "quiet_hours": write_quiet_hours(workspace.quiet_start, workspace.quiet_end),
        "bound": chat_id is not None,
        "group": await _title(bot, chat_id) if chat_id is not None else None,
        "group_link": f"https://t.me/{(await bot.me()).username}?startgroup=alerts" if linked else None,
    }


async def _title(bot: Bot, chat_id: int) -> str | None:
    try:
        return (await bot.get_chat(chat_id)).title
    except TelegramAPIError:
        return None
