import re
from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.new_campaign.handlers import open_new_for_segment
from bot.dialogs.segments import context
from bot.dialogs.segments.states import Segments as Windows
from engine.contacts.book import ContactBook
from engine.contacts.segmenting import Segments
from engine.contacts.segments import (
    MOST_DAYS,
    Comparison,
    Condition,
    Contacted,
    HasAttribute,
    HasInterest,
    InSequence,
    OnList,
    Replied,
    check,
)
from engine.errors import InvalidInputError
from engine.sequences.catalogue import SequenceCatalogue
from models.enums import LeadStatus

COMPARISONS = tuple(Comparison)


async def begin(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    context.begin(manager)
    await manager.switch_to(Windows.build)


@inject
async def open_saved(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    segment_id: int,
    segments: FromDishka[Segments],
) -> None:
    context.begin(manager, await segments.get(actor_of(manager), segment_id))
    await manager.switch_to(Windows.build)


async def new_campaign(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    segment_id = context.segment_of(manager)
    if segment_id is not None:
        await open_new_for_segment(manager, segment_id, manager.dialog_data[context.NAME])


async def take_away(_callback: CallbackQuery, _select: Any, manager: DialogManager, place: int) -> None:
    context.take_away(manager, place)


async def _add(manager: DialogManager, condition: Condition) -> None:
    check([condition])
    context.add(manager, condition)
    await manager.switch_to(Windows.build)


async def choose_niche(_callback: CallbackQuery, _select: Any, manager: DialogManager, number: int) -> None:
    context.pend(manager, niche=manager.dialog_data["niches"][number])
    await manager.switch_to(Windows.interest_how)


async def any_niche(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    context.pend(manager, niche=None)
    await manager.switch_to(Windows.interest_how)


async def add_interest(_callback: CallbackQuery, button: Button, manager: DialogManager) -> None:
    status = {"prospects": LeadStatus.PROSPECT, "customers": LeadStatus.CUSTOMER}.get(button.widget_id or "")
    holds = button.widget_id != "not_interested"
    await _add(manager, HasInterest(context.pending(manager)["niche"], status, holds))


@inject
async def choose_list(
    _callback: CallbackQuery, _select: Any, manager: DialogManager, list_id: int, book: FromDishka[ContactBook]
) -> None:
    names = {one.id: one.name for one in await book.lists(actor_of(manager))}
    context.pend(manager, list_id=list_id, what=names.get(list_id, ""))
    await manager.switch_to(Windows.list_how)


async def add_list(_callback: CallbackQuery, button: Button, manager: DialogManager) -> None:
    await _add(manager, OnList(context.pending(manager)["list_id"], button.widget_id == "on_it"))


@inject
async def choose_sequence(
    _callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    sequence_id: int,
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    card = await catalogue.card(actor_of(manager), sequence_id)
    context.pend(manager, sequence_id=sequence_id, what=card.name)
    await manager.switch_to(Windows.sequence_how)


async def add_sequence(_callback: CallbackQuery, button: Button, manager: DialogManager) -> None:
    ever, holds = button.widget_id in {"once", "never"}, button.widget_id in {"in_it", "once"}
    await _add(manager, InSequence(context.pending(manager)["sequence_id"], ever, holds))


async def choose_key(_callback: CallbackQuery, _select: Any, manager: DialogManager, number: int) -> None:
    context.pend(manager, key=manager.dialog_data["keys"][number])
    await manager.switch_to(Windows.comparison)


async def choose_comparison(_callback: CallbackQuery, _select: Any, manager: DialogManager, number: int) -> None:
    key, comparison = context.pending(manager)["key"], COMPARISONS[number]
    if not comparison.needs_value:
        await _add(manager, HasAttribute(key, comparison))
        return
    context.pend(manager, key=key, comparison=comparison.value)
    await manager.switch_to(Windows.value)


async def choose_value(_callback: CallbackQuery, _select: Any, manager: DialogManager, number: int) -> None:
    await _compare(manager, manager.dialog_data["values"][number])


async def type_value(_message: Message, _input: Any, manager: DialogManager, typed: str) -> None:
    await _compare(manager, " ".join(typed.replace("\0", "").split()))


async def _compare(manager: DialogManager, value: str) -> None:
    chosen = context.pending(manager)
    await _add(manager, HasAttribute(chosen["key"], Comparison(chosen["comparison"]), value))


async def add_contacted(_callback: CallbackQuery, _select: Any, manager: DialogManager, days: int) -> None:
    """The days stand for those who got nothing in them: who is due again is what is asked for most."""
    await _add(manager, Contacted(days, holds=False))


async def type_contacted(_message: Message, _input: Any, manager: DialogManager, typed: str) -> None:
    await _add(manager, Contacted(_days(typed), holds=False))


async def add_lately_contacted(_callback: CallbackQuery, _select: Any, manager: DialogManager, days: int) -> None:
    await _add(manager, Contacted(days))


async def add_replied(_callback: CallbackQuery, button: Button, manager: DialogManager) -> None:
    await _add(manager, Replied(holds=button.widget_id == "wrote"))


async def add_lately_replied(_callback: CallbackQuery, _select: Any, manager: DialogManager, days: int) -> None:
    await _add(manager, Replied(days))


def _days(typed: str) -> int:
    number = re.sub(r"\s*days?$", "", typed.strip().replace(",", ""), flags=re.IGNORECASE)
    if not re.fullmatch(r"[1-9][0-9]{0,3}", number) or int(number) > MOST_DAYS:
        raise InvalidInputError("Type a number of days, such as 30.")
    return int(number)


@inject
async def save(
    callback: CallbackQuery, _button: Button, manager: DialogManager, segments: FromDishka[Segments]
) -> None:
    segment_id, built = context.segment_of(manager), context.conditions_of(manager)
    check(built)
    if segment_id is None:
        await manager.switch_to(Windows.name)
        return
    await segments.change(actor_of(manager), segment_id, built)
    manager.dialog_data[context.CHANGED] = False
    await callback.answer("Saved.")


@inject
async def type_name(
    _message: Message, _input: Any, manager: DialogManager, typed: str, segments: FromDishka[Segments]
) -> None:
    actor, segment_id = actor_of(manager), context.segment_of(manager)
    if segment_id is None:
        segment_id = await segments.save(actor, typed, context.conditions_of(manager))
        context.begin(manager, await segments.get(actor, segment_id))
    else:
        await segments.rename(actor, segment_id, typed)
        manager.dialog_data[context.NAME] = (await segments.get(actor, segment_id)).name
    await manager.switch_to(Windows.build)


@inject
async def delete(
    callback: CallbackQuery, _button: Button, manager: DialogManager, segments: FromDishka[Segments]
) -> None:
    segment_id = context.segment_of(manager)
    if segment_id is not None:
        await segments.delete(actor_of(manager), segment_id)
        await callback.answer("Deleted. The people stay.")
    await manager.switch_to(Windows.all)
