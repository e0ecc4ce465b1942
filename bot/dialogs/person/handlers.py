from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.formatting import counted
from bot.dialogs.joining.states import Joining
from bot.dialogs.person.context import DELETED, about_person, person_of, run_chosen
from bot.dialogs.person.getters import find_run, name_of
from bot.dialogs.person.states import Person
from bot.dialogs.person.wording import move_words, resume_words
from bot.dialogs.person_edit.states import PersonEdit
from bot.dialogs.sequences.context import about
from engine.contacts.book import ContactBook
from engine.contacts.card import ContactCards
from engine.contacts.leads import Leads
from engine.contacts.opting_out import OptOuts
from engine.contacts.time_zones import city_of
from engine.sequences.moves import Moves
from engine.sequences.runs import Runs


async def open_run(_callback: CallbackQuery, _select: Any, manager: DialogManager, run_id: int) -> None:
    manager.dialog_data["run_id"] = run_id
    await manager.switch_to(Person.run)


async def open_history(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["page"] = 0
    await manager.switch_to(Person.history)


async def older(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["page"] += 1


async def newer(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    manager.dialog_data["page"] = max(0, manager.dialog_data["page"] - 1)


async def join(_callback: CallbackQuery, _select: Any, manager: DialogManager, sequence_id: int) -> None:
    who = {"contact_ids": [person_of(manager)]}
    await manager.start(Joining.review, data={**about(sequence_id), "who": who})


async def on_result(_start_data: Data, result: Any, manager: DialogManager) -> None:
    """Leave the card of somebody who was deleted; of who has joined a sequence, show it."""
    if result == DELETED:
        await manager.done()
    elif result is not None:
        await manager.switch_to(Person.card)


async def open_edit(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(PersonEdit.main, data=about_person(person_of(manager)))


@inject
async def type_zone(
    message: Message, _input: Any, manager: DialogManager, typed: str, book: FromDishka[ContactBook]
) -> None:
    zone = await book.set_time_zone(actor_of(manager), person_of(manager), typed)
    await message.answer(f"Their time is that of {city_of(zone or '')}.", parse_mode=None)
    await manager.switch_to(Person.card)


@inject
async def forget_zone(
    callback: CallbackQuery, _button: Button, manager: DialogManager, book: FromDishka[ContactBook]
) -> None:
    await book.set_time_zone(actor_of(manager), person_of(manager), None)
    await callback.answer("What the number says counts, else the sequence's time.")
    await manager.switch_to(Person.card)


@inject
async def customer_of(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    leads: FromDishka[Leads],
) -> None:
    await _become_customer(callback, manager, leads, manager.dialog_data["niches"][number])


@inject
async def customer_of_all(
    callback: CallbackQuery, _button: Button, manager: DialogManager, leads: FromDishka[Leads]
) -> None:
    await _become_customer(callback, manager, leads, None)


async def _become_customer(
    callback: CallbackQuery, manager: DialogManager, leads: Leads, niche: str | None
) -> None:
    ended = await leads.become_customer(actor_of(manager), person_of(manager), niche)
    left = f" They have left {counted(ended, 'sequence')}." if ended else ""
    await callback.answer(f"🤝 Noted.{left}")
    await manager.switch_to(Person.card)


@inject
async def opt_out(
    callback: CallbackQuery, _button: Button, manager: DialogManager, opt_outs: FromDishka[OptOuts]
) -> None:
    first = await opt_outs.opt_out(actor_of(manager), person_of(manager))
    await callback.answer("Opted out. Nothing more is sent to them." if first else "They were opted out already.")
    await manager.switch_to(Person.card)


# One run


@inject
async def pause(callback: CallbackQuery, _button: Button, manager: DialogManager, runs: FromDishka[Runs]) -> None:
    await runs.pause(actor_of(manager), run_chosen(manager))
    await callback.answer("Paused. They get nothing of it until you resume.")


@inject
async def ask_resume(
    _callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    runs: FromDishka[Runs],
    cards: FromDishka[ContactCards],
) -> None:
    actor = actor_of(manager)
    card = await cards.get(actor, person_of(manager))
    run = find_run(card, run_chosen(manager))
    foreseen = await runs.if_resumed(actor, run.id)
    words = resume_words(foreseen, run, card.now, card.team_zone)
    manager.dialog_data.update(words=words, name=name_of(card), sequence=run.sequence, acts=True)
    await manager.switch_to(Person.resume)


@inject
async def resume(callback: CallbackQuery, _button: Button, manager: DialogManager, runs: FromDishka[Runs]) -> None:
    await runs.resume(actor_of(manager), run_chosen(manager))
    await callback.answer("It goes on where it stopped.")
    await manager.switch_to(Person.run)


@inject
async def remove(callback: CallbackQuery, _button: Button, manager: DialogManager, runs: FromDishka[Runs]) -> None:
    on_its_way = await runs.remove(actor_of(manager), run_chosen(manager))
    still = " One message is on its way and cannot be called back." if on_its_way else ""
    await callback.answer(f"Removed.{still}", show_alert=on_its_way)
    await manager.switch_to(Person.run)


@inject
async def ask_move(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    step_id: int,
    moves: FromDishka[Moves],
    cards: FromDishka[ContactCards],
) -> None:
    actor = actor_of(manager)
    card = await cards.get(actor, person_of(manager))
    run = find_run(card, run_chosen(manager))
    plan = await moves.foresee(actor, run.id, step_id)
    words = move_words(plan, card.now, card.team_zone)
    manager.dialog_data.update(
        step_id=step_id, words=words, name=name_of(card), sequence=run.sequence, acts=not plan.already
    )
    await manager.switch_to(Person.confirm_move)


@inject
async def move(callback: CallbackQuery, _button: Button, manager: DialogManager, moves: FromDishka[Moves]) -> None:
    actor, step_id = actor_of(manager), int(manager.dialog_data["step_id"])
    manager.dialog_data["run_id"] = await moves.move(actor, run_chosen(manager), step_id)
    await callback.answer("Moved.")
    await manager.switch_to(Person.run)
