from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.input import MessageInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.alerts.reply_rendering import answered_words
from bot.dialogs.builder.attachments import read_attachment
from bot.dialogs.builder.texts import text_of
from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.person.context import about_person
from bot.dialogs.person.states import Person
from bot.dialogs.replies.context import reply_chosen
from bot.dialogs.replies.states import Replies as States
from engine.contacts.answering import Answers, AskedIn
from engine.contacts.replies import Replies


async def open_card(_callback: CallbackQuery, _select: Any, manager: DialogManager, inbound_id: int) -> None:
    manager.dialog_data["reply_id"] = inbound_id
    await manager.switch_to(States.card)


@inject
async def open_person(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, replies: FromDishka[Replies]
) -> None:
    reply = await replies.get(actor_of(manager), reply_chosen(manager))
    if reply.contact_id is not None:
        await manager.start(Person.card, data=about_person(reply.contact_id))


@inject
async def done(
    callback: CallbackQuery, _button: Button, manager: DialogManager, replies: FromDishka[Replies]
) -> None:
    waited = await replies.done(actor_of(manager), reply_chosen(manager))
    await callback.answer("It waits for no answer any more." if waited else "It has been answered already.")
    await manager.switch_to(States.list)


@inject
async def answer(
    message: Message, _input: MessageInput, manager: DialogManager, answers: FromDishka[Answers]
) -> None:
    answered = await answers.answer(
        actor_of(manager),
        reply_chosen(manager),
        text_of(message),
        attachment=await read_attachment(bot_of(manager), message),
        asked_in=AskedIn(message.chat.id, message.message_id),
    )
    await message.reply(answered_words(answered), parse_mode=None)
    await manager.switch_to(States.list)
