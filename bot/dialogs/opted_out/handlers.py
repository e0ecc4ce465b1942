from dataclasses import asdict
from typing import Any

from aiogram.enums import ChatAction
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.importing.files import TOO_BIG, fetch
from bot.dialogs.opted_out.states import OptedOut
from engine.clock import machine_time
from engine.contacts.opt_out_lists import OptOutLists
from engine.contacts.tables import MAX_BYTES
from engine.errors import InvalidInputError

LONGEST_QUERY = 30
SHOW_EVERY = 2.0  # machine seconds between two changes of the progress


@inject
async def look_for(
    _message: Message, _input: Any, manager: DialogManager, text: str, lists: FromDishka[OptOutLists]
) -> None:
    query = " ".join(text.split())[:LONGEST_QUERY]
    await lists.find(actor_of(manager), query, 0)  # what cannot be looked for is said, and not kept
    manager.dialog_data.update(query=query, taken=None)


async def show_all(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data.update(query="", taken=None)


@inject
async def review_file(
    message: Message, _input: Any, manager: DialogManager, lists: FromDishka[OptOutLists]
) -> None:
    document = message.document
    if document is None:
        return
    if (document.file_size or 0) > MAX_BYTES:
        raise InvalidInputError(TOO_BIG)
    bot = bot_of(manager)
    await bot.send_chat_action(message.chat.id, ChatAction.TYPING)  # a large file takes seconds
    name = document.file_name or "opted out.csv"
    review = await lists.review(actor_of(manager), await fetch(bot, document.file_id), name)
    manager.dialog_data.update(file_id=document.file_id, file_name=name, review=asdict(review), done=0)
    await manager.switch_to(OptedOut.review)


@inject
async def take(
    callback: CallbackQuery, _button: Button, manager: DialogManager, lists: FromDishka[OptOutLists]
) -> None:
    """Read the file once more, as only Telegram keeps it, and opt out everybody in it."""
    data = manager.dialog_data
    await manager.switch_to(OptedOut.running)
    await manager.show()
    await callback.answer()
    shown = machine_time()

    async def told(done: int) -> None:
        nonlocal shown
        if machine_time() - shown >= SHOW_EVERY:
            data["done"], shown = done, machine_time()
            await manager.show()

    try:
        content = await fetch(bot_of(manager), data["file_id"])
        taken = await lists.take(actor_of(manager), content, data["file_name"], told)
    except Exception:
        await manager.switch_to(OptedOut.review)
        await manager.show()
        raise
    data.update(taken=asdict(taken), query="")
    await manager.switch_to(OptedOut.main)


@inject
async def send_list(
    callback: CallbackQuery, _button: Button, manager: DialogManager, lists: FromDishka[OptOutLists]
) -> None:
    await bot_of(manager).send_document(
        callback.from_user.id,
        BufferedInputFile(await lists.export(actor_of(manager)), "opted out.csv"),
        caption="Everybody who opted out. Another system, or another team here, can import it as it is.",
    )
    manager.show_mode = ShowMode.DELETE_AND_SEND  # the menu stays the last message of the chat
