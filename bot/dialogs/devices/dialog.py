"""Devices: which can send, what each is doing, and how fast it may."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Row, Select, SwitchTo
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.devices import handlers
from bot.dialogs.devices.getters import get_card, get_delays, get_list, get_new
from bot.dialogs.devices.states import Devices
from bot.dialogs.doubts.handlers import open_doubts
from bot.dialogs.navigation import BACK, back_and_home, choices, home
from bot.dialogs.relocation.handlers import open_relocation

LIST = """\
<b>Devices</b>

{% if devices %}
{{ sending }} of {{ devices|length }} can send now. Tap one to see what it is doing.
{% else %}
No device yet. A device is one WhatsApp account that sends your messages; add the first one.
{% endif %}"""

CARD = """\
<b>{{ card.name }}</b>{% if simulated %} · simulated{% endif %}


{{ dot }} {{ words }}
{% if card.paused %}
Paused by your team: nothing goes out until you resume.
{% endif %}
{% if card.state_reason %}
Why: {{ card.state_reason|truncate(300) }}
{% endif %}

Queue: {{ "{:,}".format(card.queued) }} {{ "message" if card.queued == 1 else "messages" }}
Next send: {{ next_send }}
Delay between messages: {{ delays }}
Today: {{ card.sent_today }} sent · {{ card.failed_today }} failed · {{ card.unknown_today }} not sure
<i>as of {{ now }}</i>"""

ADD = """\
<b>Add a device</b>

{% if simulated_phones %}
A simulated device sends to simulated phones: everything works as with a real one, and nobody is written to.

What should it be called? Tap the suggestion or type a name.
{% else %}
Real WhatsApp numbers are paired through device hosts, which this version does not have yet. To try everything \
with simulated phones, start dripdesk with SIMULATOR=on.
{% endif %}"""

DELAYS = """\
<b>{{ card.name }}</b> · delays

After each message it waits for a random time between these two; now {{ delays }}. Longer is safer.

Tap one, or type two numbers of seconds, such as <code>5-15</code>."""

REMOVE = """\
<b>Remove “{{ card.name }}”?</b>

It stops sending for good. What it has sent stays in your results."""

dialog = Dialog(
    Window(
        Jinja(LIST),
        choices("open", items="labels", on_click=handlers.open_card),
        Row(
            SwitchTo(Format("{add_label}"), id="add", state=Devices.add),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Devices.list),
        ),
        back_and_home(),
        state=Devices.list,
        getter=get_list,
    ),
    Window(
        Jinja(ADD),
        Button(Format("“{suggestion}”"), id="suggested", on_click=handlers.add_suggested, when="simulated_phones"),
        TextInput(id="name", on_success=handlers.add_named),
        Row(Button(BACK, id="back", on_click=handlers.leave_add), home()),
        state=Devices.add,
        getter=get_new,
    ),
    Window(
        Jinja(CARD),
        Row(
            Button(Const("⏸ Pause"), id="pause", on_click=handlers.pause, when="running"),
            Button(Const("▶️ Resume"), id="resume", on_click=handlers.resume, when="paused"),
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Devices.card),
        ),
        Row(
            SwitchTo(Const("⏱ Delays"), id="delays", state=Devices.delays),
            Button(Const("Restart"), id="restart", on_click=handlers.restart),
            SwitchTo(Const("🗑 Remove"), id="remove", state=Devices.remove),
        ),
        Row(
            Button(Const("❔ Not sure"), id="doubts", on_click=open_doubts),
            Button(Const("Move people"), id="move_people", on_click=open_relocation),
        ),
        back_and_home(Devices.list),
        state=Devices.card,
        getter=get_card,
    ),
    Window(
        Jinja(DELAYS),
        Row(
            Select(
                Format("{item}"),
                id="usual",
                item_id_getter=str,
                items="usual",
                on_click=handlers.choose_delays,
            )
        ),
        TextInput(id="type_delays", on_success=handlers.type_delays),
        back_and_home(Devices.card),
        state=Devices.delays,
        getter=(get_card, get_delays),
    ),
    Window(
        Jinja(REMOVE),
        Row(
            Button(Const("🗑 Remove"), id="remove", on_click=handlers.remove),
            SwitchTo(Const("Keep it"), id="keep", state=Devices.card),
        ),
        home(),
        state=Devices.remove,
        getter=get_card,
    ),
    on_start=handlers.on_start,
)
