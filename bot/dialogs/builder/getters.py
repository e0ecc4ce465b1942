from datetime import date
from html import escape
from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.builder import wording
from bot.dialogs.builder.pending import pending_of
from bot.dialogs.formatting import file_label, people, to_telegram_html
from bot.dialogs.sequences.context import sequence_of
from engine.actor import Actor
from engine.errors import DripdeskError, NotFoundError
from engine.sequences.catalogue import SequenceCard, SequenceCatalogue, StepView
from engine.sequences.editor import SequenceEditor
from engine.sequences.pasting import LAST_DAY, write_header
from models.enums import SequenceStatus

LONGEST_PLAN = 1600  # characters of text in the plan; Telegram takes 4096 with everything around it
MOST_SHOWN = 25  # messages in the plan; all of them have a button
LONGEST_KEPT = 2000  # characters of what was typed
QUICK_TIMES = ("09:00", "12:00", "15:00", "18:00", "20:00")


@inject
async def get_plan(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, sequence_of(dialog_manager))
    dialog_manager.dialog_data["revision"] = card.revision  # what is changed from here is changed at this one
    return {
        "card": card,
        "steps": [_shown(step, LONGEST_PLAN // len(card.steps)) for step in card.steps[:MOST_SHOWN]],
        "more": max(0, len(card.steps) - MOST_SHOWN),
        "buttons": [(f"{number}. {step.header}", step.id) for number, step in enumerate(card.steps, start=1)],
        "has_steps": bool(card.steps),
        "startable": bool(card.steps) and card.status is SequenceStatus.DRAFT,
        "begun": card.status is not SequenceStatus.DRAFT,
        "notice": dialog_manager.dialog_data.get("notice"),
        "dates": _dates([step.if_joined_now.date() for step in card.steps[:MOST_SHOWN]]),
    }


@inject
async def get_step(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, sequence_of(dialog_manager))
    dialog_manager.dialog_data["revision"] = card.revision  # what is changed from here is changed at this one
    shown = _message(card, dialog_manager)
    return {
        **shown,
        "can_go_up": shown["step"] != card.steps[0],
        "can_go_down": shown["step"] != card.steps[-1],
        "notice": dialog_manager.dialog_data.get("notice"),
    }


@inject
async def get_message(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    """Show the message that a question is about; that it is asked again does not count as a new look."""
    return _message(await catalogue.card(actor, sequence_of(dialog_manager)), dialog_manager)


def _message(card: SequenceCard, manager: DialogManager) -> dict[str, Any]:
    step = find_step(card, manager.dialog_data["step_id"])
    free = free_day(card, step)
    return {
        "card": card,
        "step": step,
        "date": _date(step),
        "shown": _content(step, 3000),
        "waiting": step.results.queued,
        "begun": card.status is not SequenceStatus.DRAFT,
        "free": write_header(free, step.send_time or card.default_time, None) if free else "",
    }


@inject
async def get_card(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    return {"card": await catalogue.card(actor, sequence_of(dialog_manager))}


@inject
async def get_review(
    dialog_manager: DialogManager, actor: Actor, editor: FromDishka[SequenceEditor], **_: Any
) -> dict[str, Any]:
    """Show what waits to be saved: what it changes and for whom, and who came in between."""
    pending = pending_of(dialog_manager)
    if pending is None:
        raise NotFoundError("There is nothing to save any more.")
    typed = "\n\n".join(paste.text for paste in pending.pastes)[:LONGEST_KEPT]
    sequence_id = sequence_of(dialog_manager)
    try:
        preview = await editor.preview(actor, sequence_id, pending.edit, since=pending.since)
    except DripdeskError as error:  # for example: the message has been removed
        changes = await editor.changes(actor, sequence_id, since=pending.since or 0)
        told = wording.others(changes)
        return {"meanwhile": told, "crossed": True, "wrong": str(error), "typed": typed, "possible": False}
    dialog_manager.dialog_data["shown"] = preview.revision
    crossed = preview.revision != pending.since
    nobody = not any(one.waiting + one.later + one.passed + one.lose for one in preview.touched)
    return {
        "meanwhile": wording.others(preview.meanwhile),
        "crossed": crossed,
        "changes": wording.review(preview.touched, preview.now),
        "total": people(preview.changed) if preview.changed else "",
        "nobody": nobody,
        "possible": bool(preview.touched),
        "save": "Save anyway" if crossed else "✓ Save",
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
    return {"days": [(f"Day {day}", day) for day in offered if day <= LAST_DAY]}


def find_step(card: SequenceCard, step_id: int) -> StepView:
    for step in card.steps:
        if step.id == step_id:
            return step
    raise NotFoundError("This message does not exist any more.")


def free_day(card: SequenceCard, step: StepView) -> int | None:
    """Find the first day behind a message that has none."""
    taken = {one.day for one in card.steps}
    return next((day for day in range(step.day + 1, LAST_DAY + 1) if day not in taken), None)


def _shown(step: StepView, longest: int) -> dict[str, Any]:
    return {"header": step.header, "date": _date(step), "html": _content(step, longest)}


def _content(step: StepView, longest: int) -> str:
    """What it sends, as HTML: a line for its file, if it has one, and its text or caption, if it has one."""
    file = escape(file_label(step.kind, step.media_name), quote=False) if step.media_name else ""
    text = step.body if len(step.body) <= longest else step.body[:longest] + "…"
    return "\n".join(filter(None, (file, to_telegram_html(text))))


def _date(step: StepView) -> str:
    return f"{step.if_joined_now:%a} {step.if_joined_now.day} {step.if_joined_now:%b}"


def _dates(days: list[date]) -> str:
    """Write "Fri 5 Jan, Mon 8, Tue 9": the month where it changes."""
    different = list(dict.fromkeys(days))
    months = [None, *((day.year, day.month) for day in different)]
    return ", ".join(
        f"{day:%a} {day.day}" + (f" {day:%b}" if (day.year, day.month) != before else "")
        for day, before in zip(different, months, strict=False)
    )
