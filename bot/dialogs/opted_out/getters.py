from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.navigation import when
from bot.dialogs.person.wording import SOURCES, short
from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.opt_out_lists import OptOutLists, Suppressed
from engine.workspaces import Workspaces
from models.enums import ConsentSource

SHOWN = 10
LONGEST_SHOWN = 60  # characters of somebody's name or words


@inject
async def get_opted_out(
    dialog_manager: DialogManager,
    actor: Actor,
    lists: FromDishka[OptOutLists],
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    query = dialog_manager.dialog_data.get("query", "")
    out = await lists.find(actor, query, SHOWN)
    zone, now = (await workspaces.get(actor)).time_zone, clock.now()
    return {
        "query": query,
        "count": out.count,
        "taken": dialog_manager.dialog_data.get("taken"),
        "found": [
            {
                "phone": person.phone,
                "name": short(person.name, LONGEST_SHOWN),
                "how": how(person),
                "since": when(person.since, now, zone),
            }
            for person in out.latest
        ],
        "more": 0 if query else out.count - len(out.latest),
        "any": out.count > 0,
    }


def how(person: Suppressed) -> str:
    if person.source is ConsentSource.STOP_WORD:
        return f"wrote “{short(person.evidence, LONGEST_SHOWN)}” · "
    evidence = f" “{short(person.evidence, LONGEST_SHOWN)}”" if person.evidence else ""
    return f"{SOURCES[person.source]}{evidence} · "


async def get_review(dialog_manager: DialogManager, **_: Any) -> dict[str, Any]:
    data = dialog_manager.dialog_data
    return {
        "file_name": data["file_name"],
        "review": data["review"],
        "usable": data["review"]["numbers"] > 0,
        "done": data.get("done", 0),
    }
