from typing import Any

from aiogram_dialog import DialogManager
from aiogram_dialog.widgets.kbd import ManagedMultiselect
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.formatting import counted, short_date
from bot.dialogs.joining.context import comes_with_people, who_of
from bot.dialogs.joining.wording import chosen_words, left_out, refusal_line
from bot.dialogs.sequences.context import sequence_of
from bot.dialogs.sequences.getters import label
from engine.actor import Actor
from engine.contacts.book import ContactBook
from engine.contacts.segmenting import Segments
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.enrolment import Enrolments
from models.enums import SequenceStatus

PACES = (20, 50, 100)  # a day
SHOWN_REFUSALS = 10


@inject
async def get_people(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[SequenceCatalogue],
    book: FromDishka[ContactBook],
    **_: Any,
) -> dict[str, Any]:
    card = await catalogue.card(actor, sequence_of(dialog_manager))
    lists = await book.lists(actor)
    return {
        "card": card,
        "lists": [(label(one.name, one.size), one.id) for one in lists],
        "everyone": counted(await book.count(actor), "contact"),
        "has_contacts": bool(lists),
        "no_contacts": not lists,
        "niche": card.niche or "",
        "has_niche": bool(card.niche),
    }


@inject
async def get_interests(
    dialog_manager: DialogManager, actor: Actor, book: FromDishka[ContactBook], **_: Any
) -> dict[str, Any]:
    niches = await book.niches(actor)
    dialog_manager.dialog_data["niches"] = [one.niche for one in niches]  # what a press on one means
    return {"niches": [(label(one.niche, one.contacts), number) for number, one in enumerate(niches)]}


@inject
async def get_segments(actor: Actor, segments: FromDishka[Segments], **_: Any) -> dict[str, Any]:
    found = await segments.all(actor)
    return {"segments": [(one.name[:40], one.id) for one in found], "nothing": not found}


@inject
async def get_found(
    dialog_manager: DialogManager, actor: Actor, book: FromDishka[ContactBook], **_: Any
) -> dict[str, Any]:
    query = dialog_manager.dialog_data.get("query", "")
    found = await book.find(actor, query)
    ticked = len(ticked_people(dialog_manager))
    return {
        "query": query,
        "people": [(f"{one.name[:30]} {one.phone}".strip(), one.id) for one in found],
        "nobody": bool(query) and not found,
        "ticked": ticked,
        "has_ticked": ticked > 0,
    }


def ticked_people(manager: DialogManager) -> list[int]:
    people: ManagedMultiselect[int] | None = manager.find("people")
    return people.get_checked() if people is not None else []


@inject
async def get_review(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[SequenceCatalogue],
    enrolments: FromDishka[Enrolments],
    *,
    book: FromDishka[ContactBook],
    segments: FromDishka[Segments],
    **_: Any,
) -> dict[str, Any]:
    sequence_id, typed = sequence_of(dialog_manager), dialog_manager.dialog_data.get("pace")
    card = await catalogue.card(actor, sequence_id)
    paces = sorted({*PACES, typed} if typed else PACES)
    who = who_of(dialog_manager)
    preview = await enrolments.preview(actor, sequence_id, who, paces=paces)
    lists = await book.lists(actor) if who.list_id is not None else []
    name = next((one.name for one in lists if one.id == who.list_id), None)
    if who.segment_id is not None:
        name = (await segments.get(actor, who.segment_id)).name
    slower = {pace: last for pace, last in preview.paces.items() if pace < preview.joining or pace == typed}
    return {
        "card": card,
        "chosen": chosen_words(who, name),
        "joining": preview.joining,
        "left_out": left_out(preview.refused),
        "behind": short_date(preview.behind) if preview.behind else None,
        "paces": [(f"{pace:,} a day · the last on {short_date(last)}", pace) for pace, last in slower.items()],
        "is_draft": card.status is SequenceStatus.DRAFT,
        "somebody": preview.joining > 0,
        "several": preview.joining > 1,
        "has_refusals": bool(preview.refusals),
        "came_with_people": comes_with_people(dialog_manager),
        "came_alone": not comes_with_people(dialog_manager),
    }


@inject
async def get_done(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[SequenceCatalogue],
    enrolments: FromDishka[Enrolments],
    **_: Any,
) -> dict[str, Any]:
    sequence_id, data = sequence_of(dialog_manager), dialog_manager.dialog_data
    preview = await enrolments.preview(actor, sequence_id, who_of(dialog_manager), before_run=data["first_run"])
    card = await catalogue.card(actor, sequence_id)
    return {
        "card": card,
        "report": data["report"],
        "refusals": [refusal_line(one) for one in preview.refusals[:SHOWN_REFUSALS]],
        "more": max(0, len(preview.refusals) - SHOWN_REFUSALS),
        "has_more": len(preview.refusals) > SHOWN_REFUSALS,
        "is_draft": card.status is SequenceStatus.DRAFT,
        "came_with_people": comes_with_people(dialog_manager),
    }
