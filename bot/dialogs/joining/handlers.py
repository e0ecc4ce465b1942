from typing import Any

from aiogram.types import CallbackQuery
from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.joining.wording import told
from bot.dialogs.sequences.context import sequence_of
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.enrolment import Enrolments, JoinReport


@inject
async def join_list(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    list_id: int,
    enrolments: FromDishka[Enrolments],
) -> None:
    report = await enrolments.join_list(actor_of(manager), sequence_of(manager), list_id)
    await _after_joining(callback, manager, report)


@inject
async def join_niche(
    callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    enrolments: FromDishka[Enrolments],
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    actor, sequence_id = actor_of(manager), sequence_of(manager)
    card = await catalogue.card(actor, sequence_id)
    report = await enrolments.join_niche(actor, sequence_id, card.niche or "")
    await _after_joining(callback, manager, report)


@inject
async def join_everyone(
    callback: CallbackQuery, _button: Button, manager: DialogManager, enrolments: FromDishka[Enrolments]
) -> None:
    report = await enrolments.join_everyone(actor_of(manager), sequence_of(manager))
    await _after_joining(callback, manager, report)


async def _after_joining(callback: CallbackQuery, manager: DialogManager, report: JoinReport) -> None:
    await callback.answer(told(report), show_alert=bool(report.refused))
    await manager.done()
