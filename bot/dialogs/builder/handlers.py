from datetime import time
from typing import Any

from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.widgets.input import ManagedTextInput, MessageInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.builder.attachments import read_attachment, send_preview
from bot.dialogs.builder.getters import find_step, sequence_of
from bot.dialogs.builder.states import Builder
from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.formatting import to_telegram_html, to_whatsapp
from engine.errors import InvalidInputError
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.editor import SequenceEditor
from engine.sequences.pasting import Header, StepDraft, read_header, read_time, starts_with_header
from engine.sequences.steps import NewStep

MOST_EXPLAINED = 5
NEARLY_CUT = 3900  # characters; Telegram's apps cut a paste at 4096, at the last space before


def step_of(manager: DialogManager) -> int:
    return int(manager.dialog_data["step_id"])


@inject
async def take_message(
    message: Message,
    _input: MessageInput,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    """Add what was typed, pasted or sent as a file. The parts of a paste that Telegram cut are joined."""
    text = to_whatsapp(message.text or message.caption or "", message.entities or message.caption_entities)
    attachment = await read_attachment(bot_of(manager), message)
    cut = manager.dialog_data.get("cut") or {}
    follows = cut.get("message_id") == message.message_id - 1
    added = await editor.add_text(
        actor_of(manager),
        sequence_of(manager),
        text,
        attachment=attachment,
        continues=cut["step_id"] if follows else None,
    )
    was_cut = len(message.text or "") >= NEARLY_CUT
    goes_on = was_cut and added.ids
    manager.dialog_data["cut"] = {"message_id": message.message_id, "step_id": added.ids[-1]} if goes_on else None
    notice = [_without_file(draft) for draft in added.without_file[:MOST_EXPLAINED]]
    if added.ids and not starts_with_header(text) and not (follows and cut["step_id"] in added.ids):
        card = await catalogue.card(actor_of(manager), sequence_of(manager))
        notice.insert(0, f"✓ Added as {find_step(card, added.ids[0]).header}.")
    manager.dialog_data["notice"] = "\n".join(notice)


def _without_file(draft: StepDraft) -> str:
    return (
        f"⚠️ {draft.header} is not in yet: text cannot carry its {draft.file}. Send the {draft.file} itself, with "
        "these lines of the paste as its caption."
    )


async def open_step(_callback: CallbackQuery, _select: Any, manager: DialogManager, step_id: int) -> None:
    manager.dialog_data["notice"] = None
    manager.dialog_data["step_id"] = step_id
    await manager.switch_to(Builder.step)


@inject
async def export(
    callback: CallbackQuery, _button: Button, manager: DialogManager, catalogue: FromDishka[SequenceCatalogue]
) -> None:
    plan = await catalogue.export(actor_of(manager), sequence_of(manager))
    if callback.message is not None:
        file = BufferedInputFile(plan.encode(), "sequence.txt")
        await bot_of(manager).send_document(
            callback.message.chat.id, file, caption="Change it and paste it into a new sequence."
        )
    manager.show_mode = ShowMode.DELETE_AND_SEND


@inject
async def preview_all(
    callback: CallbackQuery, _button: Button, manager: DialogManager, catalogue: FromDishka[SequenceCatalogue]
) -> None:
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    for step in card.steps:
        await _show(callback, manager, catalogue, step.id)
    manager.show_mode = ShowMode.DELETE_AND_SEND


@inject
async def preview(
    callback: CallbackQuery, _button: Button, manager: DialogManager, catalogue: FromDishka[SequenceCatalogue]
) -> None:
    await _show(callback, manager, catalogue, step_of(manager))
    manager.show_mode = ShowMode.DELETE_AND_SEND


async def _show(
    callback: CallbackQuery, manager: DialogManager, catalogue: SequenceCatalogue, step_id: int
) -> None:
    if callback.message is None:
        return
    text = await catalogue.sample(actor_of(manager), step_id)
    file = await catalogue.file(actor_of(manager), step_id)
    await send_preview(bot_of(manager), callback.message.chat.id, file, to_telegram_html(text))


@inject
async def change_text(
    message: Message,
    _input: MessageInput,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
) -> None:
    body = to_whatsapp(message.text or "", message.entities)
    await editor.set_text(actor_of(manager), step_of(manager), body.strip())
    await manager.switch_to(Builder.step)


@inject
async def change_time(
    _message: Message,
    _input: ManagedTextInput[str],
    manager: DialogManager,
    typed: str,
    editor: FromDishka[SequenceEditor],
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    at = read_time(typed)
    header = read_header(typed)
    if header is None and at is None:
        raise InvalidInputError("Write a time such as 14:30, or a day and a time such as Day 3 2.30pm.")
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    step = find_step(card, step_of(manager))
    if header is None:
        header = Header(step.day, at, None)
    elif header.send_time is None and header.after_join_minutes is None:  # a day alone
        after = step.after_join_minutes if header.day == 1 else None  # joining is on Day 1 only
        header = Header(header.day, step.send_time, after)
    await editor.set_time(
        actor_of(manager),
        step.id,
        day=header.day,
        send_time=header.send_time,
        after_join_minutes=header.after_join_minutes,
    )
    await manager.switch_to(Builder.step)


@inject
async def remove(
    callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[SequenceEditor]
) -> None:
    await editor.remove_step(actor_of(manager), step_of(manager))
    await callback.answer("Removed. Who waited for it waits for the next one.")
    await manager.switch_to(Builder.plan)


# One message by buttons: its day, its time, then what it says


async def choose_day(_callback: CallbackQuery, _select: Any, manager: DialogManager, day: int) -> None:
    manager.dialog_data["day"] = day
    await manager.switch_to(Builder.add_time)


async def type_day(_message: Message, _input: ManagedTextInput[str], manager: DialogManager, typed: str) -> None:
    header = read_header(typed if not typed.strip().isdigit() else f"Day {typed}")
    if header is None:
        raise InvalidInputError("Write the number of a day, for example 3.")
    manager.dialog_data["day"] = header.day
    await manager.switch_to(Builder.add_time)


async def choose_time(_callback: CallbackQuery, _select: Any, manager: DialogManager, at: str) -> None:
    await _take_time(manager, time.fromisoformat(at))


async def type_time(_message: Message, _input: ManagedTextInput[str], manager: DialogManager, typed: str) -> None:
    at = read_time(typed)
    if at is None:
        raise InvalidInputError("Write a time such as 14:30 or 2.30pm.")
    await _take_time(manager, at)


async def choose_joining(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["time"] = None
    manager.dialog_data["time_label"] = "right after joining"
    await manager.switch_to(Builder.add_content)


async def _take_time(manager: DialogManager, at: time) -> None:
    manager.dialog_data["time"] = manager.dialog_data["time_label"] = f"{at:%H:%M}"
    await manager.switch_to(Builder.add_content)


@inject
async def add(
    message: Message,
    _input: MessageInput,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
) -> None:
    at = manager.dialog_data["time"]
    step = NewStep(
        day=manager.dialog_data["day"],
        send_time=time.fromisoformat(at) if at else None,
        after_join_minutes=None if at else 0,
        body=to_whatsapp(message.text or message.caption or "", message.entities or message.caption_entities),
        attachment=await read_attachment(bot_of(manager), message),
    )
    await editor.add_steps(actor_of(manager), sequence_of(manager), [step])
    manager.dialog_data["notice"] = None
    await manager.switch_to(Builder.plan)
