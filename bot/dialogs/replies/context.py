"""Which reply a menu is about."""

from aiogram_dialog import DialogManager


def reply_chosen(manager: DialogManager) -> int:
    return int(manager.dialog_data["reply_id"])
