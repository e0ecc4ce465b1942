"""Whole texts: what is typed, pasted or sent as a file becomes messages; the messages become a text again."""

from dataclasses import replace

from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.widgets.input import MessageInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.builder import wording
from bot.dialogs.builder.attachments import file_name_of, read_attachment, read_text_file
from bot.dialogs.builder.getters import find_step
from bot.dialogs.builder.pending import NEARLY_CUT, Pending, pending_of, propose, wait
from bot.dialogs.builder.states import Builder
from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.formatting import to_whatsapp
from bot.dialogs.sequences.context import sequence_of
from engine.errors import ConflictError, InvalidInputError
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.editor import SequenceEditor
from engine.sequences.pastes import Paste, Pastes, Reading
from engine.sequences.pasting import read_plan, starts_with_header, unclear_headers
from engine.sequences.plan import read_whole_plan

LONGEST_MESSAGE = 4096  # characters that Telegram takes in one


def text_of(message: Message) -> str:
    """Read the text or the caption, with WhatsApp's marks for Telegram's formatting."""
    return to_whatsapp(message.text or message.caption or "", message.entities or message.caption_entities)


def paste_of(message: Message, text: str, reading: Reading) -> Paste:
    return Paste(
        message.chat.id, message.message_id, text, reading.next_day, reading.step_ids, file_name_of(message)
    )


@inject
async def take_message(
    message: Message,
    _input: MessageInput,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    """Add what was typed, pasted or sent as a file. The parts of a paste that Telegram cut are joined."""
    text, attachment = text_of(message), await read_attachment(bot_of(manager), message)
    cut = manager.dialog_data.get("cut") or {}
    continues = cut["step_id"] if cut.get("message_id") == message.message_id - 1 else None
    actor, sequence_id = actor_of(manager), sequence_of(manager)
    reading = await pastes.read(actor, sequence_id, text, attachment=attachment, continues=continues)
    notice = [*wording.without_file(reading.without_file), *wording.unclear(unclear_headers(text))]
    manager.dialog_data.update(notice="\n".join(notice), cut=None)
    if not reading.edit:
        return
    paste = paste_of(message, text, reading)
    pending = Pending(reading.edit, pastes=(paste,), notice="\n".join(notice))
    try:
        saved = await propose(manager, editor, pastes, pending)
    except ConflictError as error:
        if starts_with_header(text) and not attachment:
            raise ConflictError(
                f"{error} To change the plan by its text, tap “⇄ Replace by text” first."
            ) from None
        raise
    if saved is None:
        return
    last = paste.step_ids[-1]
    if len(message.text or "") >= NEARLY_CUT:
        step_id = saved.ids[-last - 1] if last < 0 else last
        manager.dialog_data["cut"] = {"message_id": message.message_id, "step_id": step_id}
    if saved.ids and not starts_with_header(text) and continues is None:
        card = await catalogue.card(actor, sequence_id)
        notice.insert(0, f"✓ Added as {find_step(card, saved.ids[0]).header}.")
        manager.dialog_data["notice"] = "\n".join(notice)


@inject
async def take_more(
    message: Message,
    _input: MessageInput,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
) -> None:
    """Join the next part of a long paste to the one that is being looked at."""
    pending = pending_of(manager)
    if pending is None or not message.text or not pending.goes_on_in(message.message_id):
        raise InvalidInputError(
            "There is a change that is not saved yet. Save it or leave it, then send this again."
        )
    parts = [(paste.message_id, paste.text) for paste in pending.pastes]
    await look_again(manager, editor, pastes, pending, [*parts, (message.message_id, text_of(message))])


async def look_again(
    manager: DialogManager,
    editor: SequenceEditor,
    pastes: Pastes,
    pending: Pending,
    parts: list[tuple[int, str]],
) -> None:
    """Read a paste that waits to be saved anew, from the chat messages (id, text) that it now consists of."""
    actor, sequence_id, first = actor_of(manager), sequence_of(manager), pending.pastes[0]
    text = "\n".join(part for _, part in parts)
    if pending.whole:
        edit = await editor.difference(actor, sequence_id, read_whole_plan(text))
        joined = tuple(replace(first, message_id=id_, text=part, step_ids=()) for id_, part in parts)
        wait(manager, replace(pending, edit=edit, pastes=joined))
        return
    reading = await pastes.read(actor, sequence_id, text, next_day=first.next_day)
    notice = [*wording.without_file(reading.without_file), *wording.unclear(unclear_headers(text))]
    joined = ()
    begin = 0
    for number, (id_, part) in enumerate(parts):
        begin -= number > 0 and not starts_with_header(part)  # it goes on with the message that was cut
        end = begin + len(read_plan(part, next_day=first.next_day))
        joined += (replace(first, message_id=id_, text=part, step_ids=reading.step_ids[begin:end]),)
        begin = end
    wait(manager, replace(pending, edit=reading.edit, pastes=joined, notice="\n".join(notice)))


@inject
async def replace_plan(
    message: Message,
    _input: MessageInput,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
) -> None:
    """Compare a whole plan, pasted or dropped as a text file, with the one that there is."""
    text = await read_text_file(bot_of(manager), message) if message.document else text_of(message)
    edit = await editor.difference(actor_of(manager), sequence_of(manager), read_whole_plan(text))
    if not edit:
        raise InvalidInputError("This is the plan that there is already; nothing in it is different.")
    notice = "\n".join(wording.unclear(unclear_headers(text)))
    pasted = () if message.document else (Paste(message.chat.id, message.message_id, text, 1, ()),)
    revision = manager.dialog_data.get("revision")
    wait(manager, Pending(edit, since=revision, pastes=pasted, whole=True, notice=notice))
    await manager.switch_to(Builder.review)


@inject
async def export(
    callback: CallbackQuery, _button: Button, manager: DialogManager, catalogue: FromDishka[SequenceCatalogue]
) -> None:
    """Send the plan as a text: as a message, to be copied on a phone, if it fits into one."""
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    plan = await catalogue.export(actor_of(manager), sequence_of(manager))
    if callback.message is not None:
        chat_id = callback.message.chat.id
        if len(plan.encode("utf-16-le")) // 2 <= LONGEST_MESSAGE:
            await bot_of(manager).send_message(chat_id, plan, parse_mode=None, disable_web_page_preview=True)
        else:
            file = BufferedInputFile(plan.encode(), "sequence.txt")
            await bot_of(manager).send_document(
                chat_id, file, caption=f"The messages of “{card.name}”.", parse_mode=None
            )
    manager.show_mode = ShowMode.DELETE_AND_SEND
    await manager.switch_to(Builder.replace)
