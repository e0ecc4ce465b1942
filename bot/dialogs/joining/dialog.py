"""Who is to join a sequence."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, Start
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.contacts.states import Contacts
from bot.dialogs.joining import getters, handlers
from bot.dialogs.joining.states import Joining
from bot.dialogs.navigation import back_and_home, choices

WHO = """\
<b>{{ card.name }}</b> · {{ card.contacts|people }}
{% if no_contacts %}

You have no contacts yet. Drop a CSV file into this chat to import some.
{% else %}

Who is to join? People without permission, opted out or in it already are left out, and you are told how many.
{% endif %}"""

dialog = Dialog(
    Window(
        Jinja(WHO),
        choices("list", items="lists", on_click=handlers.join_list, label="📋 {item[0]}"),
        Button(
            Format("🏷 Everyone interested in {niche}"), id="niche", on_click=handlers.join_niche, when="has_niche"
        ),
        Button(
            Format("👥 Everyone · {everyone}"),
            id="all",
            on_click=handlers.join_everyone,
            when="has_contacts",
        ),
        Start(Const("Import contacts"), id="import", state=Contacts.main, when="no_contacts"),
        back_and_home(),
        state=Joining.who,
        getter=getters.get_people,
    ),
)
