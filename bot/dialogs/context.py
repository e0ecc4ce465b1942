"""What the middlewares have put beside a press: who pressed, and through which bot."""

from aiogram import Bot
from aiogram_dialog import DialogManager

from engine.actor import Actor


def actor_of(manager: DialogManager) -> Actor:
    actor: Actor = manager.middleware_data["actor"]
    return actor


def bot_of(manager: DialogManager) -> Bot:
    bot: Bot = manager.middleware_data["bot"]
    return bot
