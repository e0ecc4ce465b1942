from typing import Any

from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.navigation import coming, when
from engine.actor import Actor
from engine.alerts import Alerts
from engine.reports.overview import Overviews
from models.enums import AlertStatus


@inject
async def get_home(actor: Actor, overviews: FromDishka[Overviews], **_: Any) -> dict[str, Any]:
    overview = await overviews.get(actor)
    next_send = overview.next_send_at
    return {
        "overview": overview,
        "now": when(overview.now, overview.now, overview.time_zone).removeprefix("today "),
        "next_send": coming(next_send, overview.now, overview.time_zone) if next_send else None,
        "stopped": overview.stopped_at is not None,
        "running": overview.stopped_at is None,
        "needs_device": overview.devices == 0,
        "needs_contacts": overview.devices > 0 and overview.contacts == 0,
        "needs_sequence": overview.contacts > 0 and overview.sequences == 0,
        "has_doubts": overview.doubts > 0,
        "has_alerts": overview.open_alerts > 0,
        "open_alerts": overview.open_alerts,
    }


@inject
async def get_alerts(
    actor: Actor, alerts: FromDishka[Alerts], overviews: FromDishka[Overviews], **_: Any
) -> dict[str, Any]:
    overview = await overviews.get(actor)
    open_alerts = await alerts.open(actor)
    return {
        "alerts": [
            {
                "id": alert.id,
                "text": alert.text,
                "times": alert.occurrences,
                "since": when(alert.first_at, overview.now, overview.time_zone),
                "seen": alert.status is AlertStatus.ACKNOWLEDGED,
            }
            for alert in open_alerts[:10]
        ],
        "unseen": [
            (f"Seen: {alert.text[:40]}", alert.id)
            for alert in open_alerts[:10]
            if alert.status is AlertStatus.FIRING
        ],
        "more": max(0, len(open_alerts) - 10),
    }
