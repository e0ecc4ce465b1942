from typing import Any

from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.alerts.rendering import title
from bot.dialogs.campaigns.wording import campaigns_words
from bot.dialogs.navigation import coming, when
from engine.actor import Actor
from engine.alerts import Alerts
from engine.contacts.opting_out import contact_of
from engine.reports.overview import Overviews
from models.enums import AlertKind, AlertStatus

MOST_SHOWN = 10
LONGEST_ALERT = 250  # characters of one in the list; Telegram takes 4096


@inject
async def get_home(actor: Actor, overviews: FromDishka[Overviews], **_: Any) -> dict[str, Any]:
    overview = await overviews.get(actor)
    next_send = overview.next_send_at
    return {
        "overview": overview,
        "now": when(overview.now, overview.now, overview.time_zone).removeprefix("today "),
        "campaigns": campaigns_words(overview),
        "next_send": coming(next_send, overview.now, overview.time_zone) if next_send else None,
        "stopped": overview.stopped_at is not None,
        "running": overview.stopped_at is None,
        "needs_device": overview.devices == 0,
        "needs_contacts": overview.devices > 0 and overview.contacts == 0,
        "needs_sequence": overview.contacts > 0 and overview.sequences == 0,
        "has_replies": overview.replies > 0,
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
    shown = open_alerts[:MOST_SHOWN]
    return {
        "alerts": [
            {
                "title": title(alert),
                "text": alert.text[:LONGEST_ALERT],
                "since": when(alert.first_at, overview.now, overview.time_zone),
            }
            for alert in shown
        ],
        "unseen": [
            (number, alert.id) for number, alert in enumerate(shown, start=1) if alert.status is AlertStatus.FIRING
        ],
        "asking": [
            (number, contact_of(alert.subject))
            for number, alert in enumerate(shown, start=1)
            if alert.kind is AlertKind.ASKS_TO_STOP
        ],
        "more": len(open_alerts) - len(shown),
    }
