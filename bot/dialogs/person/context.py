"""Whom and which run a menu is about."""

from typing import Any

from aiogram_dialog import DialogManager

DELETED = {"deleted": True}  # what a menu of somebody ends with who was deleted in it


def about_person(contact_id: int) -> dict[str, Any]:
    """Make what the card of this contact is started with."""
    return {"contact_id": contact_id}


def person_of(manager: DialogManager) -> int:
    data = manager.start_data
    return int(data["contact_id"]) if isinstance(data, dict) else 0


def run_chosen(manager: DialogManager) -> int:
    return int(manager.dialog_data["run_id"])
