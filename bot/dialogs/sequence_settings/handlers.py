from aiogram.types import CallbackQuery
from aiogram_dialog import Data, DialogManager
from aiogram_dialog.widgets.kbd import Button
from dishka import FromDishka
from dishka.integrations.aiogram_dialog import inject

from bot.dialogs.context import actor_of
from bot.dialogs.sequences.context import sequence_of
from bot.dialogs.sequences.pool import tick, ticked
from engine.sequences.catalogue import SequenceCatalogue
from engine.sequences.editor import SequenceEditor


@inject
async def on_start(_data: Data, manager: DialogManager, catalogue: FromDishka[SequenceCatalogue]) -> None:
    """Tick the devices of the pool before the window shows them."""
    card = await catalogue.card(actor_of(manager), sequence_of(manager))
    await tick(manager, {device_id for device_id, _name in card.devices})


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
    await editor.set_devices(actor_of(manager), sequence_of(manager), ticked(manager))
    await callback.answer("Saved. Who is in it already keeps their device.")
    await manager.done()
