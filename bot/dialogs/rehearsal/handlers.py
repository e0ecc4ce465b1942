from typing import Any, cast

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.input import ManagedTextInput
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.campaigns.context import about_campaign, campaign_of
from bot.dialogs.context import actor_of
from bot.dialogs.rehearsal.states import Rehearsing
from bot.dialogs.sequences.context import sequence_of
from engine.campaigns.rehearsal import CampaignRehearsals
from engine.contacts.phones import example_phone
from engine.devices.trying import DeviceTests
from engine.errors import DripdeskError
from engine.operators import Operators
from engine.sequences.rehearsal import Rehearsals
from engine.workspaces import Workspaces


@inject
async def rehearse_all(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, operators: FromDishka[Operators]
) -> None:
    """From the builder's plan: the whole sequence."""
    await _open(manager, operators, {"sequence_id": sequence_of(manager), "step_id": None})


@inject
async def rehearse_step(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, operators: FromDishka[Operators]
) -> None:
    """From the builder's card of a message: this one."""
    about = {"sequence_id": sequence_of(manager), "step_id": manager.dialog_data["step_id"]}
    await _open(manager, operators, about)


@inject
async def rehearse_campaign(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, operators: FromDishka[Operators]
) -> None:
    """From a campaign's review."""
    await _open(manager, operators, about_campaign(campaign_of(manager)))


@inject
async def rehearse_device(
    _callback: CallbackQuery, _button: Button, manager: DialogManager, operators: FromDishka[Operators]
) -> None:
    """From a device that has just been paired: whether it can send."""
    await _open(manager, operators, {"device_id": manager.dialog_data["device_id"]})


async def _open(manager: DialogManager, operators: Operators, about: dict[str, Any]) -> None:
    known = await operators.phone(actor_of(manager)) is not None
    await manager.start(Rehearsing.result if known else Rehearsing.number, data=about)


@inject
async def on_start(
    _data: Data,
    manager: DialogManager,
    rehearsals: FromDishka[Rehearsals],
    campaigns: FromDishka[CampaignRehearsals],
    devices: FromDishka[DeviceTests],
) -> None:
    if manager.current_context().state == Rehearsing.result:
        await _run(manager, rehearsals, campaigns, devices)


@inject
async def again(
    _callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    rehearsals: FromDishka[Rehearsals],
    campaigns: FromDishka[CampaignRehearsals],
    devices: FromDishka[DeviceTests],
) -> None:
    await _run(manager, rehearsals, campaigns, devices)


@inject
async def type_number(
    _message: Message,
    _input: ManagedTextInput[str],
    manager: DialogManager,
    typed: str,
    *,
    operators: FromDishka[Operators],
    rehearsals: FromDishka[Rehearsals],
    campaigns: FromDishka[CampaignRehearsals],
    devices: FromDishka[DeviceTests],
) -> None:
    if await _keep_number(manager, operators, typed):
        await _run(manager, rehearsals, campaigns, devices)


@inject
async def take_offered(
    _callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    *,
    operators: FromDishka[Operators],
    rehearsals: FromDishka[Rehearsals],
    campaigns: FromDishka[CampaignRehearsals],
    devices: FromDishka[DeviceTests],
    workspaces: FromDishka[Workspaces],
) -> None:
    country = (await workspaces.get(actor_of(manager))).country
    if await _keep_number(manager, operators, example_phone(country) or ""):
        await _run(manager, rehearsals, campaigns, devices)


async def _keep_number(manager: DialogManager, operators: Operators, typed: str) -> bool:
    """Whether a test goes on that asked for it; Settings asks for the number alone."""
    await operators.set_phone(actor_of(manager), typed)
    if manager.start_data is None:
        await manager.done()
        return False
    await manager.switch_to(Rehearsing.result)
    return True


async def _run(
    manager: DialogManager, rehearsals: Rehearsals, campaigns: CampaignRehearsals, devices: DeviceTests
) -> None:
    """Test, and keep what is to be told of it; a refusal is more than a toast can say."""
    actor, about = actor_of(manager), cast(dict[str, Any], manager.start_data)
    try:
        if "campaign_id" in about:
            rehearsal = await campaigns.run(actor, about["campaign_id"])
        elif "device_id" in about:
            rehearsal = await devices.run(actor, about["device_id"])
        else:
            rehearsal = await rehearsals.run(actor, about["sequence_id"], step_id=about["step_id"])
    except DripdeskError as refusal:
        manager.dialog_data["told"] = {"refused": str(refusal)}
        return
    manager.dialog_data["told"] = {
        "message_ids": list(rehearsal.message_ids),
        "phone": rehearsal.phone,
        "device": rehearsal.device,
        "sample": None if "device_id" in about else rehearsal.sample,
        "last_in": rehearsal.last_in.total_seconds(),
    }
