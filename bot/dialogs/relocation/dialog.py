"""Move people: whoever waits for a device goes to another one of the team."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.navigation import back_and_home, choices, home
from bot.dialogs.relocation import handlers
from bot.dialogs.relocation.getters import get_waiting
from bot.dialogs.relocation.states import Relocation

CHOOSE = """\
<b>{{ waiting.name }}</b> · move people


{% if not waiting.people %}
Nobody waits for this device.
{% elif not waiting.devices %}
{{ people }} {{ "waits" if waiting.people == 1 else "wait" }} for it, and no other device can send now. Add one \
at Devices, or bring this one back.
{% else %}
{{ people }} {{ "waits" if waiting.people == 1 else "wait" }} for it. Where shall they go?
{% endif %}"""

CONFIRM = """\
<b>Move {{ people }} from {{ waiting.name }} to {{ target }}?</b>

Their next messages come from {{ target }}, which is another number for them. Whoever joins these sequences from \
now on may be written to from {{ target }} as well. A message that is on its way stays where it is."""

dialog = Dialog(
    Window(
        Jinja(CHOOSE),
        choices("to", items="labels", on_click=handlers.choose),
        Button(Const("Hold: let them wait"), id="hold", on_click=handlers.hold, when="asked"),
        back_and_home(),
        state=Relocation.choose,
        getter=get_waiting,
    ),
    Window(
        Jinja(CONFIRM),
        Row(
            Button(Const("Move them"), id="move", on_click=handlers.move),
            SwitchTo(Const("Choose another"), id="another", state=Relocation.choose),
        ),
        home(),
        state=Relocation.confirm,
        getter=get_waiting,
    ),
    on_start=handlers.on_start,
)
