"""What people do about posted replies: answer by replying to the post, open the person's card or the list."""

from collections.abc import Sequence

from aiogram import Bot, F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import BgManagerFactory, Data, ShowMode, StartMode
from dishka import FromDishka
from dishka.integrations.aiogram import inject

from bot.alerts.reply_rendering import OpenContact, OpenReplies, answered_words
from bot.dialogs.builder.attachments import read_attachment
from bot.dialogs.builder.texts import text_of
from bot.dialogs.home.states import Home
from bot.dialogs.person.context import about_person
from bot.dialogs.person.states import Person
from bot.dialogs.replies.states import Replies as Menu
from engine.actor import Actor
from engine.contacts.answering import Answers, AskedIn
from engine.contacts.replies import Replies
from engine.errors import DripdeskError

OPENED = "Opened in our private chat."

router = Router(name="replies")


@router.message(F.reply_to_message)
@inject
async def answer(
    message: Message,
    bot: Bot,
    actor: Actor,
    replies: FromDishka[Replies],
    answers: FromDishka[Answers],
) -> None:
    """Send on what somebody on the team answers to a post. Any other message is somebody else's to handle."""
    post = message.reply_to_message
    if post is None or post.from_user is None or post.from_user.id != bot.id:
        raise SkipHandler
    told = await replies.of_post(actor, message.chat.id, post.message_id)
    if not told:
        raise SkipHandler
    try:
        await message.reply(await _answer(message, bot, actor, answers, told), parse_mode=None)
    except DripdeskError as error:
        await message.reply(str(error), parse_mode=None)


async def _answer(message: Message, bot: Bot, actor: Actor, answers: Answers, told: Sequence[int]) -> str:
    if len(told) > 1:
        return "That post tells of several replies. Tap “Open replies” below it and answer there."
    answered = await answers.answer(
        actor,
        told[0],
        text_of(message),
        attachment=await read_attachment(bot, message),
        asked_in=AskedIn(message.chat.id, message.message_id),
    )
    return answered_words(answered)


@router.callback_query(OpenContact.filter())
async def open_contact(
    press: CallbackQuery, bot: Bot, callback_data: OpenContact, dialog_bg_factory: BgManagerFactory
) -> None:
    await _open(press, bot, dialog_bg_factory, Person.card, about_person(callback_data.contact_id))


@router.callback_query(OpenReplies.filter())
async def open_replies(press: CallbackQuery, bot: Bot, dialog_bg_factory: BgManagerFactory) -> None:
    await _open(press, bot, dialog_bg_factory, Menu.list)


async def _open(
    press: CallbackQuery, bot: Bot, factory: BgManagerFactory, state: State, data: Data = None
) -> None:
    """Open a menu in the presser's own chat, where menus live; below it is Home, for Back.

    In the foreground, so that the one comes after the other and no press comes between.
    """
    async with factory.bg(bot, press.from_user.id, press.from_user.id).fg() as menu:
        await menu.start(Home.main, mode=StartMode.RESET_STACK, show_mode=ShowMode.NO_UPDATE)
        await menu.start(state, data, show_mode=ShowMode.SEND)
    await press.answer(OPENED)
