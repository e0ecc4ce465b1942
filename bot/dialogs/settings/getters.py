from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.formatting import counted, few
from bot.dialogs.welcome.answers import COUNTRIES, write_quiet_hours
from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.own_stop_words import OwnStopWords
from engine.contacts.stopwords import STOP_WORDS
from engine.settings import Settings
from engine.workspaces import Workspaces
from models import Workspace

NO_LIMIT = 0  # a button's id
CAPS = (("1", 1), ("2", 2), ("3", 3), ("No limit", NO_LIMIT))
OFF = "off"
DIGEST_TIMES = ("09:00", "18:00", "21:00")
SHOWN_WORDS = 5


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
        "frequency_cap": write_frequency_cap(workspace.frequency_cap),
        "stop_words": few([f"“{word}”" for word in workspace.stop_words], SHOWN_WORDS),
        "digest": write_digest(workspace),
        "replies": write_replies(workspace),
        "bound": chat_id is not None,
        "group": await _title(bot, chat_id) if chat_id is not None else None,
        "group_link": f"https://t.me/{(await bot.me()).username}?startgroup=alerts" if linked else None,
    }


async def _title(bot: Bot, chat_id: int) -> str | None:
    try:
        return (await bot.get_chat(chat_id)).title
    except TelegramAPIError:
        return None


def write_frequency_cap(most: int | None) -> str:
    if most is None:
        return "no limit of campaigns and sequences a day"
    return f"at most {counted(most, 'campaign or sequence', 'campaigns or sequences')} a day"


def write_digest(workspace: Workspace) -> str:
    return f"{workspace.digest_at:%H:%M}" if workspace.digest_at is not None else "off"


def write_replies(workspace: Workspace) -> str:
    return "posted to the alerts group" if workspace.replies_posted else "only at Home"


@inject
async def get_replies(actor: Actor, workspaces: FromDishka[Workspaces], **_: Any) -> dict[str, Any]:
    workspace = await workspaces.get(actor)
    return {
        "replies": write_replies(workspace),
        "bound": workspace.alerts_chat_id is not None,
        "posted": workspace.replies_posted,
        "kept": not workspace.replies_posted,
    }


@inject
async def get_limits(actor: Actor, workspaces: FromDishka[Workspaces], **_: Any) -> dict[str, Any]:
    workspace = await workspaces.get(actor)
    chosen = workspace.frequency_cap or NO_LIMIT
    return {
        "quiet_hours": write_quiet_hours(workspace.quiet_start, workspace.quiet_end),
        "frequency_cap": write_frequency_cap(workspace.frequency_cap),
        "caps": [(f"✓ {label}" if most == chosen else label, most) for label, most in CAPS],
    }


@inject
async def get_digest(actor: Actor, workspaces: FromDishka[Workspaces], **_: Any) -> dict[str, Any]:
    workspace = await workspaces.get(actor)
    chosen = write_digest(workspace)
    times = [(time, time) for time in DIGEST_TIMES]
    return {
        "digest": chosen,
        "bound": workspace.alerts_chat_id is not None,
        "times": [(f"✓ {label}" if at == chosen else label, at) for label, at in [*times, ("Off", OFF)]],
    }


@inject
async def get_stop_words(
    dialog_manager: DialogManager, actor: Actor, words: FromDishka[OwnStopWords], **_: Any
) -> dict[str, Any]:
    own = await words.list(actor)
    dialog_manager.dialog_data["words"] = own  # what a press on one means
    return {
        "everybody": ", ".join(STOP_WORDS),
        "own": ", ".join(f"“{word}”" for word in own),
        "labels": [(word, number) for number, word in enumerate(own)],
    }
