from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.formatting import to_telegram_html
from bot.dialogs.navigation import when
from engine.actor import Actor
from engine.broadcast.doubts import Doubts
from engine.clock import Clock
from engine.workspaces import Workspaces

PREVIEW = 30  # characters of a message on a button
MOST_SHOWN = 1500  # characters of a message on its card


@inject
async def get_list(
    dialog_manager: DialogManager,
    actor: Actor,
    doubts: FromDishka[Doubts],
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    device_id = dialog_manager.dialog_data.get("device_id")
    found = await doubts.list(actor, device_id)
    zone, now = (await workspaces.get(actor)).time_zone, clock.now()
    labels = []
    for doubt in found:
        text = " ".join(doubt.body.split())
        preview = text[:PREVIEW] + ("…" if len(text) > PREVIEW else "")
        labels.append((f"{doubt.contact[:24]} · {when(doubt.sent_at, now, zone)} · {preview}", doubt.message_id))
    return {
        "device": found[0].device if found and device_id is not None else "",
        "count": await doubts.count(actor, device_id),
        "labels": labels,
    }


@inject
async def get_card(
    dialog_manager: DialogManager,
    actor: Actor,
    doubts: FromDishka[Doubts],
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    doubt = await doubts.get(actor, dialog_manager.dialog_data["message_id"])
    zone = (await workspaces.get(actor)).time_zone
    body = doubt.body if len(doubt.body) <= MOST_SHOWN else f"{doubt.body[:MOST_SHOWN]}…"
    return {
        "doubt": doubt,
        "when": when(doubt.sent_at, clock.now(), zone),
        "html": to_telegram_html(body),
    }
