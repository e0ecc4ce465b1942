from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from aiogram_dialog import DialogManager
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.devices.getters import suggest_name
from bot.dialogs.devices.wording import state_dot, state_words
from bot.dialogs.navigation import when
from bot.dialogs.pairing.qr import draw_qr
from bot.dialogs.pairing.wording import AGES, pace_lines
from bot.live import LiveCards
from bot.pictures import Picture
from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.phones import write_phone
from engine.devices.pairing import Pairings
from engine.devices.pairing_status import PairingStatus, Stage
from engine.devices.presets import PRESETS, NumberAge
from engine.devices.registry import Devices
from engine.errors import NotFoundError
from engine.operators import Operators
from engine.settings import Settings
from engine.workspaces import Workspaces
from models.enums import DeviceState


@inject
async def get_name(
    actor: Actor,
    devices: FromDishka[Devices],
    pairings: FromDishka[Pairings],
    settings: FromDishka[Settings],
    **_: Any,
) -> dict[str, Any]:
    return {
        "real": pairings.obstacle is None,
        "obstacle": pairings.obstacle,
        "simulated_phones": settings.simulated_phones,
        "may_add": pairings.obstacle is None or settings.simulated_phones,
        "suggestion": suggest_name(await devices.list(actor)),
    }


@inject
async def get_method(
    dialog_manager: DialogManager,
    actor: Actor,
    devices: FromDishka[Devices],
    settings: FromDishka[Settings],
    **_: Any,
) -> dict[str, Any]:
    about = dialog_manager.dialog_data
    phone = (await devices.card(actor, about["device_id"])).phone if about.get("again") else None
    return {
        "name": about["name"],
        "again": about.get("again", False),
        "phone": write_phone(phone) if phone else None,
        "may_simulate": settings.simulated_phones and not about.get("again"),
    }


@inject
async def get_number(
    dialog_manager: DialogManager, actor: Actor, operators: FromDishka[Operators], **_: Any
) -> dict[str, Any]:
    own = await operators.phone(actor)
    return {"name": dialog_manager.dialog_data["name"], "own": write_phone(own) if own else None}


@inject
async def get_progress(
    dialog_manager: DialogManager,
    *,
    actor: Actor,
    pairings: FromDishka[Pairings],
    live: FromDishka[LiveCards],
    workspaces: FromDishka[Workspaces],
    clock: FromDishka[Clock],
    **_: Any,
) -> dict[str, Any]:
    about = dialog_manager.dialog_data
    try:
        status = await pairings.status(actor, about["device_id"])
        lives = live.keep(dialog_manager, status, partial(pairings.status, actor, about["device_id"]))
    except NotFoundError as error:
        status, lives = _forgotten(about, str(error)), True
    zone = (await workspaces.get(actor)).time_zone
    stage, paired = status.stage, status.stage is Stage.PAIRED
    asks_age = paired and status.first and not about.get("paced")
    return {
        **_words(status, zone),
        "asks_age": asks_age,
        "ages": [(words, age.value) for age, words in AGES.items()],
        "may_test": paired and not asks_age,
        "to_device": paired and not asks_age and bool(dialog_manager.start_data),
        "to_opener": paired and not asks_age and not dialog_manager.start_data,
        "has_code": stage is Stage.CODE,
        "may_stop": not stage.is_over,
        "may_retry": stage in {Stage.REFUSED, Stage.STOPPED},
        "to_qr": status.by_code and not paired,
        "to_code": not status.by_code and not paired,
        "other_number": status.by_code and not paired and not about.get("again"),
        "may_go_back": not paired,
        "rests": not lives,
        "now": when(clock.now(), clock.now(), zone).removeprefix("today "),
        "picture": Picture(draw_qr(status.shown), "pairing.png") if stage is Stage.QR else None,
    }


def _words(status: PairingStatus, zone: str) -> dict[str, Any]:
    state = status.state or DeviceState.CONNECTING
    return {
        "stage": status.stage.value,
        "name": status.name,
        "phone": write_phone(status.phone) if status.phone else None,
        "by_code": status.by_code,
        "shown": status.shown,
        "text": status.text,
        "until": _time_of_day(status.until, zone, "%H:%M"),
        "until_second": _time_of_day(status.until, zone, "%H:%M:%S"),
        "online": state.may_send,
        "dot": state_dot(state, paused=False),
        "words": state_words(state),
    }


def _forgotten(about: dict[str, Any], why: str) -> PairingStatus:
    return PairingStatus(
        about["device_id"],
        about["name"],
        first=False,
        by_code=bool(about.get("by_code")),
        stage=Stage.REFUSED,
        text=why,
    )


def _time_of_day(instant: datetime | None, zone: str, form: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime(form) if instant else ""


@inject
async def get_ages(
    dialog_manager: DialogManager, actor: Actor, devices: FromDishka[Devices], **_: Any
) -> dict[str, Any]:
    card = await devices.card(actor, dialog_manager.dialog_data["device_id"])
    return {"name": card.name, "ages": [(words, age.value) for age, words in AGES.items()]}


@inject
async def get_pace(
    dialog_manager: DialogManager, actor: Actor, devices: FromDishka[Devices], **_: Any
) -> dict[str, Any]:
    about = dialog_manager.dialog_data
    age = NumberAge(about["age"])
    card = await devices.card(actor, about["device_id"])
    return {"name": card.name, "age": AGES[age], "lines": pace_lines(PRESETS[age])}
