from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaigns import wording
from bot.dialogs.campaigns.context import campaign_of
from bot.dialogs.campaigns.parts import part_lines
from bot.dialogs.navigation import when
from bot.live import LiveCards
from engine.actor import Actor
from engine.alerts import Alerts
from engine.campaigns.catalogue import CampaignCard, CampaignCatalogue, Tab
from engine.campaigns.control import CampaignControl, alert_subject
from engine.reports.overview import Overviews
from models.enums import AlertKind, CampaignPause, CampaignStatus, Role

ON_A_PAGE = 8
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
OVER = (CampaignStatus.FINISHED, CampaignStatus.CANCELLED)


@inject
async def get_list(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[CampaignCatalogue],
    overviews: FromDishka[Overviews],
    **_: Any,
) -> dict[str, Any]:
    data, overview = dialog_manager.dialog_data, await overviews.get(actor)
    tab, first = Tab(data.get("tab", Tab.RUNNING)), data.get("first", 0)
    page = await catalogue.page(actor, tab, limit=ON_A_PAGE, offset=first)
    count = page.counts[tab]
    tabs = [
        (f"{name} ({page.counts[one]:,})" if page.counts[one] else name, one) for one, name in wording.TABS.items()
    ]
    return {
        "tab_name": wording.TABS[tab],
        "tabs": [(f"• {name}" if one is tab else name, one.value) for name, one in tabs],
        "labels": [(wording.row(one, overview.now, overview.time_zone), one.id) for one in page.campaigns],
        "empty": "" if page.campaigns else wording.EMPTY[tab],
        "may_change": actor.role is not Role.VIEWER,
        "count": count,
        "shown": f"{first + 1}–{first + len(page.campaigns)}",
        "paged": count > ON_A_PAGE,
        "has_newer": first > 0,
        "has_older": first + ON_A_PAGE < count,
    }


@inject
async def get_card(
    dialog_manager: DialogManager,
    actor: Actor,
    catalogue: FromDishka[CampaignCatalogue],
    control: FromDishka[CampaignControl],
    live: FromDishka[LiveCards],
    **_: Any,
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    is_stopped, starting = card.pause_reason is CampaignPause.STOPPED, wording.is_starting(card)
    stopped = await control.stopped(actor, card.id) if is_stopped else None
    begun, may_change = card.status is not CampaignStatus.DRAFT and not starting, actor.role is not Role.VIEWER
    got, failed = card.progress.sent + card.progress.unknown > 0, sum(card.progress.failed.values())
    lives = False
    if card.status is not CampaignStatus.DRAFT and card.status not in OVER:
        lives = live.keep(dialog_manager, timeless(card), partial(_look, catalogue, actor, card.id))
    return {
        "card": card,
        "badge": wording.badge(card),
        "state": wording.state_lines(card, stopped=stopped),
        "parts": part_lines(card),
        "left_out": wording.left_out_words(card.left_out) if begun else "",
        "message": wording.message_words(card),
        "as_of": None if lives or not begun else when(card.now, card.now, card.time_zone).removeprefix("today "),
        "may_change": may_change,
        "editable": may_change and card.status is CampaignStatus.DRAFT,
        "launched": card.status is not CampaignStatus.DRAFT,
        "starting": may_change and starting,
        "sending": may_change and card.status is CampaignStatus.RUNNING and not starting,
        "paused": may_change and card.status is CampaignStatus.PAUSED,
        "begun": begun,
        "mendable": may_change and got and card.status in {CampaignStatus.PAUSED, CampaignStatus.CANCELLED},
        "retriable": may_change and failed > 0 and card.status is not CampaignStatus.CANCELLED,
        "retry_label": f"↻ Try the {failed:,} that failed again",
        "undo_label": wording.undo_label(card),
        "go_on_label": wording.go_on_label(card),
        "fix_label": "✏️ Fix text and continue" if is_stopped else "✏️ Fix text",
        "resume_label": wording.RESUMES.get(card.pause_reason or CampaignPause.BY_HAND),
    }


def timeless(card: CampaignCard) -> tuple[CampaignCard, bool]:
    """What of a card is drawn again when it changes: not the time, nor what goes with it."""
    still = replace(card.progress, rate_per_hour=0, ends_at=None)
    return replace(card, now=NEVER, progress=still), wording.is_starting(card)


async def _look(catalogue: CampaignCatalogue, actor: Actor, campaign_id: int) -> object:
    return timeless(await catalogue.card(actor, campaign_id))


@inject
async def get_trouble(
    dialog_manager: DialogManager,
    actor: Actor,
    alerts: FromDishka[Alerts],
    overviews: FromDishka[Overviews],
    **_: Any,
) -> dict[str, Any]:
    """What the breaker saw, as the alert tells it; and whether all is stopped."""
    subject = alert_subject(campaign_of(dialog_manager))
    open_alerts, overview = await alerts.open(actor), await overviews.get(actor)
    paused = (one for one in open_alerts if one.kind is AlertKind.CAMPAIGN_PAUSED and one.subject == subject)
    return {
        "seen": next((one.text for one in paused), ""),
        "everything_stopped": overview.stopped_at is not None,
    }


@inject
async def get_results(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[CampaignCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    return {
        "card": card,
        "lines": wording.result_lines(card),
        "left_out": wording.left_out_words(card.left_out),
        "now": when(card.now, card.now, card.time_zone).removeprefix("today "),
    }


@inject
async def get_facts(
    dialog_manager: DialogManager, actor: Actor, catalogue: FromDishka[CampaignCatalogue], **_: Any
) -> dict[str, Any]:
    card = await catalogue.card(actor, campaign_of(dialog_manager))
    return {
        "card": card,
        "editable": card.status is CampaignStatus.DRAFT,
        "finished": card.status is CampaignStatus.FINISHED and card.progress.sent > 0,
        "going_on": card.status is not CampaignStatus.DRAFT and card.status not in OVER,
        "cancels": wording.cancel_words(card),
    }
