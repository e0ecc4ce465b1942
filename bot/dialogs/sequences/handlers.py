from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.input import ManagedTextInput
from aiogram_dialog.widgets.kbd import Button, ManagedMultiselect
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.builder.states import Builder
from bot.dialogs.context import actor_of
from bot.dialogs.formatting import people
from bot.dialogs.sequences.states import NewSequence, Sequences
from engine.contacts.book import ContactBook
from engine.devices.registry import Devices, check_name
from engine.errors import InvalidInputError
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.control import SequenceControl
from engine.sequences.editor import SequenceEditor
from engine.sequences.enrolment import Enrolments, JoinReport, RefusalReason
from engine.sequences.pasting import read_header
from models.enums import SequenceStatus

REFUSALS = {
    RefusalReason.OPTED_OUT: "opted out",
    RefusalReason.NO_CONSENT: "without permission",
    RefusalReason.ALREADY_IN_IT: "in it already",
    RefusalReason.HAD_IT_BEFORE: "had it before",
    RefusalReason.HAD_IT_LATELY: "had it lately",
}


def told(report: JoinReport) -> str:
    """Tell in words who joined and who did not, and why."""
    parts = [f"{report.joined:,} joined"]
    parts += [f"{count:,} {REFUSALS[reason]}" for reason, count in report.refused.items()]
    return " · ".join(parts)


def sequence_of(manager: DialogManager) -> int:
    return int(manager.dialog_data["sequence_id"])


async def choose_tab(_callback: CallbackQuery, _select: Any, manager: DialogManager, tab: str) -> None:
    manager.dialog_data["tab"] = tab


async def open_card(_callback: CallbackQuery, _select: Any, manager: DialogManager, sequence_id: int) -> None:
    manager.dialog_data["sequence_id"] = sequence_id
    await manager.switch_to(Sequences.card)


async def on_start(data: Data, manager: DialogManager) -> None:
    """Open at a card, if the one who starts the menu names a sequence."""
    if isinstance(data, dict) and "sequence_id" in data:
        manager.dialog_data["sequence_id"] = data["sequence_id"]


@inject
async def start(
    callback: CallbackQuery, _button: Button, manager: DialogManager, control: FromDishka[SequenceControl]
) -> None:
    report = await control.start(actor_of(manager), sequence_of(manager))
    if report.was is SequenceStatus.DRAFT:
        await callback.answer(f"Started with {people(report.people)}.")
    else:
        await callback.answer("It goes on where it stopped. Nobody gets a message twice.")


@inject
async def pause(
    callback: CallbackQuery, _button: Button, manager: DialogManager, control: FromDishka[SequenceControl]
) -> None:
    await control.pause(actor_of(manager), sequence_of(manager))
    await callback.answer("Paused. Nothing of it goes out until you resume.")


@inject
async def delete(
    callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[SequenceEditor]
) -> None:
    kept = await editor.delete(actor_of(manager), sequence_of(manager))
    await callback.answer("Archived; its history is kept." if kept else "Deleted.")
    await manager.switch_to(Sequences.list)


async def edit_messages(_callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    await edit_messages_of(manager, sequence_of(manager))


async def edit_messages_of(manager: DialogManager, sequence_id: int) -> None:
    await manager.start(Builder.plan, data={"sequence_id": sequence_id})


@inject
async def join_list(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    list_id: int,
    enrolments: FromDishka[Enrolments],
) -> None:
    report = await enrolments.join_list(actor_of(manager), sequence_of(manager), list_id)
    await _after_joining(callback, manager, report)


@inject
async def join_niche(
    callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    enrolments: FromDishka[Enrolments],
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    actor, sequence_id = actor_of(manager), sequence_of(manager)
    card = await catalogue.card(actor, sequence_id)
    report = await enrolments.join_niche(actor, sequence_id, card.niche or "")
    await _after_joining(callback, manager, report)


@inject
async def join_everyone(
    callback: CallbackQuery, _button: Button, manager: DialogManager, enrolments: FromDishka[Enrolments]
) -> None:
    report = await enrolments.join_everyone(actor_of(manager), sequence_of(manager))
    await _after_joining(callback, manager, report)


async def _after_joining(callback: CallbackQuery, manager: DialogManager, report: JoinReport) -> None:
    await callback.answer(told(report), show_alert=bool(report.refused))
    await manager.switch_to(Sequences.card)


@inject
async def open_settings(
    _callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    catalogue: FromDishka[SequenceCatalogue],
) -> None:
    """Tick the devices of the pool before the window shows them."""
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    pool: ManagedMultiselect[int] | None = manager.find("devices")
    if pool is not None:
        there = {device_id for device_id, _name in card.devices}
        for device_id in there.symmetric_difference(pool.get_checked()):
            await pool.set_checked(device_id, checked=device_id in there)


@inject
async def set_weekends(
    callback: CallbackQuery, button: Button, manager: DialogManager, editor: FromDishka[SequenceEditor]
) -> None:
    skip = button.widget_id == "skip"
    await editor.set_skip_weekends(actor_of(manager), sequence_of(manager), skip)
    await callback.answer("Days of rest are skipped from now on." if skip else "It sends on every day now.")


@inject
async def save_devices(
    callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[SequenceEditor]
) -> None:
    await editor.set_devices(actor_of(manager), sequence_of(manager), _chosen(manager))
    await callback.answer("Saved. Who is in it already keeps their device.")
    await manager.switch_to(Sequences.card)


def _chosen(manager: DialogManager) -> list[int]:
    chosen: ManagedMultiselect[int] | None = manager.find("devices")
    return chosen.get_checked() if chosen is not None else []


# The questions for a new sequence


@inject
async def take_name(
    _message: Message,
    _input: ManagedTextInput[str],
    manager: DialogManager,
    name: str,
    devices: FromDishka[Devices],
) -> None:
    if any(read_header(line) for line in name.splitlines()):
        raise InvalidInputError(
            "That looks like the messages. First type a short name; you paste them after these questions."
        )
    manager.dialog_data["name"] = check_name(name, "sequence")
    await _tick_the_only_device(manager, devices)
    await manager.switch_to(NewSequence.device)


@inject
async def on_device_added(
    _start_data: Data, _result: Any, manager: DialogManager, devices: FromDishka[Devices]
) -> None:
    """Go on with the question for the devices, for which there was none to choose."""
    await _tick_the_only_device(manager, devices)


async def _tick_the_only_device(manager: DialogManager, devices: Devices) -> None:
    known = await devices.list(actor_of(manager))
    pool: ManagedMultiselect[int] | None = manager.find("devices")
    if pool is not None and len(known) == 1:
        await pool.set_checked(known[0].id, checked=True)


async def take_devices(callback: CallbackQuery, _button: Button, manager: DialogManager) -> None:
    if not _chosen(manager):
        await callback.answer("Choose at least one device.", show_alert=True)
        return
    await manager.switch_to(NewSequence.niche)


async def take_niche(_message: Message, _input: ManagedTextInput[str], manager: DialogManager, niche: str) -> None:
    manager.dialog_data["niche"] = niche
    await manager.switch_to(NewSequence.weekends)


@inject
async def choose_niche(
    _callback: CallbackQuery, _select: Any, manager: DialogManager, number: int, book: FromDishka[ContactBook]
) -> None:
    niches = await book.niches(actor_of(manager))
    manager.dialog_data["niche"] = niches[number].niche
    await manager.switch_to(NewSequence.weekends)


@inject
async def create(
    _callback: CallbackQuery, button: Button, manager: DialogManager, editor: FromDishka[SequenceEditor]
) -> None:
    sequence_id = await editor.create(
        actor_of(manager),
        name=manager.dialog_data["name"],
        device_ids=_chosen(manager),
        niche=manager.dialog_data.get("niche"),
        skip_weekends=button.widget_id == "skip",
    )
    await manager.done(result={"sequence_id": sequence_id})


async def on_created(_start_data: Data, result: Any, manager: DialogManager) -> None:
    """Go on with the messages of a sequence that was just made."""
    if isinstance(result, dict) and "sequence_id" in result:
        manager.dialog_data["sequence_id"] = result["sequence_id"]
        await manager.switch_to(Sequences.card)
        await edit_messages_of(manager, result["sequence_id"])


async def open_created(_start_data: Data, result: Any, manager: DialogManager) -> None:
    """The same, when the questions were asked from Home."""
    if isinstance(result, dict) and "sequence_id" in result:
        await manager.start(Sequences.card, data=result)
        await edit_messages_of(manager, result["sequence_id"])
