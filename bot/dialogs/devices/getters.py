from datetime import datetime
from functools import partial
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.devices.caps import (
    NO_CAP,
    NO_RAMP,
    USUAL_DAILY,
    USUAL_HOURLY,
    USUAL_RAMPS,
    write_cap,
    write_ramp,
)
from bot.dialogs.devices.delays import USUAL_DELAYS, write_delays
from bot.dialogs.devices.reasons import point_words, reason_words
from bot.dialogs.devices.wording import housing_words, state_dot, state_words
from bot.dialogs.navigation import when
from bot.live import LiveCards
from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.phones import write_phone
from engine.devices.health import is_away
from engine.devices.linking import only_pairing_helps
from engine.devices.pairing import Pairings
from engine.devices.registry import DeviceCard, Devices, DeviceSummary
from engine.devices.unlinking import Unlinked, Unlinking
from engine.devices.why import ReasonKind
from engine.settings import Settings
from engine.workspaces import Workspaces
from models.enums import DeviceState, TransportKind


@inject
async def get_list(
    actor: Actor,
    devices: FromDishka[Devices],
    pairings: FromDishka[Pairings],
    settings: FromDishka[Settings],
    **_: Any,
) -> dict[str, Any]:
    only_simulated = settings.simulated_phones and pairings.obstacle is not None
    found = await devices.list(actor)
    return {
        "devices": found,
        "sending": sum(device.state.may_send and not device.paused for device in found),
        "labels": [(_label(device), device.id) for device in found],
        "add_label": "+ Add a simulated device" if only_simulated else "+ Add a device",
    }


@inject
async def get_card(
    dialog_manager: DialogManager,
    actor: Actor,
    devices: FromDishka[Devices],
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    card = await devices.card(actor, dialog_manager.dialog_data["device_id"])
    zone, now = (await workspaces.get(actor)).time_zone, clock.now()
    if card.next_send_at is None:
        next_send = "nothing planned"
    elif card.paused or not card.state.may_send:
        next_send = "when it can send again"
    else:
        next_send = when(card.next_send_at, now, zone) if card.next_send_at > now else "now"
    return {
        "card": card,
        "simulated": card.transport is TransportKind.SIMULATOR,
        "phone": write_phone(card.phone) if card.phone else None,
        **_pairing_of(card),
        "dot": state_dot(card.state, paused=False),
        "words": state_words(card.state),
        "next_send": next_send,
        "limited_until": _local(card.limited_until, zone),
        "phone_away": away_for.days if is_away(away_for := card.phone_away_for) else 0,
        "delays": write_delays(card.min_delay, card.max_delay),
        "hourly": write_cap(card.pace.hourly_cap),
        "daily": write_cap(card.pace.daily_cap),
        "ramp": write_ramp(card.pace, card.today),
        "housing": housing_words(card.housing) if card.housing else "",
        "now": when(now, now, zone).removeprefix("today "),
        "paused": card.paused,
        "running": not card.paused,
    }


def _pairing_of(card: DeviceCard) -> dict[str, bool]:
    """What can be done about its link to a phone."""
    real = card.transport is TransportKind.NEONIZE
    pairing = card.state in {DeviceState.PAIRING, DeviceState.PASSKEY_REQUIRED}
    return {
        "is_pairing": pairing,
        "may_restart": not (card.state.wants_pairing or only_pairing_helps(card.state, card.transport)),
        "may_pair": real and not pairing,
        "may_log_out": real and not card.state.wants_pairing,
        "may_remove": not pairing,
    }


@inject
async def get_why(
    dialog_manager: DialogManager,
    actor: Actor,
    devices: FromDishka[Devices],
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    story = await devices.why(actor, dialog_manager.dialog_data["device_id"])
    zone, now = (await workspaces.get(actor)).time_zone, clock.now()
    kind = story.reason.kind
    return {
        "story": story,
        "reason": reason_words(story, now, zone),
        "points": [
            (when(point.at, story.machine_now, zone), point_words(point, story.machine_now, zone))
            for point in story.points
        ],
        "now": when(now, now, zone).removeprefix("today "),
        "may_resume": kind is ReasonKind.PAUSED,
        "may_restart": kind in {ReasonKind.STATE, ReasonKind.BANNED}
        and not (story.state.wants_pairing or only_pairing_helps(story.state, story.transport)),
        "may_pair": kind is ReasonKind.STATE and only_pairing_helps(story.state, story.transport),
        "may_pace": kind in {ReasonKind.DAILY_CAP, ReasonKind.HOURLY_CAP, ReasonKind.DELAY},
    }


async def get_limits(**_: Any) -> dict[str, Any]:
    return {
        "usual": [write_delays(*delays) for delays in USUAL_DELAYS],
        "usual_hourly": [*map(str, USUAL_HOURLY), NO_CAP],
        "usual_daily": [*map(str, USUAL_DAILY), NO_CAP],
        "usual_ramps": [*(f"{start} over {days}" for start, days in USUAL_RAMPS), NO_RAMP],
    }


@inject
async def get_unlinking(
    dialog_manager: DialogManager,
    *,
    actor: Actor,
    unlinking: FromDishka[Unlinking],
    live: FromDishka[LiveCards],
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    device_id = dialog_manager.dialog_data["device_id"]
    status = await unlinking.status(actor, device_id)
    moves = status.outcome is Unlinked.UNDER_WAY
    lives = moves and live.keep(dialog_manager, status, partial(unlinking.status, actor, device_id))
    zone, now = (await workspaces.get(actor)).time_zone, clock.now()
    return {
        "status": status,
        "outcome": status.outcome.value,
        "phone": write_phone(status.phone) if status.phone else None,
        "moves": moves,
        "rests": moves and not lives,
        "now": when(now, now, zone).removeprefix("today "),
        "removed": status.removed,
        "stays": not status.removed,
    }


def suggest_name(devices: list[DeviceSummary]) -> str:
    taken = {device.name.casefold() for device in devices}
    return next(name for number in count(1) if (name := f"Sales-{number}").casefold() not in taken)


def _local(instant: datetime | None, zone: str) -> str:
    """Write an instant of machine time, of which "today" may be another day than the team's."""
    return f"{instant.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}" if instant else ""


def _label(device: DeviceSummary) -> str:
    dot = state_dot(device.state, paused=device.paused)
    words = "paused" if device.paused else state_words(device.state)
    queue = f" · {device.queued:,} queued" if device.queued else ""
    return f"{dot} {device.name} · {words}{queue}"
