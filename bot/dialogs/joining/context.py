"""Who is to join, as the menu keeps it between two presses."""

from typing import Any

from aiogram_dialog import DialogManager

from engine.sequences.enrolment import Who


def choose(manager: DialogManager, **who: Any) -> None:
    """Keep whom somebody has named; fit for JSON."""
    manager.dialog_data["who"] = who


def who_of(manager: DialogManager) -> Who:
    """Find who is to join: chosen in this menu, or else what it was started with."""
    data = manager.start_data
    given = data.get("who", {}) if isinstance(data, dict) else {}
    return Who(**manager.dialog_data.get("who", given))


def comes_with_people(manager: DialogManager) -> bool:
    """Whether the menu was started with people, who look for a sequence."""
    return isinstance(manager.start_data, dict) and "who" in manager.start_data
