"""Test to me: a sequence, one message of it, or a campaign, on the operator's own phone."""

from aiogram_dialog import Dialog, Window
from aiogram_dialog.widgets.input import TextInput
from aiogram_dialog.widgets.kbd import Button, Cancel, Row, SwitchTo
from aiogram_dialog.widgets.text import Const, Format, Jinja

from bot.dialogs.navigation import BACK, back_and_home, home
from bot.dialogs.rehearsal import handlers
from bot.dialogs.rehearsal.getters import get_number, get_result
from bot.dialogs.rehearsal.states import Rehearsing

NUMBER = """\
<b>My number</b>

Which WhatsApp number is your own? Tests of your messages go there, and nothing else does.
{% if number %}

Now it is {{ number }}.
{% endif %}

Type it, with its country code if it is not of your team's country.
{% if only_simulated %}

<i>Here every number is a simulated phone. What yours gets is on the page, in the list of phones.</i>
{% endif %}"""

RESULT = """\
{% if refused %}
<b>Nothing was sent</b>

{{ refused }}
{% else %}
🧪 <b>{{ messages|counted("message") }} to {{ phone }}</b>

From {{ device }}, {{ "the last" if messages > 1 else "it goes out" }} {{ last }}. \
{% if sample %}Filled in for {{ sample }}; no{% else %}No{% endif %} statistics count it.

{% if waiting %}
Sent so far: {{ sent }} of {{ messages }}.
{% elif sent == messages %}
✓ {{ "All sent" if messages > 1 else "Sent" }}.
{% endif %}
{% if lost %}
⚠️ Not sent: {{ lost }} of {{ messages }}{% if trouble %} ({{ trouble|truncate(300) }}){% endif %}.
{% endif %}
{% endif %}"""

dialog = Dialog(
    Window(
        Jinja(NUMBER),
        TextInput(id="number", on_success=handlers.type_number),
        Button(Format("Use {offered}"), id="offered", on_click=handlers.take_offered, when="offered"),
        Row(
            SwitchTo(BACK, id="back", state=Rehearsing.result, when="tested"),
            Cancel(BACK, when="untested"),
            home(),
        ),
        state=Rehearsing.number,
        getter=get_number,
    ),
    Window(
        Jinja(RESULT),
        Row(
            SwitchTo(Const("⟳ Refresh"), id="refresh", state=Rehearsing.result, when="queued"),
            Button(Const("🧪 Test again"), id="again", on_click=handlers.again),
        ),
        SwitchTo(Const("✏️ My number"), id="number", state=Rehearsing.number),
        back_and_home(),
        state=Rehearsing.result,
        getter=get_result,
    ),
    on_start=handlers.on_start,
)
