from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.navigation import when
from bot.dialogs.person.wording import short
from bot.dialogs.replies.context import reply_chosen
from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.replies import Replies
from engine.workspaces import Workspaces

PREVIEW = 30  # characters of a reply on a button
MOST_SHOWN = 1500  # characters of it on its card
LONGEST_LINE = 100


@inject
async def get_list(
    actor: Actor,
    replies: FromDishka[Replies],
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    found = await replies.list(actor)
    zone, now = (await workspaces.get(actor)).time_zone, clock.now()
    labels = [
        (f"{short(one.who, 24)} · {when(one.at, now, zone)} · {short(one.words, PREVIEW)}", one.id)
        for one in found
    ]
    return {"count": len(found), "labels": labels}


@inject
async def get_card(
    dialog_manager: DialogManager,
    actor: Actor,
    replies: FromDishka[Replies],
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    reply = await replies.get(actor, reply_chosen(dialog_manager))
    zone = (await workspaces.get(actor)).time_zone
    body = reply.body if len(reply.body) <= MOST_SHOWN else f"{reply.body[:MOST_SHOWN]}…"
    return {
        "reply": reply,
        "when": when(reply.at, clock.now(), zone),
        "body": body,
        "words": short(reply.words, LONGEST_LINE * 3),
        "answers": short(reply.answers.strip().partition("\n")[0], LONGEST_LINE),
        "contact": reply.contact_id is not None,
        "waits": reply.is_open,
    }
