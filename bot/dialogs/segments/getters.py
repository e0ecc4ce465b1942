from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.segments import context
from bot.dialogs.segments.wording import COMPARISONS, words
from engine.actor import Actor
from engine.contacts.book import ContactBook
from engine.contacts.segmenting import Segments
from engine.contacts.segments import Comparison
from engine.sequences.catalogue import SequenceCatalogue
from models.enums import Role, SequenceStatus

LONGEST = 40  # characters of a name on a button
DAYS = (7, 14, 30, 90)


@inject
async def get_all(actor: Actor, segments: FromDishka[Segments], **_: Any) -> dict[str, Any]:
    found = await segments.all(actor)
    return {
        "segments": [(one.name[:LONGEST], one.id) for one in found],
        "may_change": actor.role is not Role.VIEWER,
    }


@inject
async def get_built(
    dialog_manager: DialogManager, actor: Actor, segments: FromDishka[Segments], **_: Any
) -> dict[str, Any]:
    built = context.conditions_of(dialog_manager)
    matching = await segments.match(actor, built)
    lines = [words(one, matching.lists, matching.sequences) for one in built]
    changed = bool(dialog_manager.dialog_data.get(context.CHANGED))
    saved = context.segment_of(dialog_manager) is not None
    may_change = actor.role is not Role.VIEWER
    return {
        "name": dialog_manager.dialog_data.get(context.NAME),
        "lines": lines,
        "people": matching.people,
        "sendable": matching.sendable,
        "some": [name[:LONGEST] for name in matching.some],
        "more": matching.people - len(matching.some),
        "removals": [(line[:LONGEST], number) for number, line in enumerate(lines)] if may_change else [],
        "may_change": may_change,
        "may_save": may_change and bool(built) and (changed or not saved),
        "is_saved": saved,
        "is_usable": saved and not changed and may_change,
        "may_delete": saved and may_change,
    }


@inject
async def get_niches(
    dialog_manager: DialogManager, actor: Actor, book: FromDishka[ContactBook], **_: Any
) -> dict[str, Any]:
    niches = await book.niches(actor)
    dialog_manager.dialog_data["niches"] = [one.niche for one in niches]  # what a press on one means
    return {"niches": [(f"{one.niche[:LONGEST]} · {one.contacts:,}", number) for number, one in enumerate(niches)]}


@inject
async def get_lists(actor: Actor, book: FromDishka[ContactBook], **_: Any) -> dict[str, Any]:
    return {"lists": [(f"{one.name[:LONGEST]} · {one.size:,}", one.id) for one in await book.lists(actor)]}


@inject
async def get_sequences(actor: Actor, catalogue: FromDishka[SequenceCatalogue], **_: Any) -> dict[str, Any]:
    return {
        "sequences": [
            (f"{one.name[:LONGEST]} · {status.value}", one.id)
            for status in SequenceStatus
            for one in await catalogue.list(actor, status)
        ]
    }


@inject
async def get_keys(
    dialog_manager: DialogManager, actor: Actor, segments: FromDishka[Segments], **_: Any
) -> dict[str, Any]:
    keys = await segments.keys(actor)
    dialog_manager.dialog_data["keys"] = [one.value for one in keys]
    return {"keys": [(one.value[:LONGEST], number) for number, one in enumerate(keys)]}


async def get_comparisons(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    return {
        "key": context.pending(dialog_manager)["key"],
        "comparisons": [(COMPARISONS[one], number) for number, one in enumerate(Comparison)],
    }


@inject
async def get_values(
    dialog_manager: DialogManager, actor: Actor, segments: FromDishka[Segments], **_: Any
) -> dict[str, Any]:
    chosen = context.pending(dialog_manager)
    values = await segments.values(actor, chosen["key"])
    dialog_manager.dialog_data["values"] = [one.value for one in values]
    return {
        "key": chosen["key"],
        "comparison": COMPARISONS[Comparison(chosen["comparison"])],
        "values": [(f"{one.value[:LONGEST]} · {one.contacts:,}", number) for number, one in enumerate(values)],
    }


async def get_pending(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    return {**context.pending(dialog_manager), "name": dialog_manager.dialog_data.get(context.NAME)}


async def get_days(**_: Any) -> dict[str, Any]:
    return {"days": [(days, days) for days in DAYS], "few_days": [(days, days) for days in DAYS[:3:2]]}
