"""Files dropped into the chat while no window waits for one. It is asked before the menus are."""

from typing import Any

from aiogram import Bot, F, Router
from aiogram.enums import ChatAction
from aiogram.types import Message
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.api.internal import CONTEXT_KEY
from dishka import FromDishka
from dishka.integrations.aiogram import inject

from bot.dialogs.builder.states import Builder
from bot.dialogs.campaign_mending.states import CampaignMending
from bot.dialogs.campaign_text.states import CampaignText
from bot.dialogs.home.states import Home
from bot.dialogs.importing.context import about_import
from bot.dialogs.importing.files import TOO_BIG, fetch, with_patience
from bot.dialogs.importing.states import Import
from bot.dialogs.new_campaign.states import NewCampaign
from bot.dialogs.opted_out.states import OptedOut
from bot.dialogs.pairing.states import Pairing
from bot.dialogs.replies.states import Replies
from engine.actor import Actor
from engine.contacts.importing import ContactImports
from engine.contacts.tables import MAX_BYTES
from engine.errors import InvalidInputError

# Where a message is written its file is a part of it; an opted-out list is no list of contacts; and a contact card
# may say which number is to be paired.
WITH_FILES_OF_THEIR_OWN = {
    NewCampaign.message,
    CampaignText.text,
    CampaignMending.correct,
    OptedOut.file,
    OptedOut.review,
    Replies.answer,
    Pairing.number,
}


def no_window_waits_for_a_file(_message: Message, **data: Any) -> bool:
    context = data.get(CONTEXT_KEY)
    if context is None:
        return True
    return context.state.group is not Builder and context.state not in WITH_FILES_OF_THEIR_OWN


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
    await bot.send_chat_action(message.chat.id, ChatAction.TYPING)
    name, said = document.file_name or "contacts.csv", list[Message]()

    async def read() -> int:
        import_id = await imports.open(actor, await fetch(bot, document.file_id), name)
        await imports.review(actor, import_id)  # is kept, so the window finds it
        return import_id

    async def say() -> None:
        said.append(await message.answer(f"⏳ Reading {name[:80]} …", parse_mode=None))

    try:
        import_id = await with_patience(read(), say)
    finally:
        for one in said:
            await one.delete()
    if not dialog_manager.has_context():  # Back needs somewhere to go
        await dialog_manager.start(Home.main, show_mode=ShowMode.NO_UPDATE)
    await dialog_manager.start(Import.review, data=about_import(import_id), show_mode=ShowMode.AUTO)


@router.message(F.photo | F.video | F.animation | F.audio | F.voice | F.video_note | F.sticker)
async def explain(_message: Message) -> None:
    raise InvalidInputError(
        "There is nothing to do with this here. To import contacts, send a CSV or Excel file, or one person's "
        "contact card; a photo or a video for a sequence belongs into its messages (Sequences → one of them → "
        "Messages), one for a campaign into its message (Campaigns → + New campaign)."
    )
