"""Files dropped into the chat while no window waits for one. It is asked before the menus are."""

from dataclasses import asdict
from typing import Any

from aiogram import Bot, F, Router
from aiogram.enums import ChatAction
from aiogram.types import Message
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.api.internal import CONTEXT_KEY
from dishka import FromDishka
from dishka.integrations.aiogram import inject

from bot.dialogs.builder.states import Builder
from bot.dialogs.contacts.files import TOO_BIG, fetch, reviewed
from bot.dialogs.contacts.states import Import
from bot.dialogs.home.states import Home
from engine.actor import Actor
from engine.contacts.importing import ContactImports
from engine.contacts.tables import MAX_BYTES
from engine.errors import InvalidInputError


def no_window_waits_for_a_file(_message: Message, **data: Any) -> bool:
    """Only the builder takes files of its own: they are parts of messages."""
    context = data.get(CONTEXT_KEY)
    return context is None or context.state.group is not Builder


router = Router(name="dropped files")
router.message.filter(F.chat.type == "private", no_window_waits_for_a_file)


@router.message(F.document)
@inject
async def review_file(
    message: Message,
    bot: Bot,
    dialog_manager: DialogManager,
    actor: Actor,
    imports: FromDishka[ContactImports],
) -> None:
    document = message.document
    if document is None:
        return
    if (document.file_size or 0) > MAX_BYTES:
        raise InvalidInputError(TOO_BIG)
    await bot.send_chat_action(message.chat.id, ChatAction.TYPING)  # a large file takes seconds
    name = document.file_name or "contacts.csv"
    import_id = await imports.open(actor, await fetch(bot, document.file_id), name)
    file = reviewed(await imports.review(actor, import_id))
    if not dialog_manager.has_context():  # Back needs somewhere to go
        await dialog_manager.start(Home.main, show_mode=ShowMode.NO_UPDATE)
    await dialog_manager.start(Import.review, data=asdict(file), show_mode=ShowMode.AUTO)


@router.message(F.photo | F.video | F.animation | F.audio | F.voice | F.video_note | F.sticker | F.contact)
async def explain(_message: Message) -> None:
    raise InvalidInputError(
        "There is nothing to do with this here. To import contacts, send a CSV file; a photo or a video for a "
        "sequence belongs into its messages (Sequences → one of them → Messages)."
    )
