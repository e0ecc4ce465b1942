"""Which sequence a menu is about."""

from typing import Any

from aiogram_dialog import DialogManager


def about(sequence_id: int) -> dict[str, Any]:
    """Make what a menu about this sequence is started with."""
    return {"sequence_id": sequence_id}


def sequence_of(manager: DialogManager) -> int:
    """Find the sequence: chosen in this menu, or else the one that it was started with."""
    if "sequence_id" in manager.dialog_data:
        return int(manager.dialog_data["sequence_id"])
    data = manager.start_data
    return int(data["sequence_id"]) if isinstance(data, dict) else 0
