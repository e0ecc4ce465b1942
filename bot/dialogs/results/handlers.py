import asyncio

from aiogram.types import BufferedInputFile, CallbackQuery
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.results.getters import ON_A_PAGE
from bot.dialogs.results.picture import draw
from bot.dialogs.sequences.context import sequence_of
from engine.sequences.results import Results


async def turn_on(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["first"] = manager.dialog_data.get("first", 0) + ON_A_PAGE


async def turn_back(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["first"] = max(0, manager.dialog_data.get("first", 0) - ON_A_PAGE)


@inject
async def send_picture(
    callback: CallbackQuery, _button: Button, manager: DialogManager, results: FromDishka[Results]
) -> None:
    found = await results.get(actor_of(manager), sequence_of(manager))
    if callback.message is not None:
        picture = await asyncio.to_thread(draw, found)
        await bot_of(manager).send_photo(callback.message.chat.id, BufferedInputFile(picture, "results.png"))
    manager.show_mode = ShowMode.DELETE_AND_SEND


@inject
async def send_csv(
    callback: CallbackQuery, _button: Button, manager: DialogManager, results: FromDishka[Results]
) -> None:
    table = await results.export(actor_of(manager), sequence_of(manager))
    if callback.message is not None:
        file = BufferedInputFile(table.encode(), "results.csv")
        await bot_of(manager).send_document(callback.message.chat.id, file)
    manager.show_mode = ShowMode.DELETE_AND_SEND
