"""One list of contacts: who is on it, and what can be done with them."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.contact_list import getters, handlers
from bot.dialogs.contact_list.states import OneList
from bot.dialogs.navigation import back_and_home, question

CARD = """\
📋 <b>{{ list.name }}</b>

👥 {{ list.people|people }}
{% if list.people %}
✅ {{ "{:,}".format(list.sendable) }} can be sent to
{% endif %}
{% if list.opted_out %}
🚫 {{ "{:,}".format(list.opted_out) }} opted out
{% endif %}
{% if list.without_permission %}
⚠️ {{ "{:,}".format(list.without_permission) }} without permission
{% endif %}

<i>made {{ made }}{% if list.made_by %} by {{ list.made_by }}{% endif %}</i>"""

RENAME = """\
📋 <b>{{ list.name }}</b>

Type the new name of this list."""

DELETE = """\
<b>Delete the list “{{ list.name }}”?</b>

Its {{ list.people|people }} stay in your contacts, and in the sequences that they are in. Campaigns that have \
gone to it keep their results."""

dialog = Dialog(
    Window(
        Jinja(CARD),
        Row(
            Button(Const("📣 Campaign"), id="campaign", on_click=handlers.new_campaign),
            Button(Const("✉️ Add to a sequence"), id="add", on_click=handlers.add_to_sequence),
            when="has_people",
        ),
        Button(Const("📄 Export CSV"), id="export", on_click=handlers.export, when="has_people"),
        Row(
            SwitchTo(Const("✏️ Rename"), id="rename", state=OneList.rename),
            SwitchTo(Const("🗑 Delete list"), id="ask_delete", state=OneList.delete),
        ),
        Button(Const("📥 Its import"), id="import", on_click=handlers.open_import, when="imported"),
        back_and_home(),
        state=OneList.card,
        getter=getters.get_list,
    ),
    Window(
        Jinja(RENAME),
        TextInput(id="type_name", on_success=handlers.rename),
        back_and_home(OneList.card),
        state=OneList.rename,
        getter=getters.get_list,
    ),
    question(
        DELETE,
        Button(Const("🗑 Delete list"), id="delete", on_click=handlers.delete),
        "Keep it",
        state=OneList.delete,
        back=OneList.card,
        getter=getters.get_list,
    ),
)
