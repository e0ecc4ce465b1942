"""Which list a menu is about."""

from typing import Any

from aiogram_dialog import DialogManager


def about_list(list_id: int) -> dict[str, Any]:
    """Make what the card of this list is started with."""
    return {"list_id": list_id}


def list_of(manager: DialogManager) -> int:
    data = manager.start_data
    return int(data["list_id"]) if isinstance(data, dict) else 0
