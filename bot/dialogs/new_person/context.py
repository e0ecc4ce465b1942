"""Who is to be added, as the menu keeps it."""

from typing import Any

from aiogram_dialog import DialogManager

from engine.contacts.entering import TypedPerson


def about_new(person: TypedPerson) -> dict[str, Any]:
    """Make what the menu is started with; fit for JSON."""
    return {"phone": person.phone, "name": person.name, "opted_out": person.opted_out}


def given(manager: DialogManager) -> dict[str, Any]:
    """What is known of them: when the menu was started, and typed since."""
    started: Any = manager.start_data
    return {"niche": None, "evidence": "", **started, **manager.dialog_data}
