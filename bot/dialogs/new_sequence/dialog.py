"""The questions for a new sequence; its messages come next, in the builder."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Cancel, Row, Start
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.navigation import back_and_home, choices, home
from bot.dialogs.new_sequence import getters, handlers
from bot.dialogs.new_sequence.states import NewSequence
from bot.dialogs.pairing.states import Pairing
from bot.dialogs.sequences.pool import device_ticks, get_devices

dialog = Dialog(
    Window(
        Const(
            "<b>New sequence</b> · 1 of 4\n\n"
            "What is it called? Only you see the name. Type it, for example “Welcome week”; the messages come "
            "after these four questions."
        ),
        TextInput(id="name", on_success=handlers.take_name),
        Row(Cancel(Const("‹ Back")), home()),
        state=NewSequence.name,
    ),
    Window(
        Jinja(
            "<b>{{ name }}</b> · 2 of 4\n\n{% if has_devices %}Which devices send it? Tap one or more. "
            "Everybody keeps the device of their first message.{% else %}"
            "There is no device yet. Add one first; then come back here.{% endif %}"
        ),
        device_ticks,
        Button(Const("Continue ›"), id="continue", on_click=handlers.take_devices, when="has_devices"),
        Start(Const("+ Add a device"), id="add", state=Pairing.name, when="no_devices"),
        back_and_home(NewSequence.name),
        state=NewSequence.device,
        getter=(get_devices, getters.get_name),
    ),
    Window(
        Jinja(
            "<b>{{ name }}</b> · 3 of 4\n\n{% if only_device %}{{ only_device }} sends it, your only device.\n\n"
            "{% endif %}Which interest is it for? Tap one, type one, or leave it out."
        ),
        TextInput(id="niche", on_success=handlers.take_niche),
        choices("choose", items="niches", on_click=handlers.choose_niche, label="🏷 {item[0]}"),
        Button(Const("No particular interest ›"), id="none", on_click=handlers.no_niche),
        back_and_home(NewSequence.device),
        state=NewSequence.niche,
        getter=(getters.get_name, getters.get_niches),
    ),
    Window(
        Jinja(
            "<b>{{ name }}</b> · 4 of 4\n\nShould it skip your days of rest (Saturday and Sunday unless you set "
            "others)? Who joins on a Friday then gets Day 2 on Monday."
        ),
        Row(
            Button(Const("Skip them"), id="skip", on_click=handlers.create),
            Button(Const("Send on every day"), id="every_day", on_click=handlers.create),
        ),
        back_and_home(NewSequence.niche),
        state=NewSequence.weekends,
        getter=getters.get_name,
    ),
    on_process_result=handlers.on_device_added,
)
