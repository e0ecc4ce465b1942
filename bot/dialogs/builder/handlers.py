from dataclasses import replace
from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager, ShowMode
from aiogram_dialog.widgets.input import ManagedTextInput, MessageInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.builder.attachments import send_preview
from bot.dialogs.builder.getters import find_step, free_day
from bot.dialogs.builder.pending import Pending, pending_of, propose, save, wait
from bot.dialogs.builder.states import Builder
from bot.dialogs.builder.texts import text_of
from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.formatting import people, to_telegram_html, verb
from bot.dialogs.sequences.context import sequence_of
from engine.errors import InvalidInputError
from engine.sequences.catalogue import SequenceCard, SequenceCatalogue, StepView
from engine.sequences.changes import Addition, Place, PlanEdit
from engine.sequences.editor import SequenceEditor
from engine.sequences.pastes import Paste, Pastes
from engine.sequences.pasting import read_header, read_plan, read_time, starts_with_header
from engine.sequences.revisions import ChangedMeanwhileError
from models.enums import SequenceStatus


def step_of(manager: DialogManager) -> int:
    return int(manager.dialog_data["step_id"])


def revision_of(manager: DialogManager) -> int | None:
    """Find the revision at which the operator has seen what they change."""
    revision: int | None = manager.dialog_data.get("revision")
    return revision


async def on_start(data: Data, manager: DialogManager) -> None:
    """Open with a change to look at, if the one who starts the menu brings one."""
    if isinstance(data, dict) and "pending" in data:
        manager.dialog_data["pending"] = data["pending"]


async def open_step(_callback: CallbackQuery, _select: Any, manager: DialogManager, step_id: int) -> None:
    manager.dialog_data.update(notice=None, step_id=step_id)
    await manager.switch_to(Builder.step)


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
    pastes: FromDishka[Pastes],
) -> None:
    step_id, body = step_of(manager), text_of(message).strip()
    edit = PlanEdit(texts={step_id: body})
    pending = Pending(edit, since=revision_of(manager), to_step=step_id)
    if len(read_plan(body, next_day=1)) == 1 and not starts_with_header(body):
        paste = Paste(message.chat.id, message.message_id, body, 1, (step_id,))
        pending = replace(pending, pastes=(paste,), retyped=step_id)
    await propose(manager, editor, pastes, pending)


@inject
async def change_time(
    _message: Message,
    _input: ManagedTextInput[str],
    manager: DialogManager,
    typed: str,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    step = find_step(card, step_of(manager))
    edit = PlanEdit(places={step.id: _read_place(typed, step)})
    await propose(manager, editor, pastes, Pending(edit, since=revision_of(manager), to_step=step.id))


def _read_place(typed: str, step: StepView) -> Place:
    """Read "14:30", "Day 3 2.30pm" or "Day 3": what is not named is as it is in this message."""
    header, at = read_header(typed), read_time(typed)
    if header is None and at is None:
        raise InvalidInputError("Write a time such as 14:30, or a day and a time such as Day 3 2.30pm.")
    if header is None:
        return Place(step.day, at, None)
    if header.send_time is None and header.after_join_minutes is None:  # a day alone
        after = step.after_join_minutes if header.day == 1 else None  # joining is on Day 1 only
        return Place(header.day, step.send_time, after)
    return Place(header.day, header.send_time, header.after_join_minutes)


@inject
async def swap(
    _callback: CallbackQuery,
    button: Button,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    """Let a message and the one before it (or behind it) change places: each goes out when the other did."""
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    step = find_step(card, step_of(manager))
    other = card.steps.index(step) + (-1 if button.widget_id == "up" else 1)
    if not 0 <= other < len(card.steps):  # it is at the end by now
        return
    places = {step.id: _place(card.steps[other]), card.steps[other].id: _place(step)}
    pending = Pending(PlanEdit(places=places), since=revision_of(manager), to_step=step.id)
    await propose(manager, editor, pastes, pending)


def _place(step: StepView) -> Place:
    return Place(step.day, step.send_time, step.after_join_minutes)


@inject
async def copy_to_free_day(
    _callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    step = find_step(card, step_of(manager))
    day = free_day(card, step)
    if day is None:
        raise InvalidInputError("There is no day behind it any more. Type the day and time of the copy.")
    await _copy(manager, editor, pastes, step, Place(day, step.send_time, None))


@inject
async def copy_to(
    _message: Message,
    _input: ManagedTextInput[str],
    manager: DialogManager,
    typed: str,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    step = find_step(card, step_of(manager))
    await _copy(manager, editor, pastes, step, _read_place(typed, step))


async def _copy(
    manager: DialogManager, editor: SequenceEditor, pastes: Pastes, step: StepView, place: Place
) -> None:
    edit = PlanEdit(added=(Addition(place, step.body, step.kind, step.media_id),))
    await propose(manager, editor, pastes, Pending(edit, since=revision_of(manager), to_step=0))


@inject
async def ask_to_remove(
    _callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    """Ask, if it would be gone at once; of a sequence that has begun it is shown before what that does."""
    card: SequenceCard = await catalogue.card(actor_of(manager), sequence_of(manager))
    if card.status is SequenceStatus.DRAFT:
        await manager.switch_to(Builder.remove)
    else:
        await _remove(manager, editor, pastes)


@inject
async def remove(
    callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
) -> None:
    if await _remove(manager, editor, pastes):
        await callback.answer("Removed.")


async def _remove(manager: DialogManager, editor: SequenceEditor, pastes: Pastes) -> bool:
    edit = PlanEdit(removed=frozenset({step_of(manager)}))
    return await propose(manager, editor, pastes, Pending(edit, since=revision_of(manager))) is not None


# What waits to be saved


@inject
async def save_pending(
    callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    editor: FromDishka[SequenceEditor],
    pastes: FromDishka[Pastes],
) -> None:
    """Save what the window shows, if nobody came in between since it was shown."""
    pending = pending_of(manager)
    if pending is None:
        return
    try:
        saved = await save(manager, editor, pastes, pending, manager.dialog_data["shown"])
    except ChangedMeanwhileError:
        await callback.answer("It was changed again just now. Look at it once more.", show_alert=True)
    else:
        await callback.answer(
            f"Saved; {people(saved.changed)} {verb('wait', saved.changed)} anew." if saved.changed else "Saved."
        )


@inject
async def leave_pending(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, catalogue: FromDishka[SequenceCatalogue]
) -> None:
    """Go back to where it was begun. What was typed stands in the chat above, as it was sent."""
    pending = pending_of(manager)
    wait(manager, None)
    card: SequenceCard = await catalogue.card(actor_of(manager), sequence_of(manager))
    is_there = pending is not None and pending.to_step in {step.id for step in card.steps}
    await manager.switch_to(Builder.step if is_there else Builder.plan)
