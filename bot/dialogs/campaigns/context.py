"""Which campaign a menu is about."""

from typing import Any

from aiogram_dialog import DialogManager


def about_campaign(campaign_id: int, **more: Any) -> dict[str, Any]:
    """Make what a menu about this campaign is started with."""
    return {"campaign_id": campaign_id, **more}


def campaign_of(manager: DialogManager) -> int:
    """Find the campaign: made or chosen in this menu, or else the one that it was started with; 0 if neither."""
    if "campaign_id" in manager.dialog_data:
        return int(manager.dialog_data["campaign_id"])
    data = manager.start_data
    return int(data.get("campaign_id", 0)) if isinstance(data, dict) else 0
