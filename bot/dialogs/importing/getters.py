from functools import partial
from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.importing import wording
from bot.dialogs.importing.context import import_of
from bot.dialogs.importing.corrections import NO_COLUMN
from bot.dialogs.navigation import when
from bot.dialogs.permission import SOURCES
from bot.dialogs.person.wording import short
from bot.live import LiveCards
from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.book import ContactBook
from engine.contacts.importing import ContactImports
from engine.contacts.tables import MAX_BYTES
from engine.workspaces import Workspaces
from models.enums import DuplicatePolicy, ImportStatus

SHOWN_REASONS = 4
SHOWN_NICHES = 6
HEADER_ROWS = 8  # that have a button
MOVING = {ImportStatus.RUNNING, ImportStatus.UNDOING}
HALTED = {ImportStatus.CANCELLED, ImportStatus.FAILED}


@inject
async def get_review(
    dialog_manager: DialogManager, actor: Actor, imports: FromDishka[ContactImports], **_: Any
) -> dict[str, Any]:
    review = await imports.review(actor, import_of(dialog_manager))
    choices = review.choices
    return {
        "review": review,
        "rows": wording.rows_words(review),
        "outcome": wording.outcome_words(review),
        "more_rejected": max(0, review.rejected - len(review.reasons)),
        "layout": wording.layout_words(review),
        "attributes": ", ".join(f"{key}: {short(value, 30)}" for key, value in review.attributes.items()),
        "evidence": dialog_manager.dialog_data.get("evidence", ""),
        "sources": SOURCES,
        "usable": review.contacts > 0,
        "has_rejects": review.rejected > 0,
        "has_known": review.known > 0,
        "policies": [
            (f"{'✓ ' if review.duplicates is policy else ''}{name}", policy.value)
            for policy, name in (
                (DuplicatePolicy.UPDATE, "Update them"),
                (DuplicatePolicy.SKIP, "Leave as they are"),
            )
        ],
        "has_sheets": len(review.sheets) > 1,
        "is_text": choices.separator is not None,
        "phone": short(wording.column(review, choices.phone), wording.LONGEST_LABEL),
        "name": short(wording.names_of(review), wording.LONGEST_LABEL),
        "interest": wording.interest_words(review),
        "for_all": len(review.attributes) or "none",
        "header": wording.header_words(review),
        "country": short(wording.country_words(review), wording.LONGEST_LABEL),
        "sheet": short(choices.sheet or "", wording.LONGEST_LABEL),
        "separator": wording.separator_words(review),
        "encoding": wording.ENCODINGS.get(choices.encoding or "", choices.encoding or ""),
        "niche_column": short(wording.column(review, choices.niche), 40),
        "by_column": choices.niche is not None and choices.niche >= 0,
        "clear_label": "Only what the column says" if (choices.niche or 0) > NO_COLUMN else "No interest",
        "sheets": [(_ticked(name, name == choices.sheet), at) for at, name in enumerate(review.sheets)],
        "separators": _all(wording.SEPARATORS, choices.separator),
        "encodings": _all(wording.ENCODINGS, choices.encoding),
        "header_rows": [
            (_ticked(f"Row {row}" if row else "No headers", row == choices.header_row), row)
            for row in range(HEADER_ROWS + 1)
        ],
        "phone_columns": [(_ticked(name, at == choices.phone), at) for at, name in enumerate(review.labels)],
        "name_columns": [(short(name, 40), at) for at, name in enumerate(review.labels)],
        "niche_columns": [
            (_ticked("No column", choices.niche == NO_COLUMN), NO_COLUMN),
            *((_ticked(name, at == choices.niche), at) for at, name in enumerate(review.labels)),
        ],
        "labels": [
            (f"✖️ {key}: {short(value, 30)}", at) for at, (key, value) in enumerate(review.attributes.items())
        ],
    }


def _ticked(name: str, chosen: bool) -> str:
    return f"✓ {short(name, 40)}" if chosen else short(name, 40)


def _all(names: dict[str, str], chosen: str | None) -> list[tuple[str, int]]:
    return [(_ticked(name, value == chosen), at) for at, (value, name) in enumerate(names.items())]


@inject
async def get_niches(
    dialog_manager: DialogManager, actor: Actor, book: FromDishka[ContactBook], **_: Any
) -> dict[str, Any]:
    niches = [found.niche for found in (await book.niches(actor))[:SHOWN_NICHES]]
    dialog_manager.dialog_data["niches"] = niches  # what a press on one means
    return {"niches": [(short(niche, 30), number) for number, niche in enumerate(niches)]}


@inject
async def get_card(
    dialog_manager: DialogManager,
    actor: Actor,
    imports: FromDishka[ContactImports],
    live: FromDishka[LiveCards],
    **_: Any,
) -> dict[str, Any]:
    import_id = import_of(dialog_manager)
    progress = await imports.progress(actor, import_id)
    moves = progress.status in MOVING
    lives = moves and live.keep(dialog_manager, progress, partial(imports.progress, actor, import_id))
    done = progress.status is ImportStatus.DONE
    has_list = bool(progress.list_name) and progress.created + progress.updated + progress.skipped > 0
    return {
        "progress": progress,
        "state": wording.state_words(progress),
        "bar": wording.bar(progress) if progress.status is ImportStatus.RUNNING else "",
        "numbers": wording.numbers(progress),
        "warn": progress.without_consent and done,
        "rests": moves and not lives,
        "moves": moves,
        "running": progress.status is ImportStatus.RUNNING,
        "halted": progress.status in HALTED,
        "joinable": has_list and (done or progress.status in HALTED),
        "has_rejects": progress.rejected > 0 and not moves,
        "undoable": done or progress.status in HALTED,
        "may_be_left": not moves,
    }


@inject
async def get_time(
    actor: Actor, workspaces: FromDishka[Workspaces], clock: FromDishka[Clock], **_: Any
) -> dict[str, Any]:
    now, zone = clock.now(), (await workspaces.get(actor)).time_zone
    return {"now": when(now, now, zone).removeprefix("today ")}


@inject
async def get_undo(
    dialog_manager: DialogManager, actor: Actor, imports: FromDishka[ContactImports], **_: Any
) -> dict[str, Any]:
    import_id = import_of(dialog_manager)
    return {
        "progress": await imports.progress(actor, import_id),
        "lines": wording.undo_words(await imports.before_undo(actor, import_id)),
    }


@inject
async def get_recent(actor: Actor, imports: FromDishka[ContactImports], **_: Any) -> dict[str, Any]:
    recent = await imports.recent(actor)
    return {
        "labels": [(wording.label(progress), progress.import_id) for progress in recent],
        "most": MAX_BYTES // 1024 // 1024,
    }
