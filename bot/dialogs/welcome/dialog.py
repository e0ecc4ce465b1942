"""Three questions after the claim. Settings asks each of them again, one at a time."""

from aiogram.fsm.state import State
from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Cancel, Group, Keyboard, Row, Select, SwitchTo
from aiogram_dialog.widgets.text import Format, Jinja

from bot.dialogs.navigation import BACK, home
from bot.dialogs.welcome.getters import get_countries, get_quiet_hours, get_zones
from bot.dialogs.welcome.handlers import (
    choose_country,
    choose_quiet_hours,
    choose_zone,
    type_country,
    type_quiet_hours,
    type_zone,
)
from bot.dialogs.welcome.states import Welcome

COUNTRY = """\
{% if first_time %}
<b>Welcome to dripdesk!</b> Three short questions, and you can start.

<b>1 of 3</b> · \
{% endif %}
Which country are most of your contacts in? Phone numbers without a country code are read as numbers of it.

Tap one, or type a name or a code."""

TIME_ZONE = """\
{% if first_time %}
<b>2 of 3</b> · \
{% endif %}
{{ country }}: which time do you keep there? All times in the menus and in your sequences are of this zone.

Tap one, or type a city."""

QUIET_HOURS = """\
{% if first_time %}
<b>3 of 3</b> · \
{% endif %}
When should nobody be written to? What would go out in these hours waits until they end.

Tap one, or type your own, such as <code>21:30-8am</code>."""


def leave(back_to: State | None = None) -> Keyboard:
    back = (SwitchTo(BACK, id="back", state=back_to, when="first_time"),) if back_to is not None else ()
    return Row(*back, Cancel(BACK, id="leave", when="changing"), home())


dialog = Dialog(
    Window(
        Jinja(COUNTRY),
        Group(
            Select(
                Format("{item[0]}"),
                id="country",
                item_id_getter=lambda item: item[1],
                items="countries",
                on_click=choose_country,
            ),
            width=2,
        ),
        TextInput(id="type_country", on_success=type_country),
        leave(),
        state=Welcome.country,
        getter=get_countries,
    ),
    Window(
        Jinja(TIME_ZONE),
        Group(
            Select(
                Format("{item[0]}"),
                id="zone",
                item_id_getter=lambda item: item[1],
                items="zones",
                on_click=choose_zone,
            ),
            width=2,
        ),
        TextInput(id="type_zone", on_success=type_zone),
        leave(back_to=Welcome.country),
        state=Welcome.time_zone,
        getter=get_zones,
    ),
    Window(
        Jinja(QUIET_HOURS),
        Group(
            Select(
                Format("{item[0]}"),
                id="quiet",
                item_id_getter=lambda item: item[1],
                items="hours",
                on_click=choose_quiet_hours,
            ),
            width=2,
        ),
        TextInput(id="type_quiet", on_success=type_quiet_hours),
        leave(back_to=Welcome.time_zone),
        state=Welcome.quiet_hours,
        getter=get_quiet_hours,
    ),
)
