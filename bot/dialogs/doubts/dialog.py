"""Messages of which nobody knows whether they arrived: one tap decides each."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.kbd import Button, Row, SwitchTo
from aiogram_dialog.widgets.text import Const, Jinja

from bot.dialogs.doubts import handlers
from bot.dialogs.doubts.getters import get_card, get_list
from bot.dialogs.doubts.states import Doubts
from bot.dialogs.navigation import back_and_home, choices

LIST = """\
<b>Not sure it arrived</b>{% if device %} · {{ device }}{% endif %}


{% if count %}
{{ "{:,}".format(count) }} {{ "message" if count == 1 else "messages" }}: the line broke before WhatsApp said yes \
or no. None is sent again by itself; its sequence has gone on as if it had arrived.

Look at the phone, then tap one.
{% else %}
None. When a line breaks in the middle of a send, the message is here until you decide, or until a receipt proves \
that it arrived.
{% endif %}"""

CARD = """\
<b>{{ doubt.contact }}</b> · {{ doubt.phone }}

{{ when }} from {{ doubt.device }}{% if doubt.sent_again %} · sent again, and not sure once more{% endif %}


{{ html|safe }}

Why: {{ doubt.reason|truncate(300) }}

<i>Send again</i> sends the same text once more; if the first one did arrive, they get it twice. <i>Leave</i> \
keeps it as “not sure”, and nobody is asked again."""

dialog = Dialog(
    Window(
        Jinja(LIST),
        choices("open", items="labels", on_click=handlers.open_card),
        SwitchTo(Const("⟳ Refresh"), id="refresh", state=Doubts.list),
        back_and_home(),
        state=Doubts.list,
        getter=get_list,
    ),
    Window(
        Jinja(CARD),
        Row(
            Button(Const("✅ It arrived"), id="arrived", on_click=handlers.arrived),
            Button(Const("↻ Send again"), id="again", on_click=handlers.send_again),
            Button(Const("Leave"), id="leave", on_click=handlers.leave),
        ),
        back_and_home(Doubts.list),
        state=Doubts.card,
        getter=get_card,
    ),
    on_start=handlers.on_start,
)
