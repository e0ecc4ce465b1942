from html import escape
from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.formatting import file_label, to_telegram_html
from engine.actor import Actor
from engine.errors import NotFoundError
from engine.sequences.catalogue import SequenceCard, SequenceCatalogue, StepView
from models.enums import SequenceStatus

LONGEST_PLAN = 2400  # characters of text in the plan; Telegram takes 4096 with everything around it
MOST_SHOWN = 25  # messages in the plan; all of them have a button
QUICK_TIMES = ("09:00", "12:00", "15:00", "18:00", "20:00")


def sequence_of(manager: DialogManager) -> int:
    data = manager.start_data
    return int(data["sequence_id"]) if isinstance(data, dict) else 0


@inject
async def get_plan(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, sequence_of(dialog_manager))
    return {
        "card": card,
        "steps": [_shown(step, LONGEST_PLAN // len(card.steps)) for step in card.steps[:MOST_SHOWN]],
        "more": max(0, len(card.steps) - MOST_SHOWN),
        "buttons": [(f"{number}. {step.header}", step.id) for number, step in enumerate(card.steps, start=1)],
        "has_steps": bool(card.steps),
        "startable": bool(card.steps) and card.status is SequenceStatus.DRAFT,
        "running": card.status is SequenceStatus.ACTIVE,
        "notice": dialog_manager.dialog_data.get("notice"),
        "dates": " · ".join(list(dict.fromkeys(_date(step) for step in card.steps))[:MOST_SHOWN]),
    }


@inject
async def get_step(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, sequence_of(dialog_manager))
    step = find_step(card, dialog_manager.dialog_data["step_id"])
    return {
        "card": card,
        "step": step,
        "date": _date(step),
        "shown": _content(step, 3000),
        "waiting": step.results.queued,
    }


async def get_new(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    day = int(dialog_manager.dialog_data.get("day", 1))
    return {
        "day": day,
        "first_day": day == 1,
        "time": dialog_manager.dialog_data.get("time_label", ""),
        "times": QUICK_TIMES,
    }


@inject
async def get_days(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, sequence_of(dialog_manager))
    last = max((step.day for step in card.steps), default=0)
    offered = [1, *range(max(2, last - 2), max(2, last - 2) + 5)]
    return {"days": [(f"Day {day}", day) for day in offered]}


def find_step(card: SequenceCard, step_id: int) -> StepView:
    for step in card.steps:
        if step.id == step_id:
            return step
    raise NotFoundError("This message does not exist any more.")


def _shown(step: StepView, longest: int) -> dict[str, Any]:
    return {"header": step.header, "date": _date(step), "html": _content(step, longest)}


def _content(step: StepView, longest: int) -> str:
    """What it sends, as HTML: a line for its file, if it has one, and its text or caption, if it has one."""
    file = escape(file_label(step.kind, step.media_name), quote=False) if step.media_name else ""
    text = step.body if len(step.body) <= longest else step.body[:longest] + "…"
    return "\n".join(filter(None, (file, to_telegram_html(text))))


def _date(step: StepView) -> str:
    return f"{step.if_joined_now:%a} {step.if_joined_now.day} {step.if_joined_now:%b}"
