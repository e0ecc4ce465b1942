"""A draft's pace and hours: rarely needed, and so out of the way."""

from typing import Any

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Group, Row, Select, SwitchTo
from aiogram_dialog.widgets.kbd.select import OnItemClick
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.campaign_settings import handlers
from bot.dialogs.campaign_settings.getters import get_settings
from bot.dialogs.campaign_settings.states import CampaignSettings
from bot.dialogs.navigation import back_and_home

MAIN = """\
<b>{{ card.name }}</b> · pace and hours

🐢 Pace: {{ pace }}
🕘 Hours: {{ window }}
⏰ If it is late: {{ late }}"""

PACE = """\
<b>{{ card.name }}</b> · pace

How long between two messages of a device? Now: <b>{{ pace }}</b>. Tap another pace, or type it in seconds, such \
as 20-60. It can only be slower than the devices' own delays."""

WINDOW = """\
<b>{{ card.name }}</b> · hours

Between which hours may it go out? Now: <b>{{ window }}</b>. Tap others, or type them, such as 09:00 - 18:00. \
The hours are of each person's own zone; your team's quiet hours count as well."""

LATE = """\
<b>{{ card.name }}</b> · if it is late

What becomes of a message that could not go out in time, because of hours, caps or a device that is away? It is \
late <b>{{ span }}</b> after the start. Tap another time, or type it, such as 3 h."""


def _options(name: str, width: int, on_click: OnItemClick[Any, str]) -> Group:
    """Make the buttons of one setting."""
    buttons: Select[str] = Select(
        Format("{item[0]}"),
        id=name,
        item_id_getter=lambda item: item[1],
        items=f"{name}_options",
        on_click=on_click,
    )
    return Group(buttons, width=width)


dialog = Dialog(
    Window(
        Jinja(MAIN),
        Row(
            SwitchTo(Const("🐢 Pace"), id="to_pace", state=CampaignSettings.pace),
            SwitchTo(Const("🕘 Hours"), id="to_window", state=CampaignSettings.window),
            SwitchTo(Const("⏰ If late"), id="to_late", state=CampaignSettings.late),
        ),
        back_and_home(),
        state=CampaignSettings.main,
    ),
    Window(
        Jinja(PACE),
        _options("pace", 3, handlers.choose_pace),
        Button(Const("As fast as the devices allow"), id="fast", on_click=handlers.clear_pace),
        TextInput(id="type_pace", on_success=handlers.type_pace),
        back_and_home(CampaignSettings.main),
        state=CampaignSettings.pace,
    ),
    Window(
        Jinja(WINDOW),
        _options("window", 3, handlers.choose_window),
        Button(Const("At any hour"), id="any_hour", on_click=handlers.clear_window),
        TextInput(id="type_window", on_success=handlers.type_window),
        back_and_home(CampaignSettings.main),
        state=CampaignSettings.window,
    ),
    Window(
        Jinja(LATE),
        _options("policy", 2, handlers.choose_policy),
        _options("late", 5, handlers.choose_late),
        TextInput(id="type_late", on_success=handlers.type_late),
        back_and_home(CampaignSettings.main),
        state=CampaignSettings.late,
    ),
    getter=get_settings,
)
