"""How a sequence sends: its days and its devices."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.navigation import back_and_home
from bot.dialogs.sequence_settings import getters, handlers
from bot.dialogs.sequence_settings.states import SequenceSettings
from bot.dialogs.sequences.pool import device_ticks, get_devices

dialog = Dialog(
    Window(
        Jinja(
            "<b>{{ card.name }}</b> · settings\n\nTime zone {{ card.time_zone }}, default time "
            "{{ card.default_time.strftime('%H:%M') }}.\n"
            "{% if card.skip_weekends %}Days of rest are skipped: joined on Friday, Day 2 is Monday."
            "{% else %}It sends on every day of the week.{% endif %}\n\nWhich devices send to those who join?"
        ),
        Button(Const("Send on every day"), id="every_day", on_click=handlers.set_weekends, when="skips"),
        Button(Const("Skip days of rest"), id="skip", on_click=handlers.set_weekends, when="sends_daily"),
        device_ticks,
        Button(Const("Save devices"), id="save", on_click=handlers.save_devices),
        back_and_home(),
        state=SequenceSettings.main,
        getter=(getters.get_settings, get_devices),
    ),
    on_start=handlers.on_start,
)
