import re
from typing import Any

from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.formatting import people
from bot.dialogs.sequence_settings.states import SequenceSettings
from bot.dialogs.sequence_settings.wording import OPTIONS
from bot.dialogs.sequences.context import sequence_of
from bot.dialogs.sequences.pool import tick, ticked
from engine.contacts.time_zones import read_zone
from engine.errors import InvalidInputError
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.editor import SequenceEditor
from engine.sequences.pasting import read_time
from engine.sequences.settings import SequenceRules
from engine.workspaces import Workspaces
from models.enums import ReentryPolicy

_SPAN = re.compile(r"(?P<number>[0-9]{1,5})\s*(?P<unit>m|min|minutes?|h|hours?|d|days?)?", re.IGNORECASE)
_MINUTES = {"m": 1, "h": 60, "d": 1440}


@inject
async def on_start(_data: Data, manager: DialogManager, catalogue: FromDishka[SequenceCatalogue]) -> None:
    """Tick the devices of the pool before the window shows them."""
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    await tick(manager, {device_id for device_id, _name in card.devices})


@inject
async def choose(
    callback: CallbackQuery,
    select: Any,
    manager: DialogManager,
    number: int,
    rules: FromDishka[SequenceRules],
) -> None:
    """Set what the chosen button of this group of OPTIONS says."""
    _, changes = OPTIONS[select.widget_id][number]
    touched = await rules.change(actor_of(manager), sequence_of(manager), **changes)
    await callback.answer(_told(touched))


@inject
async def toggle(
    callback: CallbackQuery, button: Button, manager: DialogManager, rules: FromDishka[SequenceRules]
) -> None:
    """Turn the setting that the button is named after on or off."""
    actor, sequence_id, name = actor_of(manager), sequence_of(manager), str(button.widget_id)
    is_on = getattr(await rules.get(actor, sequence_id), name)
    touched = await rules.change(actor, sequence_id, **{name: not is_on})
    await callback.answer(_told(touched))


def _told(touched: int) -> str:
    return f"Saved. The next message of {people(touched)} has moved." if touched else "Saved."


@inject
async def type_window(
    _message: Message, _input: Any, manager: DialogManager, typed: str, rules: FromDishka[SequenceRules]
) -> None:
    found = _SPAN.fullmatch(typed.strip())
    if found is None:
        raise InvalidInputError("Type after how long a message is late, such as 3 h, 90 min or 2 days.")
    minutes = int(found["number"]) * _MINUTES[(found["unit"] or "h")[0].lower()]
    await rules.change(actor_of(manager), sequence_of(manager), late_window_minutes=minutes)


@inject
async def type_cooldown(
    _message: Message, _input: Any, manager: DialogManager, typed: str, rules: FromDishka[SequenceRules]
) -> None:
    if not re.fullmatch(r"[0-9]{1,5}", typed.strip()):
        raise InvalidInputError("Type after how many days somebody may join again, such as 45.")
    await rules.change(
        actor_of(manager),
        sequence_of(manager),
        reentry_policy=ReentryPolicy.AFTER_COOLDOWN,
        reentry_cooldown_days=int(typed),
    )


@inject
async def take_team_zone(
    callback: CallbackQuery,
    _button: Button,
    manager: DialogManager,
    rules: FromDishka[SequenceRules],
    workspaces: FromDishka[Workspaces],
) -> None:
    team = await workspaces.get(actor_of(manager))
    await rules.change(actor_of(manager), sequence_of(manager), time_zone=team.time_zone)
    await callback.answer("Saved, for those who join from now on.")


@inject
async def type_zone(
    _message: Message,
    _input: Any,
    manager: DialogManager,
    typed: str,
    rules: FromDishka[SequenceRules],
    workspaces: FromDishka[Workspaces],
) -> None:
    team = await workspaces.get(actor_of(manager))
    zone = read_zone(typed, team.country)
    await rules.change(actor_of(manager), sequence_of(manager), time_zone=zone)


@inject
async def type_time(
    _message: Message, _input: Any, manager: DialogManager, typed: str, rules: FromDishka[SequenceRules]
) -> None:
    chosen = read_time(typed)
    if chosen is None:
        raise InvalidInputError("Type a time of day, such as 09:30 or 2.30pm.")
    await rules.change(actor_of(manager), sequence_of(manager), default_time=chosen)


@inject
async def choose_niche(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    number: int,
    rules: FromDishka[SequenceRules],
) -> None:
    chosen = manager.dialog_data["niches"][number]
    await rules.change(actor_of(manager), sequence_of(manager), niche=chosen)
    await callback.answer("Saved.")


@inject
async def type_niche(
    _message: Message, _input: Any, manager: DialogManager, typed: str, rules: FromDishka[SequenceRules]
) -> None:
    await rules.change(actor_of(manager), sequence_of(manager), niche=typed)


@inject
async def clear_niche(
    callback: CallbackQuery, _button: Button, manager: DialogManager, rules: FromDishka[SequenceRules]
) -> None:
    await rules.change(actor_of(manager), sequence_of(manager), niche=None, auto_enroll=False)
    await callback.answer("Saved.")


@inject
async def choose_next(
    callback: CallbackQuery,
    _select: Any,
    manager: DialogManager,
    next_id: int,
    rules: FromDishka[SequenceRules],
) -> None:
    await rules.change(actor_of(manager), sequence_of(manager), next_sequence_id=next_id)
    await callback.answer("Saved.")
    await manager.switch_to(SequenceSettings.main)


@inject
async def clear_next(
    callback: CallbackQuery, _button: Button, manager: DialogManager, rules: FromDishka[SequenceRules]
) -> None:
    await rules.change(actor_of(manager), sequence_of(manager), next_sequence_id=None)
    await callback.answer("Saved.")
    await manager.switch_to(SequenceSettings.main)


@inject
async def save_devices(
    callback: CallbackQuery, _button: Button, manager: DialogManager, editor: FromDishka[SequenceEditor]
) -> None:
    await editor.set_devices(actor_of(manager), sequence_of(manager), ticked(manager))
    await callback.answer("Saved. Who is in it already keeps their device.")
    await manager.switch_to(SequenceSettings.main)
