from typing import Any
from zoneinfo import ZoneInfo

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.welcome.answers import COUNTRIES, zones_of
from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.time_zones import city_of
from engine.settings import Settings
from engine.workspaces import Workspaces

LIKELIEST = ("MY", "SG", "ID", "TH", "PH", "IN", "AE", "GB", "US", "AU")
QUIET_HOURS = (("21:00–08:00", "21:00-08:00"), ("22:00–07:00", "22:00-07:00"), ("No quiet hours", "none"))


def is_changing(manager: DialogManager) -> bool:
    """Whether Settings asks one of the questions again; the claim starts them without data."""
    return manager.start_data is not None


@inject
async def get_countries(dialog_manager: DialogManager, settings: FromDishka[Settings], **_: Any) -> dict[str, Any]:
    codes = dict.fromkeys((settings.default_country, *LIKELIEST))
    return {
        **_mode(dialog_manager),
        "countries": [(f"{_flag(code)} {COUNTRIES[code]}", code) for code in codes if code in COUNTRIES],
    }


@inject
async def get_zones(
    dialog_manager: DialogManager,
    actor: Actor,
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    country, now = (await workspaces.get(actor)).country, clock.now()
    return {
        **_mode(dialog_manager),
        "country": COUNTRIES[country],
        "zones": [
            (f"{city_of(zone)} · now {now.astimezone(ZoneInfo(zone)):%H:%M}", zone) for zone in zones_of(country)
        ],
    }


async def get_quiet_hours(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    return {**_mode(dialog_manager), "hours": QUIET_HOURS}


def _mode(manager: DialogManager) -> dict[str, bool]:
    changing = is_changing(manager)
    return {"changing": changing, "first_time": not changing}


def _flag(country: str) -> str:
    """The two letters as regional indicators, which are shown as the flag."""
    return "".join(chr(ord("🇦") + ord(letter) - ord("A")) for letter in country)
