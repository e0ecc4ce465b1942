from datetime import timedelta
from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.rehearsal.texts import about, gaps_words
from bot.dialogs.sequences.context import sequence_of
from engine.actor import Actor
from engine.contacts.phones import example_phone
from engine.operators import Operators
from engine.sequences.coverage import Coverage
from engine.sequences.rehearsal import Rehearsals
from engine.settings import Settings
from engine.workspaces import Workspaces


@inject
async def get_number(
    dialog_manager: DialogManager,
    actor: Actor,
    operators: FromDishka[Operators],
    workspaces: FromDishka[Workspaces],
    settings: FromDishka[Settings],
    **_: Any,
) -> dict[str, Any]:
    """Where every number is a simulated phone, one can be offered."""
    only_simulated = settings.sandbox and not settings.real_whatsapp
    country = (await workspaces.get(actor)).country
    return {
        "number": await operators.phone(actor),
        "tested": "told" in dialog_manager.dialog_data,
        "untested": "told" not in dialog_manager.dialog_data,
        "only_simulated": only_simulated,
        "offered": example_phone(country) if only_simulated else None,
    }


@inject
async def get_result(
    dialog_manager: DialogManager, actor: Actor, rehearsals: FromDishka[Rehearsals], **_: Any
) -> dict[str, Any]:
    told = dialog_manager.dialog_data["told"]
    if "refused" in told:
        return {"refused": told["refused"], "queued": False}
    progress = await rehearsals.progress(actor, told["message_ids"])
    return {
        **told,
        "queued": True,
        "refused": None,
        "messages": progress.messages,
        "sent": progress.sent,
        "waiting": progress.waiting,
        "lost": progress.messages - progress.sent - progress.waiting,
        "trouble": progress.trouble,
        "last": about(timedelta(seconds=told["last_in"])),
    }


@inject
async def get_gaps(
    dialog_manager: DialogManager, actor: Actor, coverage: FromDishka[Coverage], **_: Any
) -> dict[str, Any]:
    """Of the sequence that the builder shows."""
    return {"gaps": gaps_words(await coverage.gaps(actor, sequence_of(dialog_manager)))}
