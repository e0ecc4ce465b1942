import re
from typing import Any

from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram_dialog import DialogManager, ShowMode
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of, bot_of
from bot.dialogs.joining.context import choose, comes_with_people, who_of
from bot.dialogs.joining.getters import ticked_people
from bot.dialogs.joining.states import Joining
from bot.dialogs.joining.wording import refusals_csv, told
from bot.dialogs.sequences.context import about, sequence_of
from bot.dialogs.sequences.states import Sequences
from engine.errors import InvalidInputError
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.enrolment import Enrolments, Who

LONGEST_QUERY = 100
FEWEST_DIGITS = 7  # of a whole number


async def choose_list(_callback: CallbackQuery, _select: Any, manager: DialogManager, list_id: int) -> None:
    await _review(manager, list_id=list_id)


@inject
async def choose_niche(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, catalogue: FromDishka[SequenceCatalogue]
) -> None:
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    await _review(manager, niche=card.niche)


async def choose_interest(_callback: CallbackQuery, _select: Any, manager: DialogManager, number: int) -> None:
    await _review(manager, niche=manager.dialog_data["niches"][number])


async def choose_segment(_callback: CallbackQuery, _select: Any, manager: DialogManager, segment_id: int) -> None:
    await _review(manager, segment_id=segment_id)


async def choose_everyone(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await _review(manager, everyone=True)


async def find(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    """Look for a part of a name or number; whole numbers, one a line, are the people themselves."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 or _is_whole_number(lines[0]):
        await _review(manager, phones=lines)
        return
    manager.dialog_data["query"] = " ".join(text.split())[:LONGEST_QUERY]


def _is_whole_number(line: str) -> bool:
    return not re.search(r"[^\W\d]", line) and len(re.sub(r"\D", "", line)) >= FEWEST_DIGITS


async def choose_ticked(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await _review(manager, contact_ids=ticked_people(manager))


async def _review(manager: DialogManager, **who: Any) -> None:
    choose(manager, **who)
    await manager.switch_to(Joining.review)


async def type_pace(_message: Message, _input: Any, manager: DialogManager, text: str) -> None:
    number = text.strip().replace(",", "")
    if not re.fullmatch(r"[1-9][0-9]{0,5}", number):
        raise InvalidInputError("Type how many people are to join a day, such as 30.")
    manager.dialog_data["pace"] = int(number)


@inject
async def join_at_once(
    callback: CallbackQuery, _button: Button, manager: DialogManager, enrolments: FromDishka[Enrolments]
) -> None:
    await _join(callback, manager, enrolments, None)


@inject
async def join_day_by_day(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    per_day: int,
    enrolments: FromDishka[Enrolments],
) -> None:
    await _join(callback, manager, enrolments, per_day)


async def _join(
    callback: CallbackQuery, manager: DialogManager, enrolments: Enrolments, per_day: int | None
) -> None:
    report = await enrolments.join(actor_of(manager), sequence_of(manager), who_of(manager), per_day=per_day)
    if report.refusals or comes_with_people(manager):
        manager.dialog_data.update(report=told(report), first_run=report.first_run)
        await manager.switch_to(Joining.done)
    else:
        await callback.answer(told(report))
        await manager.done()


@inject
async def send_left_out(
    callback: CallbackQuery, _button: Button, manager: DialogManager, enrolments: FromDishka[Enrolments]
) -> None:
    """Send who is left out, or was when they joined, as a file."""
    who: Who = who_of(manager)
    before = manager.dialog_data.get("first_run")
    preview = await enrolments.preview(actor_of(manager), sequence_of(manager), who, before_run=before)
    file = BufferedInputFile(refusals_csv(preview.refusals), "left out.csv")
    await bot_of(manager).send_document(callback.from_user.id, file)
    manager.show_mode = ShowMode.DELETE_AND_SEND  # the menu stays the last message of the chat


async def open_sequence(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.start(Sequences.card, data=about(sequence_of(manager)))


async def close(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await manager.done(result={"joined": True})
