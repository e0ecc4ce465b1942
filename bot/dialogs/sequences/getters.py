from html import escape
from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.formatting import file_label, short_date, to_telegram_html
from bot.dialogs.navigation import coming
from bot.dialogs.results.wording import open_ones, reached
from bot.dialogs.sequences.context import sequence_of
from engine.actor import Actor
from engine.reports.overview import Overviews
from engine.sequences.catalogue import SequenceCard, SequenceCatalogue, StepView
from engine.sequences.results import StepResults
from models.enums import EnrolmentStatus, SequenceStatus

TABS = (
    (SequenceStatus.ACTIVE, "Active"),
    (SequenceStatus.PAUSED, "Paused"),
    (SequenceStatus.DRAFT, "Drafts"),
    (SequenceStatus.ARCHIVED, "Archive"),
)
BADGES = {
    SequenceStatus.ACTIVE: "🟢 Active",
    SequenceStatus.PAUSED: "⏸ Paused",
    SequenceStatus.DRAFT: "📝 Draft",
    SequenceStatus.ARCHIVED: "🗄 Archived",
}
PEOPLE = {
    EnrolmentStatus.ACTIVE: "on their way",
    EnrolmentStatus.PAUSED: "paused",
    EnrolmentStatus.COMPLETED: "finished",
    EnrolmentStatus.EXITED: "left early",
}
ON_THEIR_WAY = (EnrolmentStatus.ACTIVE, EnrolmentStatus.PAUSED)
PREVIEW = 40  # characters of a message in a list
MOST_SHOWN = 15  # lines of a list in a text; Telegram takes 4096 characters


@inject
async def get_list(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any
) -> dict[str, Any]:
    tab = SequenceStatus(dialog_manager.dialog_data.get("tab", SequenceStatus.ACTIVE))
    sequences = await catalogue.list(actor, tab)
    return {
        "tab_name": dict(TABS)[tab],
        "tabs": [(f"• {name}" if status is tab else name, status.value) for status, name in TABS],
        "sequences": sequences[:MOST_SHOWN],
        "labels": [(label(sequence.name, sequence.contacts), sequence.id) for sequence in sequences],
        "is_active_tab": tab is SequenceStatus.ACTIVE,
    }


@inject
async def get_card(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[SequenceCatalogue],
    overviews: FromDishka[Overviews],
    **_: Any,
) -> dict[str, Any]:
    card = await catalogue.card(actor, sequence_of(dialog_manager))
    overview = await overviews.get(actor)
    total = StepResults.sum(step.results for step in card.steps)
    deletable = card.contacts == 0
    return {
        "card": card,
        "badge": BADGES[card.status],
        "steps": [step_line(step) for step in card.steps[:MOST_SHOWN]],
        "more": max(0, len(card.steps) - MOST_SHOWN),
        "people": _people(card),
        "next_due": coming(card.next_due_at, overview.now, card.time_zone)
        if card.next_due_at and card.status is SequenceStatus.ACTIVE
        else None,
        "stopped": overview.stopped_at is not None,
        "active": card.status is SequenceStatus.ACTIVE,
        "startable": card.status in {SequenceStatus.DRAFT, SequenceStatus.PAUSED},
        "start_label": "▶️ Start" if card.status is SequenceStatus.DRAFT else "▶️ Resume",
        "editable": card.status is not SequenceStatus.ARCHIVED,
        "sent": " · ".join(filter(None, (reached(total) if total.planned else "", open_ones(total)))),
        "deletable": deletable,
        "verb": "Delete" if deletable else "Archive",
        "verb_icon": "🗑" if deletable else "🗄",
        "on_their_way": sum(card.people.get(status, 0) for status in ON_THEIR_WAY),
        "queued": total.queued,
    }


def _people(card: SequenceCard) -> str:
    """Tell where they are: "200 on their way · 28 finished"."""
    if card.status is SequenceStatus.DRAFT:
        return "waiting for the start" if card.contacts else ""
    present = ((card.people.get(status, 0), word) for status, word in PEOPLE.items())
    return " · ".join(f"{count:,} {word}" for count, word in present if count)


def step_line(step: StepView) -> dict[str, Any]:
    """Tell one step in a line: when it goes out for somebody who joins now, and what it says."""
    text = " ".join(step.body.split())
    said = to_telegram_html(text[:PREVIEW] + ("…" if len(text) > PREVIEW else ""))
    file = escape(file_label(step.kind, step.media_name), quote=False) if step.media_name else ""
    return {
        "header": step.header,
        "date": short_date(step.if_joined_now),
        "html": " · ".join(filter(None, (file, said))),
    }


def label(name: str, count: int) -> str:
    return f"{name[:40]} · {count:,}"
