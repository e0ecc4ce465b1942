"""What the questions for a campaign know of each other."""

from collections.abc import Mapping
from typing import Any

from aiogram_dialog import DialogManager

from bot.dialogs.new_campaign.wording import LEADS
from engine.campaigns.audience import Audience


def given(manager: DialogManager) -> Mapping[str, Any]:
    """What the menu was started with."""
    return manager.start_data if isinstance(manager.start_data, dict) else {}


def is_alone(manager: DialogManager) -> bool:
    """Whether one part of a draft is changed, and no other question follows."""
    return bool(given(manager).get("alone"))


def leads_chosen(manager: DialogManager) -> str:
    return str(manager.dialog_data.get("leads", "all"))


def audience(manager: DialogManager, **whom: Any) -> Audience:
    return Audience(**whom, lead_status=LEADS[leads_chosen(manager)][0])
