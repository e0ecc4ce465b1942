"""Which import a menu is about."""

from typing import Any

from aiogram_dialog import DialogManager


def about_import(import_id: int) -> dict[str, Any]:
    """Make what its review or its card is started with."""
    return {"import_id": import_id}


def import_of(manager: DialogManager) -> int:
    data = manager.start_data
    return int(data["import_id"]) if isinstance(data, dict) else 0
