"""Where somebody opted in, as buttons: of a file of people, or of one person."""

from typing import Any

from aiogram_dialog.widgets.kbd import Group, Keyboard, Select
from aiogram_dialog.widgets.kbd.select import OnItemClick
from aiogram_dialog.widgets.text import Format

from models.enums import ConsentSource

UNKNOWN = "unknown"
SOURCES = (
    ("Web form", ConsentSource.WEB_FORM.value),
    ("Event", ConsentSource.EVENT.value),
    ("Bought from us", ConsentSource.PURCHASE.value),
    ("They wrote first", ConsentSource.WROTE_FIRST.value),
    ("Don't know → cannot be sent to", UNKNOWN),
)


def source_buttons(on_click: OnItemClick[Any, str], *, when: str | None = None) -> Keyboard:
    """Make a button for each of the window's `sources`."""
    buttons = Select(
        Format("{item[0]}"), id="source", item_id_getter=lambda item: item[1], items="sources", on_click=on_click
    )
    return Group(buttons, width=2, when=when)


def source_of(pressed: str) -> ConsentSource | None:
    """What a press on one of the buttons means; None: nobody knows."""
    return None if pressed == UNKNOWN else ConsentSource(pressed)
